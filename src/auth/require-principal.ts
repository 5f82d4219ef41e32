import type { RequestHandler } from 'express';
import type { Authenticated, Authenticator } from '../core/authenticator.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { contextOf } from '../core/request-context.ts';
import type { AuthOutcome, Telemetry } from '../core/telemetry.ts';
import type { Possession } from './dpop/possession.ts';
import type { DpopOption } from './options/dpop.ts';
import { type PresentedToken, presentedToken } from './presented-token.ts';
import { RefusalAudit } from './refusal-audit.ts';
import { invalidToken } from './token-fault.ts';

interface RequirePrincipalOptions {
  readonly authenticator: Authenticator;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly dpop: DpopOption;
  /** Not asked when `dpop` is off. */
  readonly possession: Possession;
}

/**
 * Middleware that lets a request pass only with a valid access token, and sets the principal of its
 * context. The token is taken from the `Authorization` header alone (RFC 6750 §2.1); the body stays unread. A
 * token that is bound to a key passes with a proof of possession only (RFC 9449 §7).
 *
 * Refuses with `UNAUTHENTICATED` (no token, or one where it does not belong), `INVALID_TOKEN`,
 * `INVALID_PROOF`, `NONCE_REQUIRED`, `BAD_REQUEST` (several `Authorization` headers) and `UNAVAILABLE`.
 */
export function requirePrincipal(options: RequirePrincipalOptions): RequestHandler {
  const { authenticator, telemetry, clock, dpop, possession } = options;
  const audit = new RefusalAudit(telemetry, clock);

  return function requirePrincipal(request, response, next) {
    const context = contextOf(request);
    let scheme: PresentedToken['scheme'] = 'bearer';
    let verified: Authenticated | undefined;

    function accept({ principal }: Authenticated): void {
      context.principal = principal;
      telemetry.metrics.auth(scheme, 'ok');
      next();
    }

    function refuse(error: unknown): void {
      const outcome = outcomeOf(error);
      telemetry.metrics.auth(scheme, outcome);
      if (outcome === 'invalid' && error instanceof AppError) {
        audit.record(context.address, error.message, verified?.principal);
      }
      next(error);
    }

    function checkAlone(answer: Authenticated): Authenticated {
      verified = answer;
      if (answer.keyThumbprint === undefined) return answer;
      // Without its key, a bound token must be worth nothing (RFC 9449 §7.2).
      throw invalidToken('The access token is bound to a key: it belongs behind "DPoP", with a proof.');
    }

    async function checkProven(token: string): Promise<Authenticated> {
      verified = await authenticator.authenticate(token);
      if (verified.keyThumbprint === undefined) {
        throw invalidToken('The access token is not bound to a key: it belongs behind "Bearer".');
      }
      response.setHeader('DPoP-Nonce', possession.nextNonce());
      await possession.check(request, token, verified.keyThumbprint);
      return verified;
    }

    function check(presented: PresentedToken): Authenticated | Promise<Authenticated> {
      scheme = presented.scheme;
      if (scheme === 'dpop') return checkProven(presented.token);
      const answer = authenticator.authenticate(presented.token);
      return answer instanceof Promise ? answer.then(checkAlone) : checkAlone(answer);
    }

    let answer: Authenticated | Promise<Authenticated>;
    try {
      answer = check(presentedToken(request, dpop));
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

function outcomeOf(error: unknown): AuthOutcome {
  if (!(error instanceof AppError)) return 'unavailable';
  if (error.code === 'UNAUTHENTICATED' || error.code === 'NONCE_REQUIRED') return 'missing';
  return error.status < 500 ? 'invalid' : 'unavailable';
}
