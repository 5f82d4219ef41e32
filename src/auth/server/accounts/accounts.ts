import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { AppError } from '../../../core/errors.ts';
import type { Scope } from '../../../core/scopes.ts';
import type { Store } from '../../../core/store.ts';
import { Grants } from '../tokens/grants.ts';
import { Invitations } from './invitations.ts';
import { PasskeyRecords } from '../sign-in/passkey-records.ts';
import { PasswordHasher } from '../sign-in/password.ts';
import { type Account, storedAccount, type StoredAccount } from './account-record.ts';
import { prefixes, records } from '../state/records.ts';
import { scanAll } from '../state/scan-all.ts';
import { endSessions } from './sessions.ts';

export interface NewAccount {
  readonly email: string;
  readonly password: string;
  /** Default: the part of the address before the `@`. */
  readonly name?: string | undefined;
  readonly role: Account['role'];
  /** Default: what the role may allow. */
  readonly scopes?: readonly Scope[] | undefined;
}

/** A person whom an identity provider vouches for. */
export type NewFederatedAccount = Pick<StoredAccount, 'email' | 'name' | 'role' | 'groups'> &
  Required<Pick<StoredAccount, 'identity'>>;

export type { Account } from './account-record.ts';

export const MIN_PASSWORD_LENGTH = 12;
const MAX_PASSWORD_LENGTH = 256;
const MAX_NAME_LENGTH = 100;

/** What can change of an account; a member that is undefined is taken away. */
export type AccountChange = Partial<
  Pick<StoredAccount, 'name' | 'role' | 'scopes' | 'groups' | 'disabledAt' | 'identity'>
>;

interface AccountsContext {
  readonly store: Store;
  readonly clock?: Clock | undefined;
  readonly hasher?: PasswordHasher | undefined;
}

/** Opens the accounts in a store. */
export function openAccounts(context: AccountsContext): Accounts {
  return new Accounts(context);
}

/** The people who can sign in, in permanent records. */
export class Accounts {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #hasher: PasswordHasher;

  constructor({ store, clock = systemClock, hasher = new PasswordHasher() }: AccountsContext) {
    this.#store = store;
    this.#clock = clock;
    this.#hasher = hasher;
  }

  /** @throws AppError `INVALID_ARGUMENT` when the address is taken or no address, or the password too short. */
  async add(account: NewAccount): Promise<Account> {
    const email = canonicalEmail(account.email);
    if (!isEmail(email)) throw new AppError('INVALID_ARGUMENT', 'This is not an e-mail address.');
    assertPassword(account.password);
    const stored: StoredAccount = {
      id: randomBytes(12).toString('base64url'),
      email,
      name: normaliseName(account.name, email),
      role: account.role,
      ...(account.scopes === undefined ? {} : { scopes: [...account.scopes] }),
      groups: [],
      createdAt: new Date(this.#clock.now()).toISOString(),
      passwordHash: await this.#hasher.hash(account.password),
    };
    // The account first: an address whose account is missing then always means a removal that broke off.
    await this.#store.put(records.account(stored.id), JSON.stringify(stored), 'permanent');
    if (await this.#claimEmail(email, stored.id)) return withoutHash(stored);
    await this.#store.take(records.account(stored.id));
    throw new AppError('INVALID_ARGUMENT', `There is already an account for ${email}.`);
  }

  /** Creates an account without a password; answers undefined when the address is another account's. */
  async adopt(person: NewFederatedAccount): Promise<Account | undefined> {
    const email = canonicalEmail(person.email);
    const stored: StoredAccount = {
      ...person,
      id: randomBytes(12).toString('base64url'),
      email,
      name: normaliseName(person.name, email),
      createdAt: new Date(this.#clock.now()).toISOString(),
    };
    await this.#store.put(records.account(stored.id), JSON.stringify(stored), 'permanent');
    if (await this.#claimEmail(email, stored.id)) return withoutHash(stored);
    await this.#store.take(records.account(stored.id));
    return undefined;
  }

  /** Undoes {@link adopt}, for an account that nothing refers to. */
  async discard({ id, email }: Pick<Account, 'id' | 'email'>): Promise<void> {
    await this.#store.take(records.account(id));
    await this.#store.swap(records.accountByEmail(email), id, undefined, 'permanent');
  }

  /**
   * Gives the account another address; answers false when that one is another account's.
   *
   * @throws AppError `NOT_FOUND`
   */
  async moveEmail(id: string, address: string): Promise<boolean> {
    const email = canonicalEmail(address);
    if ((await this.idOf(email)) !== id && !(await this.#claimEmail(email, id))) return false;
    for (;;) {
      const stored = await this.#read(id);
      if (stored === undefined) throw new AppError('NOT_FOUND', 'There is no such account.');
      if (stored.account.email === email) return true;
      if (!(await this.#replace(stored, { email }))) continue;
      // Last, so that the account is found by one of the two at any time.
      await this.#store.swap(records.accountByEmail(stored.account.email), id, undefined, 'permanent');
      return true;
    }
  }

  /** Oldest first. */
  async list(): Promise<Account[]> {
    const accounts: Account[] = [];
    for await (const account of this.#all()) accounts.push(account);
    return accounts.sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  }

  async isEmpty(): Promise<boolean> {
    const first = await this.#all().next();
    return first.done === true;
  }

  async find(id: string): Promise<Account | undefined> {
    const stored = await this.#read(id);
    return stored === undefined ? undefined : withoutHash(stored.account);
  }

  async findByEmail(email: string): Promise<Account | undefined> {
    const id = await this.idOf(email);
    return id === undefined ? undefined : await this.find(id);
  }

  /** The id that belongs to an address. Anything may be given. */
  async idOf(email: string): Promise<string | undefined> {
    return await this.#store.get(records.accountByEmail(canonicalEmail(email)));
  }

  /**
   * Answers the account if the password is its own, and takes the same time if there is no such account.
   * Renews the stored hash when the parameters for new ones have changed.
   *
   * @throws AppError `UNAVAILABLE` when too many passwords are being checked.
   */
  async authenticate(email: string, password: string): Promise<Account | undefined> {
    const id = password.length <= MAX_PASSWORD_LENGTH ? await this.idOf(email) : undefined;
    const stored = id === undefined ? undefined : await this.#read(id);
    // A longer one is nobody's: it is cut, so that its length costs nothing.
    const attempt = password.slice(0, MAX_PASSWORD_LENGTH);
    const matches = await this.#hasher.verify(attempt, stored?.account.passwordHash);
    if (!matches || stored?.account.passwordHash === undefined) return undefined;
    if (stored.account.disabledAt !== undefined) return undefined;
    if (this.#hasher.isOutdated(stored.account.passwordHash)) {
      await this.#replace(stored, { passwordHash: await this.#hasher.hash(password) });
    }
    return withoutHash(stored.account);
  }

  /**
   * Sets a new password and signs the person out everywhere; a link to set one ends. Grants of clients stay.
   *
   * @param keep The uid of a session that goes on.
   * @throws AppError `NOT_FOUND`, `INVALID_ARGUMENT` when the password is too short.
   */
  async setPassword(email: string, password: string, keep?: string): Promise<void> {
    assertPassword(password);
    const id = await this.#require(email);
    const passwordHash = await this.#hasher.hash(password);
    for (;;) {
      const stored = await this.#read(id);
      if (stored === undefined) throw noAccount(email);
      if (await this.#replace(stored, { passwordHash })) break;
    }
    // A link that leads to another password is of the time before.
    await new Invitations(this.#store).withdraw(id);
    await endSessions(this.#store, id, keep);
  }

  /**
   * Changes what is known of an account; answers it as it is then.
   *
   * @throws AppError `NOT_FOUND`
   */
  async update(id: string, change: AccountChange): Promise<Account> {
    for (;;) {
      const stored = await this.#read(id);
      if (stored === undefined) throw new AppError('NOT_FOUND', 'There is no such account.');
      if (await this.#replace(stored, change)) return withoutHash({ ...stored.account, ...change });
    }
  }

  /**
   * Removes the account, signs the person out everywhere and ends all grants.
   *
   * @throws AppError `NOT_FOUND`
   */
  async remove(email: string): Promise<void> {
    const id = await this.#require(email);
    const { identity } = (await this.#read(id))?.account ?? {};
    if (identity?.issuer !== undefined) {
      await this.#store.take(records.accountByIdentity(identity.issuer, identity.subject));
    }
    await this.#store.take(records.account(id));
    await this.#store.take(records.upstream(id));
    await endSessions(this.#store, id);
    await new Grants(this.#store).revokeAll(id);
    await new PasskeyRecords(this.#store).removeAll(id);
    // The address last: until everything is gone, a second try finds its way here.
    await this.#store.take(records.accountByEmail(canonicalEmail(email)));
  }

  /** The id, also of an account whose removal broke off half way. */
  async #require(email: string): Promise<string> {
    const id = await this.idOf(email);
    if (id === undefined) throw noAccount(email);
    return id;
  }

  async #claimEmail(email: string, id: string): Promise<boolean> {
    const key = records.accountByEmail(email);
    if (await this.#store.swap(key, undefined, id, 'permanent')) return true;
    const holder = await this.#store.get(key);
    if (holder === undefined || (await this.#read(holder)) !== undefined) return false;
    return await this.#store.swap(key, holder, id, 'permanent');
  }

  async *#all(): AsyncGenerator<Account, undefined> {
    for await (const key of scanAll(this.#store, prefixes.accounts)) {
      const account = await this.find(key.slice(prefixes.accounts.length));
      // One that does not hold its address was never finished.
      if (account !== undefined && (await this.findByEmail(account.email))?.id === account.id) yield account;
    }
  }

  async #read(id: string): Promise<{ value: string; account: StoredAccount } | undefined> {
    const value = await this.#store.get(records.account(id));
    return value === undefined ? undefined : { value, account: storedAccount.parse(JSON.parse(value)) };
  }

  async #replace(
    { value, account }: { readonly value: string; readonly account: StoredAccount },
    change: Partial<StoredAccount>,
  ): Promise<boolean> {
    const next = JSON.stringify({ ...account, ...change });
    return await this.#store.swap(records.account(account.id), value, next, 'permanent');
  }
}

/** The one form of an address: case and compatibility forms do not make another account. */
export function canonicalEmail(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase();
}

function isEmail(email: string): boolean {
  return z.email().max(254).safeParse(canonicalEmail(email)).success;
}

function normaliseName(name: string | undefined, email: string): string {
  const trimmed = (name ?? '').trim().slice(0, MAX_NAME_LENGTH);
  return trimmed === '' ? email.slice(0, email.indexOf('@')) : trimmed;
}

function assertPassword(password: string): void {
  if (password.length >= MIN_PASSWORD_LENGTH && password.length <= MAX_PASSWORD_LENGTH) return;
  throw new AppError(
    'INVALID_ARGUMENT',
    `A password has ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters.`,
  );
}

function noAccount(email: string): AppError {
  return new AppError('NOT_FOUND', `There is no account for ${email}.`);
}

function withoutHash({ passwordHash, ...account }: StoredAccount): Account {
  return { ...account, hasPassword: passwordHash !== undefined };
}
