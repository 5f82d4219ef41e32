import { AppError } from './errors.ts';

export type Release = () => void;

interface Waiter {
  start(): void;
}

/**
 * A bound on what runs or is open at the same time over all callers. Those who wait are served in order;
 * who takes a place must not wait for a second one while holding it.
 */
export class Slots {
  readonly #size: number;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<Waiter>();
  #taken = 0;

  constructor(size: number, maxWaiting = 1000) {
    this.#size = size;
    this.#maxWaiting = maxWaiting;
  }

  /** @throws AppError `BUSY` when too many wait already; the signal's reason when it aborts while waiting */
  async acquire(signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    if (this.#taken < this.#size) this.#taken++;
    else await this.#wait(signal);
    let isHeld = true;
    return () => {
      if (isHeld) this.#pass();
      isHeld = false;
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting) {
      return Promise.reject(new AppError('BUSY', 'The server is busy with other work.', { retryAfter: 2 }));
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        start: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = (): void => {
        this.#waiting.delete(waiter);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.add(waiter);
    });
  }

  /** Hands the place to who has waited longest. */
  #pass(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#taken--;
      return;
    }
    this.#waiting.delete(next);
    next.start();
  }
}
