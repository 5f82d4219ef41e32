import type { Store } from '../../../core/store.ts';
import type { Telemetry } from '../../../core/telemetry.ts';
import type { Claims } from '../../claims.ts';
import type { Account, AccountChange, Accounts } from '../accounts/accounts.ts';
import { canonicalEmail } from '../accounts/accounts.ts';
import { records } from '../state/records.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { SignInRefusal } from './sign-in-refusal.ts';
import { lacksGroups, readPerson, type UpstreamPerson } from './upstream-person.ts';

export interface PeopleContext {
  readonly accounts: Accounts;
  readonly store: Store;
  readonly telemetry: Telemetry;
}

/** Two processes that meet the same person for the first time get in each other's way once. */
const ATTEMPTS = 5;
const MAX_NAME_LENGTH = 100;

/** The accounts of people whom identity providers vouch for. Issuer and subject say who somebody is, nothing else. */
export class People {
  readonly #context: PeopleContext;

  constructor(context: PeopleContext) {
    this.#context = context;
  }

  /**
   * The account of the person whom verified claims are about, with the name, address and groups that they
   * tell. It is created when the person is new.
   *
   * @throws SignInRefusal for a person who may not sign in, whose account is disabled, or whose address is
   *   that of somebody else's account
   */
  async recognise(provider: IdentityProvider, claims: Claims): Promise<Account> {
    const person = this.#personOf(provider, claims);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = await this.#find(provider, person);
      const account = known ?? (await this.#create(provider, person));
      if (account === undefined) continue;
      if (account.disabledAt !== undefined) throw new SignInRefusal('account_disabled');
      if (!(await this.#follow(account, person))) throw await this.#emailTaken(person);
      return await this.#update(account, provider, person);
    }
    throw await this.#emailTaken(person);
  }

  /**
   * Brings the groups and the name of an account up to date. The address stays when the new one is somebody
   * else's.
   *
   * @throws SignInRefusal for a person who may no longer sign in, or when the claims are another person's
   */
  async renew(account: Account, provider: IdentityProvider, claims: Claims): Promise<Account> {
    const person = this.#personOf(provider, claims);
    if (person.subject !== account.identity?.subject) throw new SignInRefusal('invalid_answer', 'subject');
    await this.#follow(account, person);
    return await this.#update(account, provider, person);
  }

  #personOf({ id, options }: IdentityProvider, claims: Claims): UpstreamPerson {
    if (lacksGroups(options, claims)) {
      this.#context.telemetry.logger.warn(
        { provider: id },
        'a person has no groups because there are too many of them; use roles instead',
      );
    }
    return readPerson(options, claims);
  }

  async #find(provider: IdentityProvider, { subject }: UpstreamPerson): Promise<Account | undefined> {
    const { accounts, store } = this.#context;
    const id = await store.get(records.accountByIdentity(provider.options.issuer, subject));
    return id === undefined ? undefined : await accounts.find(id);
  }

  /** Answers undefined when another process was faster. */
  async #create(provider: IdentityProvider, person: UpstreamPerson): Promise<Account | undefined> {
    const { accounts, store, telemetry } = this.#context;
    const { email, name } = person;
    const identity = identityOf(provider, person);
    const key = records.accountByIdentity(identity.issuer, identity.subject);
    const stale = await store.get(key);
    const role = roleOf(provider, person) ?? 'member';
    const created = await accounts.adopt({ email, name, role, identity, groups: [...person.groups] });
    const account = created ?? (await this.#unfinished(email, identity));
    if (account === undefined) throw await this.#emailTaken(person);
    // What is left of a removed account gives way.
    const won = await store.swap(key, stale, account.id, 'permanent');
    if (!won) {
      if (created !== undefined && (await store.get(key)) !== created.id) await accounts.discard(created);
      return undefined;
    }
    telemetry.audit({
      action: 'account.created',
      outcome: 'success',
      subject: account.id,
      details: { role, provider: provider.id },
    });
    return account;
  }

  /** The account of the same person that another process is about to create, or broke off creating. */
  async #unfinished(
    email: string,
    { issuer, subject }: ReturnType<typeof identityOf>,
  ): Promise<Account | undefined> {
    const holder = await this.#context.accounts.findByEmail(email);
    const { identity } = holder ?? {};
    return identity?.issuer === issuer && identity.subject === subject ? holder : undefined;
  }

  /** Takes over a new address; answers whether the account has the one that the provider tells. */
  async #follow(account: Account, { email }: UpstreamPerson): Promise<boolean> {
    if (canonicalEmail(email) === account.email) return true;
    return await this.#context.accounts.moveEmail(account.id, email);
  }

  /** Tells the operator whose it is. */
  async #emailTaken({ email }: UpstreamPerson): Promise<SignInRefusal> {
    const holder = await this.#context.accounts.idOf(canonicalEmail(email));
    return new SignInRefusal('email_taken', holder === undefined ? undefined : `account ${holder}`);
  }

  async #update(account: Account, provider: IdentityProvider, person: UpstreamPerson): Promise<Account> {
    const change: AccountChange = {
      identity: identityOf(provider, person),
      groups: [...person.groups],
      role: roleOf(provider, person) ?? account.role,
      name: person.name.trim().slice(0, MAX_NAME_LENGTH) || account.name,
    };
    return await this.#context.accounts.update(account.id, change);
  }
}

function identityOf({ id, options: { issuer } }: IdentityProvider, { subject }: UpstreamPerson) {
  return { provider: id, issuer, subject };
}

/** The role that the groups give; undefined where groups have no say in it. */
function roleOf({ options }: IdentityProvider, { groups }: UpstreamPerson): Account['role'] | undefined {
  const { ownerGroups } = options;
  if (ownerGroups.length === 0) return undefined;
  return groups.some((group) => ownerGroups.includes(group)) ? 'owner' : 'member';
}
