/** A time limit on work that does not run out while the work waits for a person. */
export class Deadline {
  readonly #onEnd: () => void;
  #leftMs: number;
  #timer: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #pauses = 0;
  #isOver = false;

  constructor(milliseconds: number, onEnd: () => void) {
    this.#leftMs = milliseconds;
    this.#onEnd = onEnd;
    this.#start();
  }

  /** Questions may overlap: time goes on when as many were answered as were asked. */
  pause(): void {
    if (this.#pauses++ > 0) return;
    clearTimeout(this.#timer);
    this.#leftMs -= performance.now() - this.#startedAt;
  }

  resume(): void {
    if (--this.#pauses === 0 && !this.#isOver) this.#start();
  }

  /** Time no longer matters. */
  cancel(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #start(): void {
    this.#startedAt = performance.now();
    this.#timer = setTimeout(this.#onEnd, Math.max(0, this.#leftMs));
  }
}
