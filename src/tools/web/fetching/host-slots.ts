import { type Release, Slots } from '../../../core/slots.ts';

const IN_ALL = 32;
const PER_HOST = 4;
const MAX_WAITING_PER_HOST = 32;

/** Bounds how many pages are fetched at the same time, from one host and in all: one slow host holds few places. */
export class HostSlots {
  readonly #all = new Slots(IN_ALL, 256);
  readonly #hosts = new Map<string, { readonly slots: Slots; users: number }>();

  /** @throws AppError `BUSY`; the signal's reason */
  async acquire(host: string, signal: AbortSignal): Promise<Release> {
    const entry = this.#hosts.get(host) ?? { slots: new Slots(PER_HOST, MAX_WAITING_PER_HOST), users: 0 };
    this.#hosts.set(host, entry);
    entry.users++;
    const leave = (): void => {
      entry.users--;
      if (entry.users === 0) this.#hosts.delete(host);
    };
    let ofHost: Release | undefined;
    try {
      // Always in this order: who holds a place in all waits for nothing.
      ofHost = await entry.slots.acquire(signal);
      const ofAll = await this.#all.acquire(signal);
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
