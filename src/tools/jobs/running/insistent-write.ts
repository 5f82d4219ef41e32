import { setTimeout as delay } from 'node:timers/promises';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;
const GIVE_UP_MS = 3_600_000;

/** A write that is tried again until the store takes it: for an hour at the most, or until the process ends. */
export class InsistentWrite {
  /** Whether the store has taken it. Never rejects. */
  readonly done: Promise<boolean>;
  readonly #write: () => Promise<void>;
  readonly #last = new AbortController();
  #error: unknown;

  constructor(write: () => Promise<void>) {
    this.#write = write;
    this.done = this.#insist();
  }

  /** Why it was not taken the last time. */
  get error(): unknown {
    return this.#error;
  }

  /** Tries it at once, for the last time. */
  finish(): void {
    this.#last.abort();
  }

  async #insist(): Promise<boolean> {
    const { signal } = this.#last;
    const until = performance.now() + GIVE_UP_MS;
    let isLast = false;
    for (let pauseMs = FIRST_PAUSE_MS; !isLast; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      isLast = signal.aborted || performance.now() > until;
      try {
        await this.#write();
        return true;
      } catch (error) {
        this.#error = error;
      }
      // Cut short when it is to be the last.
      if (!isLast) await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    return false;
  }
}
