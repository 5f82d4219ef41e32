import { LRUCache } from 'lru-cache';

const REMEMBERED = 5000;
const LONGEST_MS = 3_600_000;

interface Repetition {
  /** When it is worth another entry, in milliseconds since the epoch. */
  nextAt: number;
  intervalMs: number;
  leftOut: number;
}

/**
 * Tells what is new from what only happens again: the same within a few seconds is counted, and the longer
 * it goes on, the more seldom it is worth an entry, up to an hour.
 */
export class Repetitions {
  readonly #known = new LRUCache<string, Repetition>({ max: REMEMBERED });

  /** How often it has happened since it was last worth an entry; undefined when it is not worth one now. */
  count(key: string, now: number, firstIntervalMs: number): number | undefined {
    const known = this.#known.get(key);
    if (known !== undefined && now < known.nextAt && now >= known.nextAt - known.intervalMs) {
      known.leftOut += 1;
      return undefined;
    }
    const goesOn = known !== undefined && known.leftOut > 0;
    const intervalMs = goesOn
      ? Math.max(firstIntervalMs, Math.min(known.intervalMs * 2, LONGEST_MS))
      : firstIntervalMs;
    this.#known.set(key, { nextAt: now + intervalMs, intervalMs, leftOut: 0 });
    return (known?.leftOut ?? 0) + 1;
  }
}
