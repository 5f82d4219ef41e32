import * as z from 'zod';
import { MAX_ACCESS_TOKEN_TTL } from '../../../core/lifetimes.ts';
import type { Lifetime, Store } from '../../../core/store.ts';
import { revoke } from '../../revocations.ts';
import { digest, prefixes, records } from '../state/records.ts';
import { scanAll } from '../state/scan-all.ts';

/** Seconds beyond the longest access token for which a revocation is remembered: clocks differ. */
const REVOCATION_MARGIN = 60;
export const REVOCATION_LIFETIME = MAX_ACCESS_TOKEN_TTL + REVOCATION_MARGIN;

/** Seconds within which further uses are not written down: a busy client costs one write a minute. */
const USE_STEP = 60;

const grantDetails = z.object({
  clientId: z.string(),
  clientName: z.string(),
  /** The host of the client's metadata document, or where people return after sign-in. */
  clientHost: z.string(),
  /** Whether the host is that of the metadata document, which is who vouches for the name. */
  published: z.boolean().optional(),
  /** Seconds since the epoch. */
  allowedAt: z.number(),
  /** Seconds since the epoch. */
  expiresAt: z.number().optional(),
  /** Whether it was allowed for once: the next authorization asks again, and does not widen it. */
  once: z.boolean().optional(),
  /** When a token was last issued, to within {@link USE_STEP}; in seconds since the epoch. */
  lastUsedAt: z.number().optional(),
  scopes: z.array(z.string()),
});

/** What the person who gave a grant can read about it. */
export type GrantDetails = z.output<typeof grantDetails>;

export interface AccountGrant extends GrantDetails {
  /** The hashed id: good for naming the grant, for nothing else. */
  readonly gid: string;
}

/**
 * The claim of access tokens that names their grant without telling its id: the first 22 characters of
 * the id's SHA-256 in base64url.
 */
export function hashedGrantId(grantId: string): string {
  return digest(grantId).slice(0, 22);
}

/** The consents that people have given to clients. Ending one ends every token that came of it. */
export class Grants {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Lists the grant on the person's account page. */
  async describe(
    accountId: string,
    grantId: string,
    details: GrantDetails,
    lifetime: Lifetime,
  ): Promise<void> {
    await this.#store.put(records.accountGrant(accountId, grantId), JSON.stringify(details), lifetime);
  }

  /** What was written down of a grant, whether or not it is still good. */
  async find(accountId: string, grantId: string): Promise<GrantDetails | undefined> {
    const value = await this.#store.get(records.accountGrant(accountId, grantId));
    return value === undefined ? undefined : grantDetails.parse(JSON.parse(value));
  }

  /**
   * Notes that a token was issued.
   *
   * @param now In milliseconds since the epoch.
   */
  async noteUse(accountId: string, grantId: string, now: number): Promise<void> {
    const key = records.accountGrant(accountId, grantId);
    const value = await this.#store.get(key);
    if (value === undefined) return;
    const details = grantDetails.parse(JSON.parse(value));
    const seconds = Math.floor(now / 1000);
    const { expiresAt = 0, lastUsedAt = 0 } = details;
    if (seconds >= expiresAt || seconds - lastUsedAt < USE_STEP) return;
    const next = JSON.stringify({ ...details, lastUsedAt: seconds });
    // One that was revoked or noted by another process in the meantime stays as it is.
    await this.#store.swap(key, value, next, expiresAt - seconds);
  }

  /** Newest first. */
  async list(accountId: string): Promise<AccountGrant[]> {
    const grants: AccountGrant[] = [];
    for await (const [grantId, details] of this.#entries(accountId)) {
      if (!(await this.isGood(grantId))) continue;
      grants.push({ gid: hashedGrantId(grantId), ...details });
    }
    return grants.sort((a, b) => b.allowedAt - a.allowedAt);
  }

  /** Ends a grant that the account gave; answers what it was, or undefined when there is none. */
  async revokeOwn(accountId: string, gid: string): Promise<GrantDetails | undefined> {
    for await (const [grantId, details] of this.#entries(accountId)) {
      if (hashedGrantId(grantId) !== gid) continue;
      await this.revoke(grantId);
      await this.#store.take(records.accountGrant(accountId, grantId));
      return details;
    }
    return undefined;
  }

  /** Ends all grants of the account; answers what they were. */
  async revokeAll(accountId: string): Promise<GrantDetails[]> {
    const ended: GrantDetails[] = [];
    for await (const [grantId, details] of this.#entries(accountId)) {
      const wasGood = await this.isGood(grantId);
      await this.revoke(grantId);
      await this.#store.take(records.accountGrant(accountId, grantId));
      if (wasGood) ended.push(details);
    }
    return ended;
  }

  /** Whether the grant has not been ended, by whomever. */
  async isGood(grantId: string): Promise<boolean> {
    return (await this.#store.get(records.entity('Grant', grantId))) !== undefined;
  }

  /**
   * Ends a grant: no token can be obtained from it any more, and access tokens that are out are worthless
   * in every process. What is left of its refresh tokens and codes is refused for want of the grant.
   */
  async revoke(grantId: string): Promise<void> {
    await this.#store.take(records.entity('Grant', grantId));
    await revoke(this.#store, hashedGrantId(grantId), REVOCATION_LIFETIME);
  }

  async *#entries(accountId: string): AsyncGenerator<[string, GrantDetails], undefined> {
    const prefix = prefixes.accountGrants(accountId);
    for await (const key of scanAll(this.#store, prefix)) {
      const value = await this.#store.get(key);
      if (value !== undefined) yield [key.slice(prefix.length), grantDetails.parse(JSON.parse(value))];
    }
  }
}
