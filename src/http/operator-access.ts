import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import { peerOf } from './client-address.ts';

/** What balancers and proxies add to the requests that they pass on. */
const PROXY_HEADERS: ReadonlySet<string> = new Set(['forwarded', 'via', 'x-real-ip', 'cf-connecting-ip']);

const INNER_RANGES: ReadonlySet<string> = new Set(['loopback', 'private', 'uniqueLocal', 'linkLocal']);

/**
 * Answers whether a request may see what is meant for operators: it presents the token, or it comes
 * straight from this machine or its private network. What the balancer passed on counts as from outside.
 */
export function operatorAccess(token: string | undefined): (request: IncomingMessage) => boolean {
  const expected = token === undefined ? undefined : digest(`Bearer ${token}`);
  return (request) => {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      return expected !== undefined && timingSafeEqual(digest(authorization), expected);
    }
    return isInner(peerOf(request)) && !cameThroughProxy(request);
  };
}

function cameThroughProxy(request: IncomingMessage): boolean {
  return Object.keys(request.headers).some(
    (name) => PROXY_HEADERS.has(name) || name.startsWith('x-forwarded-'),
  );
}

function isInner(address: string): boolean {
  return ipaddr.isValid(address) && INNER_RANGES.has(ipaddr.process(address).range());
}

/** Of one length whatever is compared, so that the comparison tells nothing. */
function digest(value: string): Buffer {
  return hash('sha256', value, 'buffer');
}
