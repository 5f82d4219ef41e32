import { hash } from 'node:crypto';
import type { Principal } from '../core/principal.ts';
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

/** Whether a principal's authority, or its subject, was revoked. */
export async function isRevoked(
  store: Pick<Store, 'get'>,
  { authority, subject }: Pick<Principal, 'authority' | 'subject'>,
): Promise<boolean> {
  const ids = [authority, subjectRevocation(subject)];
  const found = await Promise.all(ids.map((id) => store.get(revocationKey(id))));
  return found.some((record) => record !== undefined);
}

/** The id under which a subject of external issuers is cut off, whatever tokens it has or gets. */
export function subjectRevocation(subject: string): string {
  return hash('sha256', `subject ${subject}`, 'base64url');
}

/**
 * Cuts off a subject of external issuers in every process, until {@link admitSubject}.
 *
 * @param subject As principals name it, with the prefix of its issuer.
 */
export async function cutOffSubject(store: Pick<Store, 'put' | 'publish'>, subject: string): Promise<void> {
  await revoke(store, subjectRevocation(subject), 'permanent');
}

/** Lets the tokens of a subject count again, within a second. Answers whether it was cut off. */
export async function admitSubject(store: Pick<Store, 'take'>, subject: string): Promise<boolean> {
  return (await store.take(revocationKey(subjectRevocation(subject)))) !== undefined;
}
