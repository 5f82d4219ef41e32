import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { Authenticator } from '../core/authenticator.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';
import { contextOf } from '../core/request-context.ts';
import type { AuthOutcome, Telemetry } from '../core/telemetry.ts';
import { RefusalAudit } from './refusal-audit.ts';
import { invalidToken } from './token-fault.ts';

interface RequirePrincipalOptions {
  readonly authenticator: Authenticator;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}

const SCHEME = 'bearer ';
/** Characters of the `Authorization` header. Tokens of this server have well under 1 000. */
const MAX_AUTHORIZATION = 8192;

/**
 * Middleware that lets a request pass only with a valid access token, and sets the principal of its
 * context. The token is taken from the `Authorization` header alone (RFC 6750 §2.1); the body stays unread.
 *
 * Refuses with `UNAUTHENTICATED` (no token, or one where it does not belong), `INVALID_TOKEN`,
 * `BAD_REQUEST` (several `Authorization` headers) and `UNAVAILABLE`.
 */
export function requirePrincipal(options: RequirePrincipalOptions): RequestHandler {
  const { authenticator, telemetry, clock } = options;
  const audit = new RefusalAudit(telemetry, clock);

  return function requirePrincipal(request, _response, next) {
    const context = contextOf(request);

    function accept(principal: Principal): void {
      context.principal = principal;
      telemetry.metrics.auth('bearer', 'ok');
      next();
    }

    function refuse(error: unknown): void {
      const outcome = outcomeOf(error);
      telemetry.metrics.auth('bearer', outcome);
      if (outcome === 'invalid' && error instanceof AppError) audit.record(context.address, error.message);
      next(error);
    }

    let answer: Principal | Promise<Principal>;
    try {
      answer = authenticator.authenticate(bearerToken(request));
    } catch (error) {
      refuse(error);
      return undefined;
    }
    if (answer instanceof Promise) return answer.then(accept, refuse);
    // What was verified before passes in the same turn.
    accept(answer);
    return undefined;
  };
}

/** @throws AppError unless the request presents exactly one bearer token, in the header */
function bearerToken(request: IncomingMessage): string {
  if (hasQueryToken(request.url ?? '')) {
    throw unauthenticated('Send the access token in the Authorization header, not in the URL.');
  }
  const header = request.headers.authorization ?? '';
  if (header.slice(0, SCHEME.length).toLowerCase() !== SCHEME) {
    throw unauthenticated('An access token is required.');
  }
  if (countAuthorization(request) > 1) {
    throw new AppError('BAD_REQUEST', 'The request has more than one Authorization header.');
  }
  if (header.length > MAX_AUTHORIZATION) throw invalidToken('The access token is too long.');
  const token = header.slice(SCHEME.length).trim();
  if (token === '') throw unauthenticated('An access token is required.');
  return token;
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

function outcomeOf(error: unknown): AuthOutcome {
  if (!(error instanceof AppError)) return 'unavailable';
  if (error.code === 'UNAUTHENTICATED') return 'missing';
  return error.status < 500 ? 'invalid' : 'unavailable';
}
