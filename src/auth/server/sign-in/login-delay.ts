import * as z from 'zod';
import type { Clock } from '../../../core/clock.ts';
import type { Store } from '../../../core/store.ts';
import type { AuthOptions } from '../../options.ts';
import { networkOf } from '../../network.ts';
import { records } from '../state/records.ts';

const failures = z.object({ count: z.number(), blockedUntil: z.number() });
type Failures = z.output<typeof failures>;

const NONE: Failures = { count: 0, blockedUntil: 0 };

/** Seconds after the longest delay for which failures are remembered. */
const MEMORY = 3600;

/** What guesses are counted by. */
interface Source {
  readonly kind: 'account' | 'address';
  readonly name: string;
  readonly freeAttempts: number;
}

/** Whoever tries to sign in. */
export interface LoginAttempt {
  readonly email: string;
  readonly address: string;
}

/**
 * Slows password guessing down: after some free attempts each failure doubles the time for which further
 * ones are refused, by account and by address, over all replicas. An attempt counts before its password
 * is looked at, so that guesses sent at the same time gain nothing.
 */
export class LoginDelay {
  readonly #options: AuthOptions['login'];
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(options: AuthOptions['login'], context: { readonly store: Store; readonly clock: Clock }) {
    this.#options = options;
    this.#store = context.store;
    this.#clock = context.clock;
  }

  /** Counts an attempt; answers the seconds to wait where it comes too early, which leaves it uncounted. */
  async begin(attempt: LoginAttempt): Promise<number | undefined> {
    for (const source of this.#sourcesOf(attempt)) {
      const wait = await this.#count(source);
      if (wait !== undefined) return wait;
    }
    return undefined;
  }

  /**
   * Forgets the failures of the account. Those of the address stay: one's own password must not buy more
   * guesses at others.
   */
  async succeeded(attempt: LoginAttempt): Promise<void> {
    await this.#store.take(records.failures('account', attempt.email));
  }

  /** As {@link begin}, for an attempt that names no account, and of which only failures count. */
  async waitOf(address: string): Promise<number | undefined> {
    const { kind, name } = this.#sourceOf(address);
    const stored = await this.#store.get(records.failures(kind, name));
    if (stored === undefined) return undefined;
    const left = failures.parse(JSON.parse(stored)).blockedUntil - this.#clock.now();
    return left > 0 ? Math.ceil(left / 1000) : undefined;
  }

  /** Counts a failure of an attempt that named no account. */
  async failed(address: string): Promise<void> {
    await this.#count(this.#sourceOf(address));
  }

  #sourceOf(address: string): Source {
    return {
      kind: 'address',
      name: networkOf(address),
      freeAttempts: this.#options.freeAttemptsPerAddress,
    };
  }

  #sourcesOf({ email, address }: LoginAttempt): Source[] {
    const { freeAttempts, freeAttemptsPerAddress } = this.#options;
    return [
      { kind: 'address', name: networkOf(address), freeAttempts: freeAttemptsPerAddress },
      { kind: 'account', name: email, freeAttempts },
    ];
  }

  async #count(source: Source): Promise<number | undefined> {
    const key = records.failures(source.kind, source.name);
    for (;;) {
      const stored = await this.#store.get(key);
      const { count, blockedUntil } = stored === undefined ? NONE : failures.parse(JSON.parse(stored));
      const now = this.#clock.now();
      if (now < blockedUntil) return Math.ceil((blockedUntil - now) / 1000);
      const delay = this.#delayAfter(count + 1, source.freeAttempts);
      const next: Failures = { count: count + 1, blockedUntil: now + delay * 1000 };
      const lifetime = this.#options.maxDelaySeconds + MEMORY;
      if (await this.#store.swap(key, stored, JSON.stringify(next), lifetime)) return undefined;
    }
  }

  /** Seconds for which the next attempt is refused after this many. */
  #delayAfter(count: number, freeAttempts: number): number {
    if (count < freeAttempts) return 0;
    const { baseDelaySeconds, maxDelaySeconds } = this.#options;
    return Math.min(baseDelaySeconds * 2 ** Math.min(count - freeAttempts, 30), maxDelaySeconds);
  }
}
