import { LRUCache } from 'lru-cache';
import { networkOf } from './network.ts';

const WINDOW_MS = 60_000;
const REMEMBERED = 1000;

interface FetchLimits {
  /** In a minute, for the requests of one network. */
  readonly perNetwork: number;
  /** In a minute, whoever asks. */
  readonly inAll: number;
}

/** How often this process may still fetch something in this minute. */
export class FetchBudget {
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
