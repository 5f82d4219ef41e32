import { invalidToken } from '../token-fault.ts';

/** What a token, or an answer about one, says of it. */
export type Claims = Readonly<Record<string, unknown>>;

/** @throws AppError `INVALID_TOKEN` unless the claim is text */
export function stringClaim(claim: unknown): string {
  if (typeof claim === 'string') return claim;
  throw invalidToken('The access token is not valid.');
}

/** @throws AppError `INVALID_TOKEN` unless the claim is a list of texts */
export function stringClaims(claim: unknown): string[] {
  if (Array.isArray(claim)) return claim.map(stringClaim);
  throw invalidToken('The access token is not valid.');
}
