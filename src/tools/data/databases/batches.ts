import type { Value } from '../source.ts';
import { BATCH_BYTES, BATCH_ROWS, MAX_PAGE_BYTES, rowTooLarge, weightOf } from './values.ts';

/** Some rows, one at least unless they are `done`: then none follows. */
export interface Batch<R = readonly Value[]> {
  readonly rows: readonly R[];
  readonly done: boolean;
}

const FIRST_ROWS = 10;

/** How many rows to ask for next, so that a batch is neither heavy nor one of many. */
export class BatchSize {
  #rows = 0;
  #bytes = 0;

  seen(rows: readonly (readonly Value[])[]): void {
    this.#rows += rows.length;
    this.#bytes += rows.reduce((sum, row) => sum + weightOf(row), 0);
  }

  get next(): number {
    if (this.#rows === 0) return FIRST_ROWS;
    const fitting = Math.floor((BATCH_BYTES * this.#rows) / Math.max(1, this.#bytes));
    return Math.min(BATCH_ROWS, Math.max(1, fitting));
  }
}

/** Where a page begins, and how many rows it has at most. */
export interface PageBounds {
  readonly limit: number;
  readonly offset: number;
}

/** The rows of one page, as they come. */
export class PageRows<R extends readonly Value[]> {
  readonly rows: R[] = [];
  readonly #limit: number;
  #toSkip: number;
  #bytes = 0;

  constructor({ limit, offset }: PageBounds) {
    this.#limit = limit;
    this.#toSkip = offset;
  }

  /** Whether the row belongs to the page or stands before it; else it tells that there are more. @throws AppError `MEMORY_LIMIT` */
  takes(row: R): boolean {
    if (this.#toSkip > 0) {
      this.#toSkip--;
      return true;
    }
    this.#bytes += weightOf(row);
    const isTooMuch = this.#bytes > MAX_PAGE_BYTES;
    if (isTooMuch && this.rows.length === 0 && this.#limit > 0) throw rowTooLarge(MAX_PAGE_BYTES);
    if (isTooMuch || this.rows.length === this.#limit) return false;
    this.rows.push(row);
    return true;
  }
}

export async function pageOf<R extends readonly Value[]>(
  next: () => Promise<Batch<R>>,
  bounds: PageBounds,
): Promise<{ readonly rows: readonly R[]; readonly more: boolean }> {
  const page = new PageRows<R>(bounds);
  for (;;) {
    const { rows, done } = await next();
    if (!rows.every((row) => page.takes(row))) {
      // Mostly it was the last one that the server was asked for: its end leaves the connection fit for use.
      if (!done) await next();
      return { rows: page.rows, more: true };
    }
    if (done) return { rows: page.rows, more: false };
  }
}
