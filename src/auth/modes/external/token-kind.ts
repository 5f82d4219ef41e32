import type { Claims } from '../../claims.ts';
import { invalidToken } from '../../token-fault.ts';

/** Claims that stand in ID tokens (OpenID Connect Core §2, §3.3.2.11) and logout tokens. */
const OF_OTHER_TOKENS = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'];

/**
 * Refuses what an issuer signs or knows beside access tokens, where no header tells them apart: ID tokens,
 * logout tokens and refresh tokens.
 *
 * @throws AppError `INVALID_TOKEN`
 */
export function refuseOtherTokens(claims: Claims): void {
  const { typ, token_use: use } = claims;
  // Keycloak says by `typ` what a token is, Amazon Cognito and Ory Hydra by `token_use`.
  if (use !== undefined && use !== 'access' && use !== 'access_token') throw notAnAccessToken();
  if (typ !== undefined) {
    if (typ !== 'Bearer' && typ !== 'DPoP') throw notAnAccessToken();
    return;
  }
  if (OF_OTHER_TOKENS.some((name) => claims[name] !== undefined)) throw notAnAccessToken();
}

/**
 * @param header The `typ` of a JWT.
 * @param accepted As configured; "JWT" stands for none as well.
 * @throws AppError `INVALID_TOKEN`
 */
export function requireType(header: string | undefined, claims: Claims, accepted: ReadonlySet<string>): void {
  // A media type without its first part (RFC 7515 §4.1.9).
  const type = (header ?? 'jwt').toLowerCase().replace(/^application\//, '');
  if (!accepted.has(type)) throw notAnAccessToken();
  if (type === 'jwt') refuseOtherTokens(claims);
}

function notAnAccessToken(): Error {
  return invalidToken('The token is not an access token.');
}
