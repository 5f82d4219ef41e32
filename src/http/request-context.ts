import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler } from 'express';
import { openContext } from '../core/request-context.ts';
import { readTraceContext } from '../core/trace-context.ts';
import { accessLog, statusOf } from './access-log.ts';
import { type ProxyTrust, proxyTrust } from './client-address.ts';
import { HttpContext } from './http-context.ts';
import type { HttpTelemetry } from './http-telemetry.ts';
import type { HttpOptions } from './options.ts';
import { ROUTE_LABELS, routeOf } from './route-label.ts';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * Opens the context of a request, and writes the access line and the HTTP metrics at its end. Goes first:
 * everything behind it asks `contextOf`.
 */
export function requestContext(
  telemetry: HttpTelemetry,
  options: Pick<HttpOptions, 'trustProxy'>,
): RequestHandler {
  const trust = proxyTrust(options.trustProxy);
  const log = accessLog(telemetry.logger);
  const observe = telemetry.httpObserver(ROUTE_LABELS);
  return function requestContext(request, response, next) {
    const authority = toOriginForm(request);
    const path = pathOf(request.url);
    const context = new HttpContext(
      {
        id: requestId(request, trust),
        address: trust.addressOf(request),
        path,
        authority,
        route: routeOf(path),
        trace: readTraceContext(request.headers),
      },
      telemetry.logger,
    );
    openContext(request, context);
    response.setHeader('X-Request-Id', context.id);
    log(request, response);
    response.once('close', () => {
      const seconds = (performance.now() - context.startedAt) / 1000;
      observe(context.route, request.method, statusOf(response), seconds);
    });
    next();
  };
}

function requestId(request: IncomingMessage, trust: ProxyTrust): string {
  const given = request.headers['x-request-id'];
  const usable = typeof given === 'string' && REQUEST_ID.test(given) && trust.peerIsTrusted(request);
  return usable ? given : randomUUID();
}

/**
 * Makes an absolute-form target (RFC 9112 §3.2.2) the path that every router behind expects, and answers
 * the authority that it named, for the host policy to judge.
 */
function toOriginForm(request: Request): string | undefined {
  const target = request.url;
  if (target.startsWith('/') || target === '*') return undefined;
  // What cannot be read has no authority that could be allowed.
  const { host, pathname, search } = URL.canParse(target)
    ? new URL(target)
    : { host: '', pathname: '/', search: '' };
  request.url = pathname + search;
  request.originalUrl = request.url;
  return host;
}

function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
