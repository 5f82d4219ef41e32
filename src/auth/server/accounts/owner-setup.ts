import { randomBytes } from 'node:crypto';
import { AppError } from '../../../core/errors.ts';
import type { Store } from '../../../core/store.ts';
import type { Account, Accounts } from './accounts.ts';
import { records } from '../state/records.ts';

const LINK_TTL = 3600;
const TOKEN_BYTES = 32;
/** Seconds after which the place of a process that ended while it made the first account is free again. */
const CLAIM_TTL = 30;

interface FirstOwner {
  readonly email: string;
  readonly password: string;
  readonly name?: string | undefined;
}

/** How the first account comes to be, of which there is exactly one, whoever is faster. */
export class OwnerSetup {
  readonly #accounts: Accounts;
  readonly #store: Store;

  constructor({ accounts, store }: { readonly accounts: Accounts; readonly store: Store }) {
    this.#accounts = accounts;
    this.#store = store;
  }

  /** A new one-time token, good for an hour; undefined when there is an account already. */
  async issue(): Promise<string | undefined> {
    if (!(await this.#accounts.isEmpty())) return undefined;
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    await this.#store.put(records.setup(token), '1', LINK_TTL);
    return token;
  }

  async isGood(token: string): Promise<boolean> {
    const known = await this.#store.get(records.setup(token));
    return known !== undefined && (await this.#accounts.isEmpty());
  }

  /** @throws AppError `NOT_FOUND` when the token is used up or unknown; as `Accounts.add`, which leaves it good. */
  async redeem(token: string, owner: FirstOwner): Promise<Account> {
    const account = await this.#asFirst(async () =>
      (await this.isGood(token)) ? await this.#accounts.add({ ...owner, role: 'owner' }) : undefined,
    );
    if (account === undefined) throw new AppError('NOT_FOUND', 'This link was used already, or is too old.');
    await this.#store.take(records.setup(token));
    return account;
  }

  /** Creates the owner whom the operator configured, unless there is an account already. */
  async ensure(owner: FirstOwner): Promise<Account | undefined> {
    return await this.#asFirst(async () =>
      (await this.#accounts.isEmpty()) ? await this.#accounts.add({ ...owner, role: 'owner' }) : undefined,
    );
  }

  /** Does the work unless another process is at it. */
  async #asFirst(work: () => Promise<Account | undefined>): Promise<Account | undefined> {
    if (!(await this.#store.swap(records.firstAccount, undefined, '1', CLAIM_TTL))) return undefined;
    try {
      return await work();
    } finally {
      await this.#store.take(records.firstAccount);
    }
  }
}
