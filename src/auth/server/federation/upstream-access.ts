import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { Clock } from '../../../core/clock.ts';
import { MAX_SEALED_LIFETIME } from '../../../core/lifetimes.ts';
import type { Store } from '../../../core/store.ts';
import type { Telemetry } from '../../../core/telemetry.ts';
import type { Claims } from '../../claims.ts';
import type { Account, Accounts } from '../accounts/accounts.ts';
import type { Grants } from '../tokens/grants.ts';
import type { KeyRing } from '../keys.ts';
import { records } from '../state/records.ts';
import { endSessions } from '../accounts/sessions.ts';
import type { IdentityProvider } from './identity-provider.ts';
import type { IdentityProviders } from './identity-providers.ts';
import type { People } from './people.ts';
import { faultOf, SignInRefusal } from './sign-in-refusal.ts';
import { unreachable } from './upstream-fetch.ts';

export interface UpstreamAccessContext {
  readonly identityProviders: IdentityProviders;
  readonly people: People;
  readonly accounts: Accounts;
  readonly grants: Grants;
  readonly store: Store;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Who asks for something in the person's name; for the audit log. */
interface Occasion {
  readonly clientId?: string;
  readonly address?: string;
}

/** Whether the identity provider stands behind a person: as what, or why no longer. */
export type Standing = { readonly account: Account } | { readonly ended: string };

const knowledge = z.object({
  /** Whose refresh token it is: it goes to nobody else, whatever is configured under the same id later. */
  issuer: z.string(),
  /** Milliseconds since the epoch, as the next. */
  checkedAt: z.number(),
  signedInAt: z.number(),
  /** Sealed. Absent where the provider gave none. */
  refreshToken: z.string().optional(),
});

type Knowledge = z.output<typeof knowledge>;

interface Known {
  readonly account: Account;
  readonly provider: IdentityProvider;
  readonly knowledge: Knowledge;
  /** As it was read: what a swap expects. */
  readonly value: string;
}

const PURPOSE = 'upstream refresh token';
/** Longer than one check can take: five requests of five seconds. */
const CHECK_TTL = 60;
const WAIT_MS = 100;
const WAITS = 150;
/** For how long a provider that could not be reached is not asked again. */
const PAUSE_MS = 5000;

/**
 * Keeps what is known of people as fresh as the operator wants: asks the identity provider again with the
 * refresh token of the last sign-in. These tokens rotate, so one process at a time asks about a person.
 */
export class UpstreamAccess {
  readonly #context: UpstreamAccessContext;
  readonly #pausedUntil = new Map<string, number>();

  constructor(context: UpstreamAccessContext) {
    this.#context = context;
  }

  /** Notes that the person has just signed in. */
  async begin(account: Account, provider: IdentityProvider, refreshToken: string | undefined): Promise<void> {
    const now = this.#context.clock.now();
    const { issuer } = provider.options;
    const before = (await this.#read(account))?.knowledge.refreshToken;
    // Some providers give one at the first sign-in only.
    const token = refreshToken ?? (before === undefined ? undefined : await this.#open(account.id, before));
    const value = await this.#write(account.id, { issuer, checkedAt: now, signedInAt: now }, token);
    await this.#context.store.put(records.upstream(account.id), value, MAX_SEALED_LIFETIME);
  }

  /**
   * The account with groups that are fresh enough for a token, or why there can be none. A person whom the
   * provider no longer vouches for is cut off: signed out, and every client's access ended.
   *
   * @throws AppError `UNAVAILABLE` when the provider cannot be reached, and was not for too long
   */
  async confirm(account: Account, occasion: Occasion = {}): Promise<Standing> {
    for (let waited = 0; waited < WAITS; waited++) {
      const known = await this.#read(account);
      if (known === undefined) return await this.#signOut(account);
      if (this.#isFresh(known)) return { account };
      const { refreshToken } = known.knowledge;
      const token = refreshToken === undefined ? undefined : await this.#open(account.id, refreshToken);
      if (token === undefined) return await this.#bySignInAge(known);
      const standing = await this.#alone(account.id, async () => await this.#ask(account, token, occasion));
      if (standing !== undefined) return standing;
      await delay(WAIT_MS);
    }
    throw unreachable(new Error('another process has not finished asking'));
  }

  /** The account as it is now, for who is signed in; undefined for who has to sign in again. */
  async current(account: Account, occasion?: Occasion): Promise<Account | undefined> {
    if (account.identity === undefined) return account;
    const standing = await this.confirm(account, occasion);
    return 'account' in standing ? standing.account : undefined;
  }

  /** Does the work unless another process is at it. */
  async #alone(accountId: string, work: () => Promise<Standing | undefined>): Promise<Standing | undefined> {
    const { store } = this.#context;
    const key = records.upstreamCheck(accountId);
    const mine = randomBytes(12).toString('base64url');
    if (!(await store.swap(key, undefined, mine, CHECK_TTL))) return undefined;
    try {
      return await work();
    } finally {
      await store.swap(key, mine, undefined, CHECK_TTL);
    }
  }

  /** Answers undefined where the person's state has changed meanwhile: then it is to be looked at again. */
  async #ask(account: Account, token: string, occasion: Occasion): Promise<Standing | undefined> {
    const known = await this.#read(account);
    if (known === undefined || this.#isFresh(known)) return undefined;
    const stored = known.knowledge.refreshToken;
    // Another process has used it before this one's turn came.
    if (stored === undefined || (await this.#open(account.id, stored)) !== token) return undefined;
    let { value } = known;
    let newest = token;
    const keep = async (next: Knowledge): Promise<void> => {
      const before = value;
      value = await this.#write(account.id, next, newest);
      // A sign-in that came between has left what is newer still.
      await this.#context.store.swap(records.upstream(account.id), before, value, MAX_SEALED_LIFETIME);
    };
    try {
      const claims = await this.#request(known.provider, token, async (next) => {
        newest = next;
        await keep(known.knowledge);
      });
      await keep({ ...known.knowledge, checkedAt: this.#context.clock.now() });
      // Neither an ID token nor userinfo: the groups are no fresher for it.
      if (!('sub' in claims)) return await this.#bySignInAge(known);
      return { account: await this.#context.people.renew(account, known.provider, claims) };
    } catch (error) {
      if (!(error instanceof SignInRefusal)) return this.#outage(known, error);
      return await this.#cutOff({ ...known, value }, error, occasion);
    }
  }

  async #request(
    provider: IdentityProvider,
    token: string,
    keep: (next: string) => Promise<void>,
  ): Promise<Claims> {
    const { clock } = this.#context;
    if ((this.#pausedUntil.get(provider.id) ?? 0) > clock.now()) throw unreachable();
    try {
      return await provider.refresh(token, keep);
    } catch (error) {
      if (!(error instanceof SignInRefusal)) this.#pausedUntil.set(provider.id, clock.now() + PAUSE_MS);
      throw error;
    }
  }

  /** What is known serves for a while. */
  #outage({ account, provider, knowledge: { checkedAt } }: Known, error: unknown): Standing {
    const { clock, telemetry } = this.#context;
    const { recheckSeconds, outageSeconds } = provider.options;
    telemetry.logger.warn(
      { provider: provider.id, fault: faultOf(error) },
      'The identity provider cannot be asked about a person',
    );
    const age = (clock.now() - checkedAt) / 1000;
    if (age <= recheckSeconds + outageSeconds) return { account };
    throw error;
  }

  async #cutOff(
    { account, provider, value }: Known,
    refusal: SignInRefusal,
    occasion: Occasion,
  ): Promise<Standing | undefined> {
    const { grants, store, telemetry } = this.#context;
    // Whoever has signed in again since is not the one who was refused.
    if (!(await store.swap(records.upstream(account.id), value, undefined, 1))) return undefined;
    await endSessions(store, account.id);
    const { length: ended } = await grants.revokeAll(account.id);
    telemetry.audit({
      action: 'account.cut_off',
      outcome: 'denied',
      subject: account.id,
      ...occasion,
      details: {
        reason: refusal.reason,
        provider: provider.id,
        grants: ended,
        ...(refusal.detail === undefined ? {} : { error: refusal.detail }),
      },
    });
    return { ended: 'the identity provider no longer vouches for the person' };
  }

  async #bySignInAge({ account, provider, knowledge: { signedInAt } }: Known): Promise<Standing> {
    const age = (this.#context.clock.now() - signedInAt) / 1000;
    if (age < provider.options.signInMaxAgeSeconds) return { account };
    return await this.#signOut(account);
  }

  /** Leaves clients their grants, and lets the person sign in anew. */
  async #signOut({ id }: Account): Promise<Standing> {
    await endSessions(this.#context.store, id);
    return { ended: 'the person has to sign in again' };
  }

  #isFresh({ provider, knowledge: { checkedAt } }: Known): boolean {
    return this.#context.clock.now() - checkedAt < provider.options.recheckSeconds * 1000;
  }

  async #read(account: Account): Promise<Known | undefined> {
    const provider = this.#context.identityProviders.get(account.identity?.provider ?? '');
    const value = await this.#context.store.get(records.upstream(account.id));
    if (provider === undefined || value === undefined) return undefined;
    const parsed = knowledge.parse(JSON.parse(value));
    if (parsed.issuer !== provider.options.issuer) return undefined;
    return { account, provider, knowledge: parsed, value };
  }

  async #write(accountId: string, next: Knowledge, token: string | undefined): Promise<string> {
    const { sealer } = this.#context.keyRing;
    const refreshToken =
      token === undefined
        ? undefined
        : await sealer.seal(PURPOSE, { account: accountId, token }, MAX_SEALED_LIFETIME);
    return JSON.stringify({ ...next, refreshToken });
  }

  async #open(accountId: string, sealed: string): Promise<string | undefined> {
    const opened = await this.#context.keyRing.sealer.open(PURPOSE, sealed);
    const { account, token } = opened ?? {};
    return account === accountId && typeof token === 'string' ? token : undefined;
  }
}
