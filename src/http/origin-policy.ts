import type { IncomingMessage } from 'node:http';
import cors, { type CorsOptions } from 'cors';
import type { RequestHandler, Response } from 'express';
import { AppError } from '../core/errors.ts';
import { isLoopback } from '../core/loopback.ts';
import { httpContextOf } from './http-context.ts';
import type { HttpOptions } from './options.ts';
import { publicUrlOf } from './public-url.ts';

type Options = Pick<HttpOptions, 'host' | 'port' | 'publicUrl' | 'allowedOrigins'>;

/** Documents that any page may read: they hold nothing but what is public. */
const PUBLIC_ROUTES: ReadonlySet<string> = new Set(['/.well-known', '/jwks']);
const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

const REQUEST_HEADERS: readonly string[] = [
  'Authorization',
  'Content-Type',
  'DPoP',
  'Last-Event-ID',
  'Mcp-Method',
  'Mcp-Name',
  'Mcp-Protocol-Version',
  'Mcp-Session-Id',
  'traceparent',
  'tracestate',
];

/** Headers that carry tool arguments (MCP 2026-07-28, "Standard MCP Request Headers"): a tool chooses their names. */
const PARAMETER_HEADER = /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]+$/;

const SHARED: CorsOptions = {
  methods: ['GET', 'HEAD', 'POST', 'DELETE'],
  exposedHeaders: [
    'WWW-Authenticate',
    'DPoP-Nonce',
    'Mcp-Session-Id',
    'Mcp-Protocol-Version',
    'Retry-After',
    'X-Request-Id',
  ],
  credentials: false,
  // Seconds; what browsers cap it at.
  maxAge: 7200,
};

/**
 * Refuses requests from pages of other origins with 403, before anything is authenticated, and answers
 * preflights itself. Allowed are the server's own origin, the configured ones, and for a server bound to
 * loopback every page served from loopback. Requests without Origin come from no page and pass.
 */
export function originPolicy(options: Options): RequestHandler {
  const isAllowed = originMatcher(options);
  const toAllowed = cors<IncomingMessage>((request, done) => {
    done(null, { ...SHARED, origin: true, allowedHeaders: allowedHeaders(request) });
  });
  const toAnyone = cors({ ...SHARED, origin: '*', methods: ['GET', 'HEAD'] });
  return function originPolicy(request, response, next) {
    const { origin } = request.headers;
    if (origin === undefined && request.method !== 'OPTIONS') {
      next();
    } else if (PUBLIC_ROUTES.has(httpContextOf(request).route) && READING_METHODS.has(request.method)) {
      toAnyone(request, response, next);
    } else if (origin !== undefined && isAllowed(origin)) {
      toAllowed(request, response, next);
    } else if (request.method === 'OPTIONS') {
      refusePreflight(response);
    } else {
      response.setHeader('Vary', 'Origin');
      next(
        new AppError('ORIGIN_REFUSED', 'Pages of this origin may not call this server.', {
          next: 'have the operator of the server add the origin to FAIRLEAD_HTTP_ALLOWED_ORIGINS',
        }),
      );
    }
  };
}

/** Without the header that would allow it, the browser does not send the request. */
function refusePreflight(response: Response): void {
  response.setHeader('Vary', 'Origin');
  response.writeHead(204).end();
}

function originMatcher(options: Options): (origin: string) => boolean {
  const own = publicUrlOf(options).origin;
  const allowed: ReadonlySet<string> = new Set([own, ...options.allowedOrigins.map(canonicalOrigin)]);
  const acceptsLoopback = isLoopback(options.host);
  return (origin) => allowed.has(origin) || (acceptsLoopback && isLoopbackOrigin(origin));
}

/** As browsers write it: in lower case, without the scheme's own port. Schemes of extensions and editors have no such form. */
function canonicalOrigin(origin: string): string {
  return /^https?:/i.test(origin) ? new URL(origin).origin : origin;
}

function isLoopbackOrigin(origin: string): boolean {
  if (!/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  return url.origin === origin && isLoopback(url.hostname);
}

function allowedHeaders(request: IncomingMessage): string[] {
  const asked = request.headers['access-control-request-headers'];
  if (typeof asked !== 'string' || !asked.includes('mcp-param-')) return [...REQUEST_HEADERS];
  const parameters = asked.split(',').map((name) => name.trim());
  return [...REQUEST_HEADERS, ...parameters.filter((name) => PARAMETER_HEADER.test(name))];
}
