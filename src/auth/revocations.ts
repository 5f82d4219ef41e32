import type { Lifetime, Store } from '../core/store.ts';

/** Tells every process the ids that were revoked, as they are. */
export const REVOCATIONS = 'auth:revocations';

/**
 * The record that makes access tokens of a grant (`gid`), or one token without a grant (`jti`), worthless
 * before they expire.
 */
export function revocationKey(id: string): string {
  return `auth:revoked:${id}`;
}

/**
 * Ends a grant, or a token without one, in every process.
 *
 * @param lifetime At least what an access token issued now still has to live.
 */
export async function revoke(
  store: Pick<Store, 'put' | 'publish'>,
  id: string,
  lifetime: Lifetime,
): Promise<void> {
  // The record first: whoever hears of it and looks must find it.
  await store.put(revocationKey(id), '1', lifetime);
  await store.publish(REVOCATIONS, id);
}
