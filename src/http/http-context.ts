import type { AppErrorCode } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';
import { contextOf, type RequestContext } from '../core/request-context.ts';
import type { Logger } from '../core/telemetry.ts';
import type { TraceContext } from '../core/trace-context.ts';
import type { IncomingMessage } from 'node:http';

interface HttpContextFields {
  readonly id: string;
  readonly address: string;
  readonly path: string;
  readonly authority: string | undefined;
  readonly route: string;
  readonly trace: TraceContext | undefined;
}

/** The request context with what only the HTTP edge knows. */
export class HttpContext implements RequestContext {
  readonly id: string;
  readonly address: string;
  /** Without query string. */
  readonly path: string;
  /** Host and port that an absolute-form request target named (RFC 9112 §3.2.2). */
  readonly authority: string | undefined;
  /** Milliseconds, of the monotonic clock. */
  readonly startedAt = performance.now();
  route: string;
  principal?: Principal;
  tool?: string;
  /** The code of the error that was answered. */
  error?: AppErrorCode;
  readonly #parent: Logger;
  #logger: Logger | undefined;
  #trace: TraceContext | undefined;

  constructor(fields: HttpContextFields, parent: Logger) {
    this.id = fields.id;
    this.address = fields.address;
    this.path = fields.path;
    this.authority = fields.authority;
    this.route = fields.route;
    this.#trace = fields.trace;
    this.#parent = parent;
  }

  /** Made when first asked for: most requests log nothing but their access line. */
  get logger(): Logger {
    const trace = this.#trace === undefined ? {} : { trace_id: this.#trace.traceId };
    this.#logger ??= this.#parent.child({ requestId: this.id, ...trace });
    return this.#logger;
  }

  get trace(): TraceContext | undefined {
    return this.#trace;
  }

  set trace(trace: TraceContext | undefined) {
    this.#trace = trace;
    this.#logger = undefined;
  }
}

/** The context as this folder opened it. */
export function httpContextOf(request: IncomingMessage): HttpContext {
  const context = contextOf(request);
  if (context instanceof HttpContext) return context;
  throw new Error('The request context was opened by something else than requestContext');
}
