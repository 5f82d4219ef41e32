import { FairPlaces, type Taker } from '../../../core/fair-places.ts';
import type { Release } from '../../../core/fair-limiter.ts';

const IN_ALL = 32;
const PER_HOST = 4;

/**
 * Bounds how many pages are fetched at the same time, from one host and in all: one slow host holds few places, and one
 * person not all of its.
 */
export class HostSlots {
  readonly #all = new FairPlaces(IN_ALL);
  readonly #hosts = new Map<string, { readonly places: FairPlaces; users: number }>();

  /** @throws AppError `BUSY`; the signal's reason */
  async acquire(host: string, taker: Taker): Promise<Release> {
    const entry = this.#hosts.get(host) ?? { places: new FairPlaces(PER_HOST), users: 0 };
    this.#hosts.set(host, entry);
    entry.users++;
    const leave = (): void => {
      entry.users--;
      if (entry.users === 0) this.#hosts.delete(host);
    };
    let ofHost: Release | undefined;
    try {
      // Always in this order: who holds a place in all waits for nothing.
      ofHost = await entry.places.take(taker);
      const ofAll = await this.#all.take(taker);
      const held = ofHost;
      return () => {
        ofAll();
        held();
        leave();
      };
    } catch (error) {
      ofHost?.();
      leave();
      throw error;
    }
  }
}
