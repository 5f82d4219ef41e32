import { invalidToken } from './token-fault.ts';

/** What a token, an answer about one, or an identity provider says. */
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

/** The claim with this name; without one, what dots in the name lead to: some names are addresses, full of dots. */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let place: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, part)) return undefined;
    place = (place as Claims)[part];
  }
  return place;
}

/**
 * Whether the groups are left out because there are too many (Entra ID: `_claim_names`, `hasgroups`). Asking
 * for them would take a right to read the directory.
 *
 * @param name The claim that they should be in.
 */
export function groupsAreElsewhere(claims: Claims, name: string): boolean {
  if (claimAt(claims, name) !== undefined) return false;
  const elsewhere = claims['_claim_names'];
  const named = typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, name);
  return named || isTrue(claims['hasgroups']);
}

/** Some write truth as text or number. */
export function isTrue(claim: unknown): boolean {
  return [true, 'true', 1, '1'].some((truth) => truth === claim);
}
