import type { Batch } from './batches.ts';
import { BATCH_BYTES, BATCH_ROWS } from './values.ts';

const HIGH = 500;
const LOW = 100;
/** Bytes that may wait: 500 rows can be a gigabyte. */
const HIGH_BYTES = 8_000_000;

type Row = readonly unknown[];

/** Rows as they come; the server waits while nobody takes them. */
export interface RowSource<F, R> {
  readonly fields: readonly F[];
  readonly take: () => Promise<Batch<R>>;
}

/** Rows between the connection, which hands them over as they come, and who takes them batch by batch. */
export class RowQueue<F, R extends Row> {
  readonly fields: Promise<readonly F[]>;
  readonly #flow: { pause(): void; resume(): void };
  #rows: R[] = [];
  #begin: (fields: readonly F[]) => void = () => undefined;
  #refuse: (error: Error) => void = () => undefined;
  #bytes = 0;
  #isPaused = false;
  #isOver = false;
  #error: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(flow: { pause(): void; resume(): void }) {
    this.#flow = flow;
    this.fields = new Promise((resolve, reject) => {
      this.#begin = resolve;
      this.#refuse = reject;
    });
    // Who takes rows is told of the error as well, and who has gone asks for no fields.
    this.fields.catch(() => undefined);
  }

  begin(fields: readonly F[]): void {
    this.#begin(fields);
  }

  add(row: R): void {
    this.#rows.push(row);
    this.#bytes += bytesOf(row);
    if (!this.#isPaused && (this.#rows.length > HIGH || this.#bytes > HIGH_BYTES)) {
      this.#isPaused = true;
      this.#flow.pause();
    }
    this.#wake();
  }

  /** Drivers tell of it after an error too, which then is how the rows end. */
  end(): void {
    if (this.#error !== undefined) return;
    this.#begin([]);
    this.#isOver = true;
    this.#wake();
  }

  /** Of what is over already nothing can fail; the first error is the cause of the others. */
  fail(error: Error): void {
    if (this.#isOver) return;
    this.#refuse(error);
    this.#error ??= error;
    this.#wake();
  }

  /** What is there, as soon as there is something; the error, when all rows before it are taken. */
  async take(): Promise<Batch<R>> {
    while (this.#rows.length === 0 && !this.#isOver) {
      if (this.#error !== undefined) throw this.#error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    let bytes = 0;
    const end = this.#rows.findIndex((row, index) => {
      if (index === BATCH_ROWS || bytes > BATCH_BYTES) return true;
      bytes += bytesOf(row);
      return false;
    });
    const rows = this.#rows.splice(0, end === -1 ? Infinity : end);
    this.#bytes -= bytes;
    if (this.#isPaused && this.#rows.length <= LOW && this.#bytes <= HIGH_BYTES / 2) {
      this.#isPaused = false;
      this.#flow.resume();
    }
    return { rows, done: this.#isOver && this.#rows.length === 0 };
  }
}

function bytesOf(row: Row): number {
  return row.reduce<number>((sum, value) => {
    return sum + (typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 8);
  }, 0);
}
