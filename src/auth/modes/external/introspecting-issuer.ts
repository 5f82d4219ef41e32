import { LRUCache } from 'lru-cache';
import type { Claims } from '../../claims.ts';
import { keyThumbprintOf } from '../../dpop/confirmation.ts';
import { subjectRevocation } from '../../revocations.ts';
import { invalidToken } from '../../token-fault.ts';
import { CLOCK_TOLERANCE } from '../verified-tokens.ts';
import { createIdentityMapping } from './identity-mapping.ts';
import { Introspection } from './introspection.ts';
import type { TokenIssuer, TokenIssuerContext } from './token-issuer.ts';
import { refuseOtherTokens } from './token-kind.ts';

/** How long a token stays refused that the issuer does not take for good, in seconds. */
const INACTIVE_SECONDS = 10;
/** Refused tokens that are remembered. */
const MAX_INACTIVE = 10_000;

/** An issuer that is asked about each token (RFC 7662). */
export function createIntrospectingIssuer(context: TokenIssuerContext): TokenIssuer {
  const { options, audience, admit, clock, logger } = context;
  const { issuer } = options;
  const identityOf = createIdentityMapping(options, logger);
  const inactiveUntil = new LRUCache<string, number>({ max: MAX_INACTIVE });
  const introspection = new Introspection(context);

  async function activeClaims(token: string, tokenHash: string): Promise<Claims> {
    if ((inactiveUntil.get(tokenHash) ?? 0) > clock.now()) throw inactive();
    const claims = await introspection.ask(token);
    if (claims['active'] === true) return claims;
    inactiveUntil.set(tokenHash, clock.now() + INACTIVE_SECONDS * 1000);
    throw inactive();
  }

  return {
    issuer,
    takesOpaque: options.opaqueTokens,
    async verify(token, tokenHash) {
      const askedAt = clock.now();
      const claims = await activeClaims(token, tokenHash);
      requireOwn(claims, issuer, audience);
      requireTime(claims, clock.now() / 1000);
      refuseOtherTokens(claims);
      const principal = admit(identityOf({ claims, tokenHash }));
      return {
        principal,
        subjectId: subjectRevocation(principal.subject),
        keyThumbprint: keyThumbprintOf(claims['cnf']),
        stands: () => {
          const age = clock.now() - askedAt;
          return age >= 0 && age < options.cacheSeconds * 1000;
        },
      };
    },
    prepare: () => {
      introspection.prepare();
    },
    get failure() {
      return introspection.failure;
    },
  };
}

/** An answer that leaves the audience out would let tokens for anything else in (RFC 7662 §4). */
function requireOwn(claims: Claims, issuer: string, audience: readonly string[]): void {
  const { iss, aud } = claims;
  if (iss !== undefined && iss !== issuer) {
    throw invalidToken('The access token was issued by another authorization server.');
  }
  if (![aud].flat().some((one) => typeof one === 'string' && audience.includes(one))) {
    throw invalidToken('The access token was issued for another resource.');
  }
}

/** That it is active should say as much; what an answer says itself must not contradict. */
function requireTime({ exp, nbf }: Claims, now: number): void {
  if (typeof exp === 'number' && exp + CLOCK_TOLERANCE <= now) {
    throw invalidToken('The access token has expired.');
  }
  if (typeof nbf === 'number' && nbf - CLOCK_TOLERANCE > now) {
    throw invalidToken('The access token is not valid yet.');
  }
}

function inactive(): Error {
  return invalidToken('The access token is not valid.');
}
