import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Level, Logger as PinoLogger } from 'pino';
import { pinoHttp } from 'pino-http';
import { httpContextOf } from './http-context.ts';
import { loggedPath } from './route-label.ts';

/** The status that stands for a client which went away before it was answered. */
const CLIENT_CLOSED_REQUEST = 499;

const QUIET_ROUTES: ReadonlySet<string> = new Set(['/health', '/health/live', '/health/ready', '/metrics']);

/** What to call at the start of a request so that its end is logged. */
export type AccessLog = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * One line per request, of fields that are chosen one by one: no header, query or body is ever near it.
 * Therefore the line skips the logger's own redaction, which costs more than the rest of it.
 */
export function accessLog(logger: PinoLogger): AccessLog {
  return pinoHttp({
    logger,
    formatters: { log: (fields) => fields },
    // pino-http binds the request to a child logger; this keeps it out of the line.
    serializers: { req: () => undefined },
    wrapSerializers: false,
    genReqId: (request) => httpContextOf(request).id,
    customLogLevel: levelOf,
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request',
    customSuccessObject: lineOf,
    customErrorObject: lineOf,
  });
}

/** The status that the client got, or would have got. */
export function statusOf(response: ServerResponse): number {
  return response.headersSent ? response.statusCode : CLIENT_CLOSED_REQUEST;
}

function levelOf(request: IncomingMessage, response: ServerResponse): Level {
  if (QUIET_ROUTES.has(httpContextOf(request).route)) return 'debug';
  const status = statusOf(response);
  if (status >= 500) return 'error';
  return status >= 400 ? 'warn' : 'info';
}

function lineOf(request: IncomingMessage, response: ServerResponse): object {
  const context = httpContextOf(request);
  return {
    requestId: context.id,
    trace_id: context.trace?.traceId,
    method: request.method,
    path: loggedPath(context.path, context.route),
    route: context.route,
    status: statusOf(response),
    durationMs: Math.round((performance.now() - context.startedAt) * 100) / 100,
    subject: context.principal?.subject,
    clientId: context.principal?.clientId,
    tool: context.tool,
    address: context.address,
    error: context.error,
    aborted: response.writableFinished ? undefined : true,
  };
}
