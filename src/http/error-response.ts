import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { AppError, type AppErrorCode } from '../core/errors.ts';
import { type ErrorPage, jsonRpcBody, oauthBody } from './error-body.ts';
import { type HttpContext, httpContextOf } from './http-context.ts';
import type { HttpOptions } from './options.ts';
import { PROTOCOL_ROUTES } from './route-label.ts';
import { pageHeaders } from './security-headers.ts';

interface ErrorRendering {
  /** The value of `WWW-Authenticate` that goes with the error, where one does. */
  challenge(error: AppError, route: string): string | undefined;
  /** Is told of every refusal before it is answered. */
  refused?(error: AppError, request: Request): void;
  /** The page that a browser is shown. */
  renderPage(page: ErrorPage): string;
}

/** Milliseconds for which the rest of a refused body is taken and thrown away, so that the client reads the answer. */
const LINGER_MS = 5000;

/** What describes a body that will not be sent after all. */
const BODY_HEADERS: readonly string[] = ['Content-Length', 'Content-Encoding', 'ETag', 'Last-Modified'];

/** Errors of the connection that say only that the client went away. */
const GONE: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);

/** What parsers and routers refuse a request with, by the status that they attach. */
const REFUSALS: ReadonlyMap<unknown, readonly [AppErrorCode, string]> = new Map([
  [400, ['BAD_REQUEST', 'The request is malformed.']],
  [404, ['NOT_FOUND', 'There is nothing at this address.']],
  [405, ['METHOD_NOT_ALLOWED', 'The method is not allowed here.']],
  [408, ['BODY_TIMEOUT', 'The body did not arrive in time.']],
  [413, ['BODY_TOO_LARGE', 'The body is too large.']],
  [415, ['UNSUPPORTED_MEDIA_TYPE', 'The type or encoding of the body is not supported.']],
]);

/**
 * The one place where an error becomes an HTTP response: a page for browsers, JSON-RPC for the MCP
 * endpoint, and the form of OAuth's errors for everything else. What is no `AppError` is answered as
 * INTERNAL without a word of it, and logged with its stack under the request's id.
 */
export function errorResponse(
  options: Pick<HttpOptions, 'host' | 'port' | 'publicUrl'>,
  rendering: ErrorRendering,
): ErrorRequestHandler {
  const setPageHeaders = pageHeaders(options);
  // Express tells an error handler by its four parameters.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  return function errorResponse(thrown: unknown, request, response, _next) {
    const context = httpContextOf(request);
    const error = asAppError(thrown, response);
    context.error = error.code;
    logFailure(context, error);
    rendering.refused?.(error, request);
    if (response.headersSent) {
      // Half an answer must not look like a whole one.
      response.destroy();
      return;
    }
    setErrorHeaders(response, error, rendering.challenge(error, context.route));
    if (prefersPage(request, context)) {
      setPageHeaders(response);
      send(response, 'text/html', rendering.renderPage(pageOf(error, context)));
    } else {
      const body = PROTOCOL_ROUTES.has(context.route)
        ? jsonRpcBody(error, context.id)
        : oauthBody(error, context.id);
      send(response, 'application/json', JSON.stringify(body));
    }
    takeRest(request);
  };
}

/** The last route: whatever got here has no address of ours. */
export const notFound: RequestHandler = function notFound(_request, _response, next) {
  next(
    new AppError('NOT_FOUND', 'There is nothing at this address.', { next: 'the MCP endpoint is at /mcp' }),
  );
};

function asAppError(thrown: unknown, response: Response): AppError {
  if (thrown instanceof AppError) return thrown;
  const { status, code }: { status?: unknown; code?: unknown } =
    typeof thrown === 'object' && thrown !== null ? thrown : {};
  const refusal = REFUSALS.get(status);
  if (refusal !== undefined) return new AppError(...refusal, { cause: thrown });
  if (response.destroyed && GONE.has(code)) {
    return new AppError('CANCELLED', 'The client went away.', { cause: thrown });
  }
  return new AppError('INTERNAL', 'Something failed inside this server.', {
    next: 'try again; if it fails again, give the request id to the operator, whose log tells more',
    cause: thrown,
  });
}

function logFailure(context: HttpContext, error: AppError): void {
  if (error.code === 'INTERNAL') context.logger.error({ err: error.cause ?? error }, 'request failed');
  else if (error.cause !== undefined && error.status >= 500) {
    context.logger.warn({ err: error }, 'request refused');
  }
}

function setErrorHeaders(response: Response, error: AppError, challenge: string | undefined): void {
  for (const name of BODY_HEADERS) response.removeHeader(name);
  response.statusCode = error.status;
  response.setHeader('Cache-Control', 'no-store');
  if (challenge !== undefined) response.setHeader('WWW-Authenticate', challenge);
  if (error.retryAfter !== undefined) response.setHeader('Retry-After', String(error.retryAfter));
}

function prefersPage(request: Request, context: HttpContext): boolean {
  return !PROTOCOL_ROUTES.has(context.route) && request.accepts(['json', 'html']) === 'html';
}

function pageOf(error: AppError, context: HttpContext): ErrorPage {
  return {
    status: error.status,
    code: error.code,
    message: error.message,
    next: error.next,
    requestId: context.id,
  };
}

function send(response: Response, type: string, body: string): void {
  response.setHeader('Content-Type', `${type}; charset=utf-8`);
  response.end(body);
}

/**
 * Takes what is still on its way of the refused request, for a while: closing at once would make the
 * system reset the connection, and the client lose the answer while it is still sending.
 */
function takeRest(request: Request): void {
  if (request.complete || request.destroyed) return;
  const timer = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => {
    clearTimeout(timer);
  });
  request.resume();
}
