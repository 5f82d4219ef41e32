import type { Clock } from '../../core/clock.ts';

const WINDOW_MS = 60_000;

interface Limits {
  readonly each: number;
  readonly inAll: number;
}

/** How much each of many, and all of them together, may have within a minute. */
export class MinuteBudget {
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #taken = new Map<string, number>();
  #total = 0;
  #windowEnds = 0;

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Takes one if there is one left; answers whether there was. */
  take(who: string): boolean {
    this.#turnWindow();
    const taken = this.#taken.get(who) ?? 0;
    if (taken >= this.#limits.each || this.#total >= this.#limits.inAll) return false;
    this.#taken.set(who, taken + 1);
    this.#total += 1;
    return true;
  }

  #turnWindow(): void {
    const now = this.#clock.now();
    if (now < this.#windowEnds && now >= this.#windowEnds - WINDOW_MS) return;
    this.#windowEnds = now + WINDOW_MS;
    this.#taken.clear();
    this.#total = 0;
  }
}
