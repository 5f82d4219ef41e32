import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { contextOf } from '../../../core/request-context.ts';
import type { Telemetry } from '../../../core/telemetry.ts';
import type { AuthOptions } from '../../options.ts';
import { digest } from '../state/records.ts';

interface InitialAccessContext {
  readonly registration: Pick<AuthOptions['registration'], 'mode' | 'initialAccessTokens'>;
  readonly issuer: string;
  readonly telemetry: Telemetry;
}

interface Refusal {
  readonly error: 'invalid_token';
  readonly error_description: string;
}

const MISSING: Refusal = {
  error: 'invalid_token',
  error_description: 'registration here needs an initial access token, sent as bearer token',
};
const WRONG: Refusal = {
  error: 'invalid_token',
  error_description: 'the initial access token is not one that this server accepts',
};

/** The token of a request to register, without a look at its body (RFC 6750 §2.1). */
const BEARER = /^bearer +([\w~+/.-]+=*)$/i;

/**
 * Middleware that lets registrations pass only with an initial access token (RFC 7591 §3), where the operator
 * wants that.
 */
export function requireInitialAccessToken(context: InitialAccessContext): RequestHandler {
  const { mode, initialAccessTokens } = context.registration;
  const digests = initialAccessTokens.map((token) => Buffer.from(digest(token)));
  return function requireInitialAccessToken(request, response, next) {
    if (mode !== 'token') {
      next();
      return;
    }
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) refuse(context, { request, response }, MISSING);
    else if (!isKnown(token, digests)) refuse(context, { request, response }, WRONG);
    else next();
  };
}

/** Compares with every token, so that the time tells neither how many match nor where. */
function isKnown(token: string, digests: readonly Buffer[]): boolean {
  const given = Buffer.from(digest(token));
  return digests.filter((known) => timingSafeEqual(given, known)).length > 0;
}

function refuse(
  { issuer, telemetry }: InitialAccessContext,
  { request, response }: { readonly request: Request; readonly response: Response },
  refusal: Refusal,
): void {
  telemetry.metrics.auth('register', refusal === MISSING ? 'missing' : 'invalid');
  telemetry.audit({
    action: 'registration.refused',
    outcome: 'denied',
    address: contextOf(request).address,
    details: { error: refusal.error, detail: refusal.error_description },
  });
  // Who sent no token is told no error code in the challenge (RFC 6750 §3.1).
  const fault =
    refusal === MISSING ? '' : `, error="${refusal.error}", error_description="${refusal.error_description}"`;
  response
    .status(401)
    .set('WWW-Authenticate', `Bearer realm="${issuer}"${fault}`)
    .set('Cache-Control', 'no-store')
    .json(refusal);
}
