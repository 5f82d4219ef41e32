import { JOSEError, JWTClaimValidationFailed, JWTExpired } from 'jose/errors';
import { AppError } from '../core/errors.ts';

// The faults that lie in the token itself. Anything else, a key server that times out for one, says
// nothing about the token, and a 401 for it would send every client into a new sign-in.
const OF_THE_TOKEN = /^ERR_(JW[ST]_.+|JOSE_(ALG_NOT_ALLOWED|NOT_SUPPORTED)|JWKS_NO_MATCHING_KEY)$/;

const CLAIM_FAULTS: Readonly<Record<string, string>> = {
  aud: 'The access token was issued for another resource.',
  iss: 'The access token was issued by another authorization server.',
  typ: 'The token is not an access token.',
  nbf: 'The access token is not valid yet.',
};

/** Seconds after which a client may ask again when a token could not be judged. */
const RETRY_AFTER = 5;

/** A fault of the token's own making (RFC 6750 §3.1). The message is fit for `error_description`. */
export function invalidToken(message: string): AppError {
  return new AppError('INVALID_TOKEN', message, { next: 'get a new access token and try again' });
}

/**
 * What a failed verification means to the caller: `INVALID_TOKEN` or `UNAVAILABLE`. A token's fault keeps
 * no cause, because the verifier's errors hold the claims.
 */
export function tokenFault(error: unknown): AppError {
  if (error instanceof AppError && error.code === 'INVALID_TOKEN') return error;
  if (error instanceof JOSEError && OF_THE_TOKEN.test(error.code)) return invalidToken(describe(error));
  return new AppError('UNAVAILABLE', 'Access tokens cannot be checked at the moment.', {
    retryAfter: RETRY_AFTER,
    cause: error,
  });
}

function describe(error: JOSEError): string {
  if (error instanceof JWTExpired) return 'The access token has expired.';
  const known = error instanceof JWTClaimValidationFailed ? CLAIM_FAULTS[error.claim] : undefined;
  return known ?? 'The access token is not valid.';
}
