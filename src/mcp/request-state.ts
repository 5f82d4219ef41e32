import { randomBytes } from 'node:crypto';
import {
  createRequestStateCodec,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Store } from '../core/store.ts';
import { exchangeIn } from './sdk-bridge.ts';
import type { Answers } from './rounds.ts';

/** What travels through the client between two rounds of one call: nothing but what it has answered itself. */
export interface RequestState {
  readonly answers: Answers;
}

const KEY = 'mcp:request-state-key:1';

/**
 * Signs the state, so that only what this deployment has given out comes back: to the same principal, for
 * the same tool or prompt, within ten minutes (MCP 2026-07-28, basic/patterns/mrtr, server requirements).
 */
export async function openRequestState(store: Store): Promise<RequestStateCodec<RequestState>> {
  return createRequestStateCodec({ key: await sharedKey(store), ttlSeconds: 600, bind });
}

function bind(context: ServerContext): string {
  const { principal, target } = exchangeIn(context.http?.authInfo);
  return JSON.stringify([principal.subject, principal.clientId, context.mcpReq.method, target]);
}

/** One key for all processes: the first one makes it. */
async function sharedKey(store: Store): Promise<Uint8Array> {
  await store.swap(KEY, undefined, randomBytes(32).toString('base64'), 'permanent');
  const key = await store.get(KEY);
  if (key === undefined) throw new Error('The store lost the key that was just put there');
  return Buffer.from(key, 'base64');
}
