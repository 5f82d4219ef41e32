import { AppError } from './errors.ts';

export interface ConcurrencyLimits {
  readonly global: number;
  readonly perPrincipal: number;
  readonly queuePerPrincipal: number;
  readonly queueWaitMs: number;
}

/** Gives a place back. Called once, when the work has really ended. */
export type Release = () => void;

interface Waiter {
  /** As {@link FairLimiter.acquire}. */
  readonly most: number | undefined;
  grant(): void;
}

interface Lane {
  running: number;
  readonly waiting: Waiter[];
}

/**
 * Places for what runs at the same time, limited for each key and over all. Keys that wait are served in turn, one
 * place each, so that a key with many waiting calls cannot starve one with few.
 */
export class FairLimiter {
  readonly #limits: ConcurrencyLimits;
  readonly #lanes = new Map<string, Lane>();
  /** Keys with somebody waiting, the next to be served first. */
  readonly #turns = new Set<string>();
  #running = 0;

  constructor(limits: ConcurrencyLimits) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  /** Keys that are remembered: those with a call that runs or waits. */
  get keys(): number {
    return this.#lanes.size;
  }

  /** A place at once, or undefined when the caller has to wait. `most` is as for {@link acquire}. */
  tryAcquire(key: string, most?: number): Release | undefined {
    const lane = this.#lane(key);
    // Nobody is overtaken: a place that comes free goes to who waits for it at once.
    return this.#hasPlace(lane, most) ? this.#occupy(key, lane) : undefined;
  }

  /**
   * Waits for a place.
   *
   * @param most How many of the key may run when this one does, where that is less than for every key.
   * @throws AppError `BUSY` when the queue is full or the wait too long; the signal's reason when it aborts.
   */
  acquire(key: string, signal: AbortSignal, most?: number): Promise<Release> {
    const lane = this.#lane(key);
    if (lane.waiting.length >= this.#limits.queuePerPrincipal) {
      this.#forgetIfIdle(key, lane);
      return Promise.reject(busy(lane.waiting.length));
    }
    return new Promise((resolve, reject) => {
      const leave = (error: Error): void => {
        const index = lane.waiting.indexOf(waiter);
        if (index >= 0) lane.waiting.splice(index, 1);
        if (lane.waiting.length === 0) this.#turns.delete(key);
        this.#forgetIfIdle(key, lane);
        settle();
        reject(error);
      };
      const onAbort = (): void => {
        leave(signal.reason as Error);
      };
      const timer = setTimeout(() => {
        leave(busy(lane.waiting.length));
      }, this.#limits.queueWaitMs);
      const settle = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        most,
        grant: () => {
          settle();
          resolve(this.#occupy(key, lane));
        },
      };
      if (signal.aborted) {
        leave(signal.reason as Error);
        return;
      }
      signal.addEventListener('abort', onAbort, { once: true });
      lane.waiting.push(waiter);
      this.#turns.add(key);
    });
  }

  #lane(key: string): Lane {
    const known = this.#lanes.get(key);
    if (known) return known;
    const lane: Lane = { running: 0, waiting: [] };
    this.#lanes.set(key, lane);
    return lane;
  }

  #hasPlace(lane: Lane, most = this.#limits.perPrincipal): boolean {
    const ofKey = Math.min(most, this.#limits.perPrincipal);
    return this.#running < this.#limits.global && lane.running < ofKey;
  }

  #occupy(key: string, lane: Lane): Release {
    this.#running++;
    lane.running++;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#running--;
      lane.running--;
      this.#serve();
      this.#forgetIfIdle(key, lane);
    };
  }

  #serve(): void {
    for (const key of this.#turns) {
      if (this.#running >= this.#limits.global) return;
      const lane = this.#lane(key);
      if (!this.#hasPlace(lane, lane.waiting[0]?.most)) continue;
      const waiter = lane.waiting.shift();
      // To the back of the row, if more of this key wait.
      this.#turns.delete(key);
      if (lane.waiting.length > 0) this.#turns.add(key);
      waiter?.grant();
    }
  }

  #forgetIfIdle(key: string, lane: Lane): void {
    if (lane.running === 0 && lane.waiting.length === 0) this.#lanes.delete(key);
  }
}

function busy(waiting: number): AppError {
  return new AppError(
    'BUSY',
    `The server is at its limit of concurrent calls; ${waiting} of yours wait already.`,
    {
      next: 'wait for your running calls to end, then make the same call again',
      retryAfter: 2,
    },
  );
}
