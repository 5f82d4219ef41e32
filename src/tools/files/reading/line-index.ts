import type { Stats } from 'node:fs';
import { LRUCache } from 'lru-cache';

const MAX_FILES = 128;
const MAX_MARKS = 2048;
// File systems tell times coarsely: a file may change once more without its time showing it.
const SETTLED_MS = 2000;

/** Where lines of one version of a file start, as far as that was found out. */
export class LineIndex {
  /** How many lines there are, once known. */
  total: number | undefined;
  // In the order of lines; the first line needs no mark.
  readonly #lines: number[] = [];
  readonly #offsets: number[] = [];

  note(line: number, offset: number): void {
    if (this.#lines.length >= MAX_MARKS || line <= 1) return;
    const at = this.#rank(line);
    if (this.#lines[at - 1] === line) return;
    this.#lines.splice(at, 0, line);
    this.#offsets.splice(at, 0, offset);
  }

  /** The nearest known line at or before the wanted one. */
  nearest(line: number): { readonly line: number; readonly offset: number } | undefined {
    const at = this.#rank(line) - 1;
    const [known, offset] = [this.#lines[at], this.#offsets[at]];
    return known === undefined || offset === undefined ? undefined : { line: known, offset };
  }

  /** How many marks are at or before the line. */
  #rank(line: number): number {
    let [low, high] = [0, this.#lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle] ?? 0) <= line) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Remembers indexes of the files read last, so that paging through a large one does not count from its start each time. */
export class LineIndexes {
  readonly #indexes = new LRUCache<string, LineIndex>({ max: MAX_FILES });

  /** `newline`: how newlines were looked for. A file that was changed has a new index. */
  of(stats: Stats, newline: string): LineIndex {
    if (Date.now() - Math.max(stats.mtimeMs, stats.ctimeMs) < SETTLED_MS) return new LineIndex();
    const key = [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs, newline].join(':');
    let index = this.#indexes.get(key);
    if (index === undefined) {
      index = new LineIndex();
      this.#indexes.set(key, index);
    }
    return index;
  }
}
