import type { IncomingMessage } from 'node:http';
import { AppError } from '../core/errors.ts';
import type { DpopOption } from './options/dpop.ts';
import { invalidToken } from './token-fault.ts';

/** An access token as a request presents it. */
export interface PresentedToken {
  /** Whether it comes with a proof of possession (RFC 9449 §7.1) or alone (RFC 6750 §2.1). */
  readonly scheme: 'bearer' | 'dpop';
  readonly token: string;
}

const BEARER = 'bearer ';
const DPOP = 'dpop ';
/** Characters of the `Authorization` header. Tokens of this server have well under 1 000. */
const MAX_AUTHORIZATION = 8192;

/**
 * The token in the `Authorization` header.
 *
 * @throws AppError `UNAUTHENTICATED` unless there is one, of a scheme that is taken, and none in the URL;
 *   `BAD_REQUEST` for several headers; `INVALID_TOKEN` for one that is too long.
 */
export function presentedToken(request: IncomingMessage, dpop: DpopOption): PresentedToken {
  if (hasQueryToken(request.url ?? '')) {
    throw unauthenticated('Send the access token in the Authorization header, not in the URL.');
  }
  const header = request.headers.authorization ?? '';
  const scheme = takenScheme(header, dpop);
  if (countAuthorization(request) > 1) {
    throw new AppError('BAD_REQUEST', 'The request has more than one Authorization header.');
  }
  if (header.length > MAX_AUTHORIZATION) throw invalidToken('The access token is too long.');
  const token = header.slice(scheme.length + 1).trim();
  if (token === '') throw unauthenticated('An access token is required.');
  return { scheme, token };
}

function takenScheme(header: string, dpop: DpopOption): PresentedToken['scheme'] {
  if (header.slice(0, BEARER.length).toLowerCase() === BEARER) {
    if (dpop !== 'required') return 'bearer';
    throw unauthenticated('An access token that is bound to a key (DPoP) is required.');
  }
  if (dpop !== 'off' && header.slice(0, DPOP.length).toLowerCase() === DPOP) return 'dpop';
  throw unauthenticated('An access token is required.');
}

/** Names neither an error nor a token: a client that used another method gets no error code (RFC 6750 §3.1). */
function unauthenticated(message: string): AppError {
  return new AppError('UNAUTHENTICATED', message, {
    next: 'sign in as the WWW-Authenticate header says',
  });
}

function hasQueryToken(url: string): boolean {
  const start = url.indexOf('?');
  return start !== -1 && new URLSearchParams(url.slice(start)).has('access_token');
}

/** `headers` keeps the first of several and hides the rest. */
function countAuthorization(request: IncomingMessage): number {
  return request.rawHeaders.filter(
    (name, index) => index % 2 === 0 && name.length === 13 && name.toLowerCase() === 'authorization',
  ).length;
}
