import { AppError } from './errors.ts';
import { FairPlaces, type Taker } from './fair-places.ts';

const IDLE_MS = 60_000;

/** A process that works for one caller at a time. */
export interface WarmProcess {
  /** Whether it can be asked again. */
  readonly isAlive: boolean;
  kill(): void;
}

/** As many processes as work is done at the same time, in turn by person, and for a minute those that have done some. */
export class WarmProcesses<P extends WarmProcess> {
  readonly #start: () => P;
  readonly #places: FairPlaces;
  readonly #idle = new Map<P, NodeJS.Timeout>();
  readonly #all = new Set<P>();
  #isClosed = false;

  constructor(size: number, start: () => P) {
    this.#start = start;
    this.#places = new FairPlaces(size);
  }

  /**
   * Release it, whatever came of it.
   *
   * @throws AppError `BUSY`; `CANCELLED` at the end of the service; the signal's reason
   */
  async acquire(taker: Taker): Promise<{ readonly process: P; readonly release: () => void }> {
    const leave = await this.#places.take(taker);
    try {
      let isHeld = true;
      const process = this.#takeIdle() ?? this.#startOne();
      return {
        process,
        release: () => {
          if (isHeld) this.#keep(process);
          isHeld = false;
          leave();
        },
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  async with<T>(taker: Taker, work: (process: P) => Promise<T>): Promise<T> {
    const { process, release } = await this.acquire(taker);
    try {
      return await work(process);
    } finally {
      release();
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#idle.values()) clearTimeout(timer);
    this.#idle.clear();
    for (const process of this.#all) process.kill();
    this.#all.clear();
  }

  #startOne(): P {
    if (this.#isClosed) throw new AppError('CANCELLED', 'The server is ending.');
    const process = this.#start();
    this.#all.add(process);
    return process;
  }

  /** The one that was used last: the others may come to their end. */
  #takeIdle(): P | undefined {
    for (const [process, timer] of [...this.#idle].reverse()) {
      clearTimeout(timer);
      this.#idle.delete(process);
      if (process.isAlive) return process;
      this.#all.delete(process);
    }
    return undefined;
  }

  #keep(process: P): void {
    if (!process.isAlive || !this.#all.has(process)) {
      this.#all.delete(process);
      return;
    }
    const timer = setTimeout(() => {
      this.#idle.delete(process);
      this.#all.delete(process);
      process.kill();
    }, IDLE_MS);
    this.#idle.set(process, timer.unref());
  }
}
