import type { JSONWebKeySet } from 'jose';
import { JWKSMultipleMatchingKeys, JWKSNoMatchingKey } from 'jose/errors';
import { createLocalJWKSet } from 'jose/jwks/local';
import type { Clock } from '../../../core/clock.ts';
import type { Logger } from '../../../core/telemetry.ts';
import { invalidToken } from '../../token-fault.ts';

export interface IssuerKeysContext {
  readonly issuer: string;
  /** Fetches the key set. */
  readonly fetchKeys: () => Promise<Readonly<Record<string, unknown>>>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Age from which keys are fetched anew, in seconds. */
  readonly refreshSeconds: number;
  /** The least time between two fetches, in seconds. */
  readonly cooldownSeconds: number;
  /** How long keys serve beyond that age, while they cannot be fetched, in seconds. */
  readonly staleSeconds: number;
}

type FindKey = ReturnType<typeof createLocalJWKSet>;

interface KnownKeys {
  /** To tell whether they have changed. */
  readonly text: string;
  readonly find: FindKey;
}

interface FoundKey {
  readonly key: Awaited<ReturnType<FindKey>>;
  readonly set: object;
}

/**
 * The public keys of an issuer. They are fetched in the background when they get old, and at once for a token
 * whose key is unknown, but never more often than once in a cooldown, whoever sends what. While they cannot be
 * fetched, the known ones serve for a bounded time.
 */
export class IssuerKeys {
  readonly #context: IssuerKeysContext;
  #known: KnownKeys | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  /** When the latest attempt began. */
  #askedAt = Number.NEGATIVE_INFINITY;
  /** When the latest attempt ended, with keys or without. */
  #answeredAt = Number.NEGATIVE_INFINITY;
  /** Why the last attempt failed; undefined after one that did not. */
  #failure: Error | undefined;
  #attempt: Promise<void> | undefined;

  constructor(context: IssuerKeysContext) {
    this.#context = context;
  }

  /** Why the keys could not be fetched when that was last tried. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** The keys that serve now: the same object until they change, undefined without any that may serve. */
  get current(): object | undefined {
    const settled = this.#areSettled();
    this.freshen();
    return settled ? this.#known : undefined;
  }

  /** Fetches the keys in the background if they are due. */
  freshen(): void {
    if (seconds(this.#age(this.#fetchedAt)) >= this.#context.refreshSeconds && !this.#coolsDown()) {
      void this.#fetch();
    }
  }

  /**
   * The key that a token says it is signed with, and the set that it is of: {@link current} as long as that
   * serves.
   *
   * @throws JWKSNoMatchingKey when the issuer has no such key, Error when that cannot be told
   */
  async find(...token: Parameters<FindKey>): Promise<FoundKey> {
    // After a while without requests a key must not be taken that the issuer has withdrawn meanwhile.
    if (this.#areSettled()) this.freshen();
    else await this.#fetchUnlessCooling();
    try {
      return await findIn(this.#usable(), token);
    } catch (error) {
      if (!(error instanceof JWKSNoMatchingKey)) throw error;
      await this.#fetchUnlessCooling();
      // What is unknown because nobody could be asked is not thereby wrong.
      if (this.#failure !== undefined) throw this.#failure;
      return await findIn(this.#usable(), token);
    }
  }

  #usable(): KnownKeys {
    const { refreshSeconds, staleSeconds } = this.#context;
    if (this.#known !== undefined && seconds(this.#age(this.#fetchedAt)) <= refreshSeconds + staleSeconds) {
      return this.#known;
    }
    throw this.#failure ?? new Error(`The keys of ${this.#context.issuer} are not known`);
  }

  /** Whether the known keys serve, and whether there are newer ones was asked not long ago. */
  #areSettled(): boolean {
    const { refreshSeconds, staleSeconds } = this.#context;
    return (
      this.#known !== undefined &&
      seconds(this.#age(this.#fetchedAt)) <= refreshSeconds + staleSeconds &&
      seconds(this.#age(this.#answeredAt)) <= 2 * refreshSeconds
    );
  }

  #coolsDown(): boolean {
    return seconds(this.#age(this.#askedAt)) < this.#context.cooldownSeconds;
  }

  /** Milliseconds since then. After a clock was set back nothing is young. */
  #age(then: number): number {
    const age = this.#context.clock.now() - then;
    return age < 0 ? Number.POSITIVE_INFINITY : age;
  }

  async #fetchUnlessCooling(): Promise<void> {
    if (this.#attempt !== undefined || !this.#coolsDown()) await this.#fetch();
  }

  /** Never rejects: what came of it stands in `failure`. */
  #fetch(): Promise<void> {
    this.#attempt ??= this.#replace().finally(() => {
      this.#attempt = undefined;
    });
    return this.#attempt;
  }

  async #replace(): Promise<void> {
    const { clock, issuer, logger, fetchKeys } = this.#context;
    const startedAt = clock.now();
    this.#askedAt = startedAt;
    try {
      const set = await fetchKeys();
      const text = JSON.stringify(set);
      if (this.#known?.text !== text) this.#known = { text, find: createLocalJWKSet(checked(set)) };
      this.#fetchedAt = startedAt;
      if (this.#failure !== undefined) logger.info({ issuer }, 'the keys of the issuer can be fetched again');
      this.#failure = undefined;
    } catch (error) {
      this.#failure = new Error(`The keys of ${issuer} cannot be fetched`, { cause: error });
      logger.warn({ issuer, err: error }, 'the keys of the issuer cannot be fetched');
    } finally {
      this.#answeredAt = clock.now();
    }
  }
}

async function findIn(set: KnownKeys, token: Parameters<FindKey>): Promise<FoundKey> {
  try {
    return { key: await set.find(...token), set };
  } catch (error) {
    if (!(error instanceof JWKSMultipleMatchingKeys)) throw error;
    throw invalidToken('The access token does not say which key signed it.');
  }
}

function seconds(milliseconds: number): number {
  return milliseconds / 1000;
}

/** An issuer without any key has none for the moment; those that are known are better than that. */
function checked(set: Readonly<Record<string, unknown>>): JSONWebKeySet {
  const { keys } = set;
  if (!Array.isArray(keys) || keys.length === 0) throw new Error('The key set has no keys');
  // createLocalJWKSet checks each of them.
  return { keys: keys as JSONWebKeySet['keys'] };
}
