import { inspect } from 'node:util';
import type { CallOrigin, LogLevel } from './call-origin.ts';

/** Of each kind of news: as many at once, then as many a second (basic/patterns/progress, server/utilities/logging). */
const BURST = 100;
const PER_SECOND = 20;
const MAX_LINE_LENGTH = 10_000;

type Tellers = Pick<CallOrigin, 'onProgress' | 'onLog'>;
type Progress = Parameters<NonNullable<CallOrigin['onProgress']>>;

/**
 * What a call tells while it runs, at a pace that no client drowns in. Progress that is left out is made up for
 * by what follows; log lines that are left out are gone.
 */
export class CallNews {
  readonly #tellers: Tellers;
  readonly #progressPace = new Pace();
  readonly #logPace = new Pace();
  #done = Number.NEGATIVE_INFINITY;
  #latest: Progress | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(tellers: Tellers) {
    this.#tellers = tellers;
  }

  /** Progress has to grow with each notification; what does not is left out. */
  progress(...progress: Progress): void {
    const [done] = progress;
    if (this.#tellers.onProgress === undefined || !Number.isFinite(done) || done <= this.#done) return;
    this.#done = done;
    if (this.#timer === undefined && this.#progressPace.take()) {
      this.#tellers.onProgress(...progress);
      return;
    }
    this.#latest = progress;
    this.#timer ??= setTimeout(() => {
      this.#tellLatest();
    }, 1000 / PER_SECOND);
  }

  log(level: LogLevel, data: unknown): void {
    if (this.#tellers.onLog !== undefined && this.#logPace.take()) this.#tellers.onLog(level, jsonOf(data));
  }

  /** Nothing more is told. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #tellLatest(): void {
    const latest = this.#latest;
    this.#timer = undefined;
    this.#latest = undefined;
    if (latest !== undefined) this.#tellers.onProgress?.(...latest);
  }
}

/** A token bucket. */
class Pace {
  #left = BURST;
  #filledAt = performance.now();

  take(): boolean {
    const now = performance.now();
    this.#left = Math.min(BURST, this.#left + ((now - this.#filledAt) * PER_SECOND) / 1000);
    this.#filledAt = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}

/** What JSON cannot hold is told in words. */
function jsonOf(data: unknown): unknown {
  try {
    // Undefined for a function and the like, whatever its type says.
    if ((JSON.stringify(data) as string | undefined) !== undefined) return data;
  } catch {
    // A loop, a bigint.
  }
  return inspect(data).slice(0, MAX_LINE_LENGTH);
}
