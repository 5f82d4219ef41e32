import type { Field } from './types.ts';

export type Row = readonly unknown[];

const HIGH = 500;
const LOW = 100;
/** Bytes that may wait: 500 rows can be a gigabyte. */
const HIGH_BYTES = 8_000_000;

/** Rows between the connection, which hands them over as they come, and who takes them one by one. */
export class RowQueue {
  readonly fields: Promise<readonly Field[]>;
  readonly #flow: { pause(): void; resume(): void };
  readonly #rows: Row[] = [];
  #begin: (fields: readonly Field[]) => void = () => undefined;
  #refuse: (error: Error) => void = () => undefined;
  #taken = 0;
  #bytes = 0;
  #isPaused = false;
  #isOver = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(flow: { pause(): void; resume(): void }) {
    this.#flow = flow;
    this.fields = new Promise((resolve, reject) => {
      this.#begin = resolve;
      this.#refuse = reject;
    });
    this.fields.catch(() => undefined);
  }

  begin(fields: readonly Field[]): void {
    this.#begin(fields);
  }

  add(row: Row): void {
    this.#rows.push(row);
    this.#bytes += bytesOf(row);
    const isMuch = this.#rows.length - this.#taken > HIGH || this.#bytes > HIGH_BYTES;
    if (!this.#isPaused && isMuch) {
      this.#isPaused = true;
      this.#flow.pause();
    }
    this.#wake?.();
  }

  end(): void {
    this.#begin([]);
    this.#isOver = true;
    this.#wake?.();
  }

  /** Of what is over already nothing can fail; the first error is the cause of the others. */
  fail(error: Error): void {
    if (this.#isOver) return;
    this.#refuse(error);
    this.#error ??= error;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<Row>> {
    for (;;) {
      const row = this.#rows[this.#taken];
      if (row !== undefined) return { done: false, value: this.#take(row) };
      if (this.#error !== undefined) throw this.#error;
      if (this.#isOver) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(row: Row): Row {
    this.#taken++;
    this.#bytes -= bytesOf(row);
    const left = this.#rows.length - this.#taken;
    if (left === 0) {
      this.#rows.length = 0;
      this.#taken = 0;
    }
    if (this.#isPaused && left <= LOW && this.#bytes <= HIGH_BYTES / 2) {
      this.#isPaused = false;
      this.#flow.resume();
    }
    return row;
  }
}

function bytesOf(row: Row): number {
  return row.reduce<number>((sum, value) => {
    return sum + (typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 8);
  }, 0);
}
