/**
 * What a connection owes answers to. They come in the order of the commands, so one that answers slowly still
 * lives: only when none has come for a while, although some are owed, is it silent.
 */
export class RedisAnswers {
  readonly #owed = new Set<Promise<unknown>>();
  readonly #limitMs: number;
  readonly #onSilence: () => void;
  #isWatched = false;
  /** When the last answer came, or since when the first one is owed. */
  #heardAt = 0;

  constructor(limitMs: number, onSilence: () => void) {
    this.#limitMs = limitMs;
    this.#onSilence = onSilence;
  }

  async expect<T>(answer: Promise<T>): Promise<T> {
    if (this.#owed.size === 0) this.#heardAt = performance.now();
    this.#owed.add(answer);
    this.#watch(this.#limitMs);
    try {
      return await answer;
    } finally {
      this.#owed.delete(answer);
      this.#heardAt = performance.now();
    }
  }

  /** Resolves when nothing is owed of what is owed now. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#owed);
  }

  #watch(milliseconds: number): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    const timer = setTimeout(() => {
      this.#isWatched = false;
      // Where the event loop was held, answers lie ready: they are read before it is judged.
      setImmediate(() => {
        this.#judge();
      });
    }, milliseconds);
    timer.unref();
  }

  #judge(): void {
    if (this.#owed.size === 0) return;
    const left = this.#heardAt + this.#limitMs - performance.now();
    if (left > 0) this.#watch(Math.ceil(left));
    else this.#onSilence();
  }
}
