import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
} from '@modelcontextprotocol/server';
import { hasBatches } from './revisions.ts';

const MAX_BATCH = 50;

export function isClientResponse(message: unknown): boolean {
  return isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message);
}

/** The messages of a body; a sentence where they are none that the session may send. */
export function readMessages(body: unknown, revision: string): readonly unknown[] | string {
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (Array.isArray(body) && !hasBatches(revision)) {
    return `revision ${revision} has no batches; send one message at a time`;
  }
  if (messages.length === 0 || messages.length > MAX_BATCH) {
    return `a batch has between 1 and ${MAX_BATCH} messages`;
  }
  if (!messages.every(isMessage)) return 'the body is not a JSON-RPC message';
  const begins = messages.some((message) => isJSONRPCRequest(message) && message.method === 'initialize');
  return begins ? 'the session has begun already' : messages;
}

function isMessage(message: unknown): boolean {
  return isJSONRPCRequest(message) || isJSONRPCNotification(message) || isClientResponse(message);
}
