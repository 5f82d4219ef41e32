import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import { AppError } from '../../../core/errors.ts';
import type { Scope } from '../../../core/scopes.ts';
import type { Store } from '../../../core/store.ts';
import type { Telemetry } from '../../../core/telemetry.ts';
import type { AuthOptions } from '../../options.ts';
import type { Account, AccountChange, Accounts, NewAccount } from './accounts.ts';
import { mayUsePassword } from '../federation/sign-in-choices.ts';
import { Grants } from '../tokens/grants.ts';
import { Invitations } from './invitations.ts';
import { endSessions } from './sessions.ts';

/** Who acts: an owner in the administration, or whoever runs commands on the machine. */
export interface Actor {
  /** The owner's account; absent at the command line. */
  readonly subject?: string | undefined;
  readonly address?: string | undefined;
}

interface AdministrationContext {
  readonly accounts: Accounts;
  readonly store: Store;
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'audit'>;
  readonly options: Pick<AuthOptions, 'mode'>;
}

/** Bytes of a password that nobody ever learns. */
const UNKNOWN_PASSWORD_BYTES = 32;

/**
 * What owners do to accounts. Each act is an audit event with who did it, and none of them leaves the
 * deployment without an owner who can sign in.
 */
export class AccountAdministration {
  readonly #context: AdministrationContext;
  readonly #grants: Grants;
  readonly #invitations: Invitations;

  constructor(context: AdministrationContext) {
    this.#context = context;
    this.#grants = new Grants(context.store);
    this.#invitations = new Invitations(context.store);
  }

  /** @throws AppError as `Accounts.add`, and `INVALID_ARGUMENT` for who could not sign in with the password */
  async add(account: NewAccount, actor: Actor): Promise<Account> {
    this.#assertPasswordOfUse(account);
    const added = await this.#context.accounts.add(account);
    this.#record('account.created', added, actor, { role: added.role });
    return added;
  }

  /**
   * Creates an account whose password only the person will know. Answers the token of the link at which they
   * set it, good for a day.
   *
   * @throws AppError as {@link add}
   */
  async invite(
    account: Omit<NewAccount, 'password'>,
    actor: Actor,
  ): Promise<{ readonly account: Account; readonly token: string }> {
    const password = randomBytes(UNKNOWN_PASSWORD_BYTES).toString('base64url');
    const added = await this.add({ ...account, password }, actor);
    return { account: added, token: await this.passwordLink(added.id, actor) };
  }

  /**
   * The token of a new link at which the person sets a password, good for a day.
   *
   * @throws AppError `NOT_FOUND`, `INVALID_ARGUMENT` for who could not sign in with the password
   */
  async passwordLink(id: string, actor: Actor): Promise<string> {
    const account = await this.#require(id);
    this.#assertPasswordOfUse(account);
    const token = await this.#invitations.issue(id);
    this.#record('account.invited', account, actor);
    return token;
  }

  /** @throws AppError `NOT_FOUND`, `INVALID_ARGUMENT` */
  async setPassword(email: string, password: string, actor: Actor): Promise<void> {
    await this.#context.accounts.setPassword(email, password);
    const account = await this.#context.accounts.findByEmail(email);
    if (account !== undefined) this.#record('account.password-set', account, actor);
  }

  /** @throws AppError `NOT_FOUND`, `FORBIDDEN` for the last owner */
  async setRole(id: string, role: Account['role'], actor: Actor): Promise<void> {
    const account = await this.#change(id, { role });
    this.#record('account.role-changed', account, actor, { role });
  }

  /** What the person may allow clients; undefined: what the role may. */
  async setScopes(id: string, scopes: readonly Scope[] | undefined, actor: Actor): Promise<void> {
    const account = await this.#change(id, { scopes: scopes && [...scopes] });
    this.#record('account.scopes-changed', account, actor, { scopes: scopes ?? ['as the role'] });
  }

  async setGroups(id: string, groups: readonly string[], actor: Actor): Promise<Account> {
    const account = await this.#change(id, { groups: [...groups] });
    this.#record('account.groups-changed', account, actor, { groups });
    return account;
  }

  /**
   * Signs the person out, ends what they have allowed, and lets them neither sign in nor be acted for.
   *
   * @throws AppError `NOT_FOUND`, `FORBIDDEN` for the last owner
   */
  async disable(id: string, actor: Actor): Promise<void> {
    const { clock, store } = this.#context;
    const account = await this.#change(id, { disabledAt: new Date(clock.now()).toISOString() });
    await endSessions(store, id);
    await this.#invitations.withdraw(id);
    const { length: grants } = await this.#grants.revokeAll(id);
    this.#record('account.disabled', account, actor, { grants });
  }

  /** @throws AppError `NOT_FOUND` */
  async enable(id: string, actor: Actor): Promise<void> {
    const account = await this.#change(id, { disabledAt: undefined });
    this.#record('account.enabled', account, actor);
  }

  /** @throws AppError `NOT_FOUND`, `FORBIDDEN` for the last owner */
  async remove(id: string, actor: Actor): Promise<void> {
    // First what can be taken back.
    const { email, ...account } = await this.#change(id, {
      disabledAt: new Date(this.#context.clock.now()).toISOString(),
    });
    await this.#invitations.withdraw(id);
    await this.#context.accounts.remove(email);
    this.#record('account.removed', account, actor);
  }

  /** @throws AppError `NOT_FOUND` */
  async signOut(id: string, actor: Actor): Promise<void> {
    const account = await this.#require(id);
    const sessions = await endSessions(this.#context.store, id);
    this.#record('account.signed-out', account, actor, { sessions });
  }

  /**
   * Changes an account unless that takes the last owner away. Looked at afterwards: of two owners who take
   * each other's role at the same moment, both find none left, and both give it back.
   */
  async #change(id: string, change: AccountChange): Promise<Account> {
    const before = await this.#require(id);
    const after = await this.#context.accounts.update(id, change);
    if (!isActiveOwner(before) || isActiveOwner(after) || (await this.#hasOwner())) return after;
    await this.#context.accounts.update(id, { role: before.role, disabledAt: before.disabledAt });
    throw new AppError('FORBIDDEN', 'This is the last owner who can sign in.', {
      next: 'make somebody else an owner first',
    });
  }

  #assertPasswordOfUse(account: Pick<Account, 'role' | 'identity'>): void {
    if (mayUsePassword(this.#context.options, account)) return;
    throw new AppError(
      'INVALID_ARGUMENT',
      'Here members sign in at an identity provider, without a password.',
      {
        next: 'let the person sign in there, which makes their account',
      },
    );
  }

  async #hasOwner(): Promise<boolean> {
    return (await this.#context.accounts.list()).some(isActiveOwner);
  }

  async #require(id: string): Promise<Account> {
    const account = await this.#context.accounts.find(id);
    if (account === undefined) throw new AppError('NOT_FOUND', 'There is no such account.');
    return account;
  }

  #record(
    action: string,
    account: Pick<Account, 'id'>,
    { subject, address }: Actor,
    details: Readonly<Record<string, string | number | readonly string[]>> = {},
  ): void {
    this.#context.telemetry.audit({
      action,
      outcome: 'success',
      ...(subject === undefined ? {} : { subject }),
      ...(address === undefined ? {} : { address }),
      details: { account: account.id, by: subject === undefined ? 'command line' : 'owner', ...details },
    });
  }
}

function isActiveOwner({ role, disabledAt }: Account): boolean {
  return role === 'owner' && disabledAt === undefined;
}
