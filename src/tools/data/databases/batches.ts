import { BATCH_BYTES, BATCH_ROWS, MAX_PAGE_BYTES, rowsTooLarge, weightOf } from './values.ts';
import type { Value } from '../source.ts';

type Row = readonly Value[];

const FIRST_ROWS = 100;

/** How many rows to fetch next, so that a batch is neither heavy nor one of many. */
export class BatchSize {
  #rows = 0;
  #bytes = 0;

  seen(rows: readonly Row[]): void {
    this.#rows += rows.length;
    this.#bytes += weightOfRows(rows);
  }

  get next(): number {
    if (this.#rows === 0) return FIRST_ROWS;
    const fitting = Math.floor((BATCH_BYTES * this.#rows) / Math.max(1, this.#bytes));
    return Math.min(BATCH_ROWS, Math.max(1, fitting));
  }
}

/** The rows of one page, which may weigh only so much. */
export class PageRows {
  readonly rows: Row[] = [];
  #bytes = 0;

  /** @throws AppError `MEMORY_LIMIT` */
  add(rows: readonly Row[]): void {
    this.#bytes += weightOfRows(rows);
    if (this.#bytes > MAX_PAGE_BYTES) throw rowsTooLarge();
    this.rows.push(...rows);
  }
}

function weightOfRows(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + weightOf(row), 0);
}
