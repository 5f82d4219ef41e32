import { randomUUID } from 'node:crypto';
import type { RequestContext } from '../core/request-context.ts';
import { readTraceContext, type TraceContext } from '../core/trace-context.ts';
import type { Peer } from './peer.ts';

/** Lets the trace that a message names go before the one of the HTTP request that it came in. */
export function noteTrace(context: RequestContext, message: unknown): void {
  const params = member(message, 'params');
  const trace = traceIn(member(params, '_meta'));
  if (trace !== undefined) context.trace = trace;
}

/**
 * The peer as one of its messages is answered: one connection or batch can bring messages of many traces, and a
 * fault in one of many messages is found in the log by an id that no other has.
 */
export function peerOfMessage(connected: Peer, meta: unknown): Peer {
  const peer = connected.isConnection === true ? withOwnId(connected) : connected;
  const trace = traceIn(meta);
  if (trace === undefined || isSame(trace, peer.trace)) return peer;
  // A line that names a trace already is not given a second one.
  const logger = peer.trace === undefined ? peer.logger.child({ trace_id: trace.traceId }) : peer.logger;
  return { ...peer, trace, logger };
}

function withOwnId(peer: Peer): Peer {
  const requestId = randomUUID();
  return { ...peer, requestId, logger: peer.logger.child({ messageId: requestId }) };
}

function traceIn(meta: unknown): TraceContext | undefined {
  return typeof meta === 'object' && meta !== null
    ? readTraceContext(meta as Readonly<Record<string, unknown>>)
    : undefined;
}

function isSame(a: TraceContext, b: TraceContext | undefined): boolean {
  return a.traceId === b?.traceId && a.parentId === b.parentId;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
