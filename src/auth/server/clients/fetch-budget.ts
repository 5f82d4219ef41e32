import { LRUCache } from 'lru-cache';
import { networkOf } from '../../network.ts';

const WINDOW_MS = 60_000;
const REMEMBERED = 1000;

interface FetchLimits {
  /** In a minute, for the requests of one network. */
  readonly perNetwork: number;
  /** In a minute, whoever asks. */
  readonly inAll: number;
}

/** How often this process may still fetch something in this minute. */
class FetchBudget {
  readonly #limits: FetchLimits;
  readonly #spent = new LRUCache<string, number>({ max: REMEMBERED });
  #total = 0;
  #windowEnds = 0;

  constructor(limits: FetchLimits) {
    this.#limits = limits;
  }

  /** Counts a fetch; answers whether it may happen. One that may not costs nobody else anything. */
  spend(address: string | undefined, now: number): boolean {
    if (now >= this.#windowEnds || now < this.#windowEnds - WINDOW_MS) {
      this.#windowEnds = now + WINDOW_MS;
      this.#spent.clear();
      this.#total = 0;
    }
    if (this.#total >= this.#limits.inAll) return false;
    if (address !== undefined && !this.#spendOf(networkOf(address))) return false;
    this.#total += 1;
    return true;
  }

  #spendOf(network: string): boolean {
    const spent = this.#spent.get(network) ?? 0;
    if (spent >= this.#limits.perNetwork) return false;
    this.#spent.set(network, spent + 1);
    return true;
  }
}

/** For whatever a client names by its address. */
const LIMITS: FetchLimits = { perNetwork: 30, inAll: 300 };

/**
 * How often this process may fetch what clients name: what is not known yet, and apart from that what was good
 * before, so that strangers cannot use that up.
 */
export class AcquaintedBudget {
  readonly #good = new LRUCache<string, true>({ max: REMEMBERED });
  readonly #strangers = new FetchBudget(LIMITS);
  readonly #acquainted = new FetchBudget(LIMITS);

  /** As {@link FetchBudget.spend}. */
  spend(url: string, address: string | undefined, now: number): boolean {
    const budget = this.#good.has(url) ? this.#acquainted : this.#strangers;
    return budget.spend(address, now);
  }

  /** Takes note that what is there is in order. */
  provedGood(url: string): void {
    this.#good.set(url, true);
  }
}
