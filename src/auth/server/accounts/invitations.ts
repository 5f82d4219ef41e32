import { randomBytes } from 'node:crypto';
import type { Store } from '../../../core/store.ts';
import { digest, records } from '../state/records.ts';

const LINK_TTL = 86_400;
const TOKEN_BYTES = 32;

/** One-time links at which a person sets a password. An account has one at a time. */
export class Invitations {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** A new token, good for a day; the one before it is good for nothing any more. */
  async issue(accountId: string): Promise<string> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    await this.#store.put(records.invitation(accountId), digest(token), LINK_TTL);
    return `${accountId}.${token}`;
  }

  /** The account that the token is good for. */
  async accountOf(token: string): Promise<string | undefined> {
    const [accountId = '', secret = ''] = token.split('.');
    if (!isWellFormed(accountId, secret)) return undefined;
    const good = (await this.#store.get(records.invitation(accountId))) === digest(secret);
    return good ? accountId : undefined;
  }

  /** Uses the token up; of any number of concurrent users, one gets the account. */
  async redeem(token: string): Promise<string | undefined> {
    const [accountId = '', secret = ''] = token.split('.');
    if (!isWellFormed(accountId, secret)) return undefined;
    const key = records.invitation(accountId);
    return (await this.#store.swap(key, digest(secret), undefined, LINK_TTL)) ? accountId : undefined;
  }

  async withdraw(accountId: string): Promise<void> {
    await this.#store.take(records.invitation(accountId));
  }
}

/** Anything can be in an address. */
function isWellFormed(accountId: string, secret: string): boolean {
  return /^[\w-]{1,40}$/.test(accountId) && /^[\w-]{43}$/.test(secret);
}
