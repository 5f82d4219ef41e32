import { createHash } from 'node:crypto';
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Sealer } from '../core/sealer.ts';
import type { Answers } from './rounds.ts';

/** What travels through the client between two rounds of one call: nothing but what it has answered itself. */
export interface RequestState {
  readonly answers: Answers;
}

/** The call that a state belongs to. */
export interface StateBinding {
  readonly subject: string;
  readonly clientId: string;
  readonly method: string;
  /** Name of the tool or prompt. */
  readonly target: string;
  readonly arguments: unknown;
}

export interface RequestStates {
  mint(state: RequestState, binding: StateBinding): Promise<string>;
  /** @throws ProtocolError −32602 for whatever was not minted for this very call, or is older than ten minutes */
  verify(state: string, binding: StateBinding): Promise<RequestState>;
}

const PURPOSE = 'request-state';
const LIFETIME = 600;

interface Sealed extends RequestState {
  readonly for: string;
}

/**
 * Seals the state, so that only what this deployment has given out comes back: to the same principal, for the
 * same call, within ten minutes (MCP 2026-07-28, basic/patterns/mrtr, server requirements).
 */
export function openRequestState(sealer: Sealer): RequestStates {
  return {
    mint: ({ answers }, binding) => {
      const sealed: Sealed = { for: digestOf(binding), answers };
      return sealer.seal(PURPOSE, { ...sealed }, LIFETIME);
    },
    verify: async (state, binding) => {
      const opened = await sealer.open(PURPOSE, state);
      // Only `mint` seals for this purpose.
      const { for: digest, answers } = (opened ?? {}) as Partial<Sealed>;
      if (answers === undefined || digest !== digestOf(binding)) throw refusal();
      return { answers };
    },
  };
}

function digestOf({ subject, clientId, method, target, arguments: values }: StateBinding): string {
  const call = JSON.stringify([subject, clientId, method, target, values ?? {}], inOrder);
  return createHash('sha256').update(call).digest('base64url');
}

/** For `JSON.stringify`: members by their names, as a client may send them in another order the next time. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** As the SDK words it: the client is not told what is wrong with the state. */
function refusal(): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, 'Invalid or expired requestState', {
    reason: 'invalid_request_state',
  });
}
