import { LRUCache } from 'lru-cache';
import type { Clock } from '../../../core/clock.ts';
import { AcquaintedBudget } from './fetch-budget.ts';

/** How long a document that could not be used is not asked for again. */
const COOLDOWN_MS = 60_000;
/** How long a fetch takes at most; whoever names the document meanwhile shares the answer. */
const FETCH_MS = 3000;
const REMEMBERED = 1000;

interface Attempt {
  readonly startedAt: number;
  /** Whether it came to nothing: there is no answer to share. */
  failed: boolean;
  /** The requests that this attempt has already served. */
  readonly requests: WeakSet<object>;
}

/** Who makes this server fetch a document. */
export interface FetchCause {
  /** The same object for everything that one request does. */
  readonly request: object;
  /** The address that the request came from; undefined where this server itself looks a client up. */
  readonly address: string | undefined;
}

/**
 * Holds back the fetching of client ID metadata documents: anybody can make this server try one by naming
 * it in an authorization request. A document counts as unusable until it has proved good, so a failure is
 * not repeated for a minute, and not twice for one request. What one network causes is bounded, and what
 * all cause together; all that is remembered is bounded as well.
 */
export class MetadataDocuments {
  readonly #clock: Clock;
  readonly #attempts = new LRUCache<string, Attempt>({ max: REMEMBERED });
  readonly #budget = new AcquaintedBudget();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the document may be fetched now for this request; counts the fetch. */
  mayFetch(clientId: string, { request, address }: FetchCause): boolean {
    const now = this.#clock.now();
    const last = this.#attempts.get(clientId);
    const attempt = last !== undefined && now < last.startedAt + COOLDOWN_MS ? last : undefined;
    if (attempt !== undefined && !isShared(attempt, request, now)) return false;
    if (!this.#budget.spend(clientId, address, now)) return false;
    const current = attempt ?? { startedAt: now, failed: false, requests: new WeakSet() };
    current.requests.add(request);
    this.#attempts.set(clientId, current);
    return true;
  }

  /** Takes note that the document was fetched and is in order. */
  provedGood(clientId: string): void {
    this.#attempts.delete(clientId);
    this.#budget.provedGood(clientId);
  }

  /** Takes note that the client could not be made known, where its document was fetched for that. */
  provedUseless(clientId: string): void {
    const attempt = this.#attempts.get(clientId);
    if (attempt !== undefined) attempt.failed = true;
  }
}

function isShared({ startedAt, failed, requests }: Attempt, request: object, now: number): boolean {
  return !failed && now < startedAt + FETCH_MS && !requests.has(request);
}
