import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { AppError } from '../core/errors.ts';
import { isLoopback } from '../core/loopback.ts';
import { httpContextOf } from './http-context.ts';
import type { HttpOptions } from './options.ts';
import { bracketed, LOOPBACK_HOSTS, publicUrlOf } from './public-url.ts';

/** A balancer asks for these by address. */
const EXEMPT_ROUTES: ReadonlySet<string> = new Set(['/health/live', '/health/ready']);

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)\.?(?::(\d{1,5}))?$/;

/** Spellings of allowed hosts that are remembered, so that the usual request costs one look. */
const MAX_REMEMBERED = 100;

/**
 * Answers 421 to requests that name any other host than ours, which is what a rebound DNS name does
 * (RFC 9110 §15.5.20). Allowed are the host of the public URL, the loopback names when bound to loopback,
 * and the configured hosts. More than one Host header is refused with 400 (RFC 9112 §3.2).
 */
export function hostPolicy(
  options: Pick<HttpOptions, 'host' | 'port' | 'publicUrl' | 'allowedHosts'>,
): RequestHandler {
  const isAllowed = hostMatcher(allowedHosts(options));
  return function hostPolicy(request, _response, next) {
    const { authority, route } = httpContextOf(request);
    if (EXEMPT_ROUTES.has(route)) {
      next();
    } else if (hasSecondHost(request)) {
      next(new AppError('BAD_REQUEST', 'A request must name its host once.'));
    } else if (isAllowed(request.headers.host) && (authority === undefined || isAllowed(authority))) {
      next();
    } else {
      next(
        new AppError('HOST_REFUSED', 'This server does not answer for the host that the request names.', {
          next: 'use the public URL of the server, or have its operator add the host to FAIRLEAD_HTTP_ALLOWED_HOSTS',
        }),
      );
    }
  };
}

function allowedHosts(options: Parameters<typeof hostPolicy>[0]): string[] {
  const publicHost = publicUrlOf(options).hostname;
  const local = isLoopback(options.host) || isLoopback(publicHost);
  return [
    publicHost,
    ...(local ? LOOPBACK_HOSTS : []),
    ...(isLoopback(options.host) ? [bracketed(options.host)] : []),
    ...options.allowedHosts,
  ];
}

function hostMatcher(patterns: readonly string[]): (host: string | undefined) => boolean {
  const allowed = new Set(patterns.map((pattern) => canonical(pattern)?.join(':') ?? ''));
  const remembered = new Set<string>();
  return (host) => {
    if (host === undefined) return false;
    if (remembered.has(host)) return true;
    const [name, port] = canonical(host) ?? [];
    if (name === undefined || !(allowed.has(name) || allowed.has(`${name}:${port ?? ''}`))) return false;
    if (remembered.size < MAX_REMEMBERED) remembered.add(host);
    return true;
  };
}

/** Name and port, in the one spelling that is compared: lower case, no trailing dot, shortest IPv6 form. */
function canonical(host: string): [name: string, port?: string] | undefined {
  const [, given, port] = HOST.exec(host.toLowerCase()) ?? [];
  const name = given?.startsWith('[') === true ? canonicalIpv6(given) : given;
  if (name === undefined) return undefined;
  return port === undefined ? [name] : [name, port];
}

function canonicalIpv6(literal: string): string | undefined {
  return URL.canParse(`http://${literal}`) ? new URL(`http://${literal}`).hostname : undefined;
}

function hasSecondHost({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}
