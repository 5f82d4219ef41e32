import type { IncomingMessage } from 'node:http';
import type { Principal } from './principal.ts';
import type { Logger } from './telemetry.ts';
import type { TraceContext } from './trace-context.ts';

/** What is known of an HTTP request in flight; the access line and the HTTP metrics are written from it. */
export interface RequestContext {
  /** Unique per request: taken from a trusted proxy's `X-Request-Id` when well-formed, else made here. */
  readonly id: string;
  /** Carries the id, and the trace's. */
  readonly logger: Logger;
  /** The client's address, as trusted proxies report it. */
  readonly address: string;
  /** The `route` label of metrics: one of a fixed set, never the raw path. */
  route: string;
  principal?: Principal;
  /** Name of the called tool. */
  tool?: string;
  /** The trace that the client records the request in, if it says so: in a header, or in the message itself. */
  trace?: TraceContext | undefined;
}

const contexts = new WeakMap<IncomingMessage, RequestContext>();

export function openContext(request: IncomingMessage, context: RequestContext): void {
  contexts.set(request, context);
}

/** The context that the first middleware opened. Throws where that middleware is not mounted. */
export function contextOf(request: IncomingMessage): RequestContext {
  const context = contexts.get(request);
  if (context === undefined) throw new Error('No request context: mount requestContext first');
  return context;
}

/** The authenticated caller. Throws where authentication is not mounted ahead: nothing is served by mistake. */
export function principalOf(request: IncomingMessage): Principal {
  const { principal } = contextOf(request);
  if (principal === undefined) throw new Error('No principal: mount requirePrincipal first');
  return principal;
}
