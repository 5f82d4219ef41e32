import { FairLimiter, type Release } from './fair-limiter.ts';

const MAX_WAITING = 32;
/** How long somebody waits for a place before it is `BUSY`. */
export const MAX_WAIT_MS = 10_000;

/** Who takes a place, and for how long it is wanted. */
export interface Taker {
  readonly subject: string;
  readonly signal: AbortSignal;
}

/** Places for work, given in turn to the people who wait. One person never takes the last of several. */
export class FairPlaces {
  readonly #limiter: FairLimiter;

  constructor(size: number) {
    this.#limiter = new FairLimiter({
      global: size,
      perPrincipal: Math.max(1, size - 1),
      queuePerPrincipal: MAX_WAITING,
      queueWaitMs: MAX_WAIT_MS,
    });
  }

  /** @throws AppError `BUSY`; the signal's reason */
  async take({ subject, signal }: Taker): Promise<Release> {
    signal.throwIfAborted();
    return this.#limiter.tryAcquire(subject) ?? (await this.#limiter.acquire(subject, signal));
  }
}
