export interface PaceLimits {
  /** Waits until nothing has come for so long, … */
  readonly quietMs: number;
  /** … but no longer than this; and works no more often than that. */
  readonly intervalMs: number;
}

/**
 * Does a piece of work some time after it was asked for: once for a burst, never twice at the same time,
 * and always once more after the last time of asking.
 */
export class Pace {
  readonly #work: () => Promise<void>;
  readonly #limits: PaceLimits;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #askedAt: number | undefined;
  #endedAt = -Infinity;
  #isClosed = false;

  /** `work` rejects never. */
  constructor(work: () => Promise<void>, limits: PaceLimits) {
    this.#work = work;
    this.#limits = limits;
  }

  ask(): void {
    const now = performance.now();
    this.#askedAt ??= now;
    if (this.#running === undefined) this.#schedule(now);
  }

  /** Ends the waiting; what is being worked on is waited for. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(now: number): void {
    if (this.#isClosed || this.#askedAt === undefined) return;
    const { quietMs, intervalMs } = this.#limits;
    const quietAt = Math.min(now + quietMs, this.#askedAt + intervalMs);
    const at = Math.max(quietAt, this.#endedAt + intervalMs);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#running = this.#run();
      },
      Math.max(0, at - now),
    ).unref();
  }

  async #run(): Promise<void> {
    this.#askedAt = undefined;
    await this.#work();
    this.#running = undefined;
    this.#endedAt = performance.now();
    this.#schedule(this.#endedAt);
  }
}
