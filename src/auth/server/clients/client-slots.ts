import { randomInt } from 'node:crypto';
import type { Store } from '../../../core/store.ts';
import { prefixes, records } from '../state/records.ts';
import { scanAll } from '../state/scan-all.ts';

interface SlotsContext {
  readonly store: Store;
  /** How many places there are. */
  readonly size: number;
}

/**
 * A limited number of places for registered clients. Whoever takes one does so in one step, so that no
 * number of processes that register at the same time can exceed the limit.
 */
export class ClientSlots {
  readonly #store: Store;
  readonly #size: number;

  constructor({ store, size }: SlotsContext) {
    this.#store = store;
    this.#size = size;
  }

  /** Takes a free place and answers its number; undefined when there is none. */
  async claim(lifetime: number): Promise<number | undefined> {
    const taken = new Set<string>();
    for await (const key of scanAll(this.#store, prefixes.clientSlots)) taken.add(key);
    // Places beyond the size are left over from a time when the operator allowed more.
    if (taken.size >= this.#size) return undefined;
    const start = randomInt(this.#size);
    for (let step = 0; step < this.#size; step += 1) {
      const slot = (start + step) % this.#size;
      const key = records.clientSlot(slot);
      if (taken.has(key)) continue;
      if (await this.#store.swap(key, undefined, '', lifetime)) return slot;
    }
    return undefined;
  }

  /** Keeps a place that is taken. */
  async renew(slot: number, lifetime: number): Promise<void> {
    await this.#store.put(records.clientSlot(slot), '', lifetime);
  }

  async release(slot: number): Promise<void> {
    await this.#store.take(records.clientSlot(slot));
  }
}
