import { DuckDBTypeId, type DuckDBResult } from '@duckdb/node-api';
import type { Column, Value } from '../../source.ts';
import { RowsTooLarge } from './faults.ts';
import { singlePrecision, toValue } from './values.ts';

const BATCH_ROWS = 1000;
const BATCH_BYTES = 256 * 1024;
const MAX_ROW_BYTES = 8 * 1024 * 1024;

type Row = readonly Value[];

interface Batch {
  readonly rows: readonly Row[];
  readonly done: boolean;
  readonly more: boolean;
}

interface Range {
  readonly skip: number;
  readonly take: number;
  /** Of all rows together; a stream has no such bound. */
  readonly maxBytes?: number;
}

/** The rows of a result, in batches that the other side can take in at once. */
export class ResultRows {
  readonly columns: readonly Column[];
  readonly #rows: AsyncGenerator<Row, undefined>;
  readonly #maxBytes: number;
  #left: number;
  #bytes = 0;

  constructor(result: DuckDBResult, { skip, take, maxBytes = Infinity }: Range) {
    const types = result.columnTypes();
    this.columns = types.map((type, index) => ({ name: result.columnName(index), type: type.toString() }));
    this.#rows = rowsOf(result, skip);
    this.#left = take;
    this.#maxBytes = maxBytes;
  }

  /** @throws RowsTooLarge */
  async next(): Promise<Batch> {
    const rows: Row[] = [];
    let bytes = 0;
    while (this.#left > 0 && rows.length < BATCH_ROWS && bytes < BATCH_BYTES) {
      const { value: row } = await this.#rows.next();
      if (row === undefined) return { rows, done: true, more: false };
      const size = weightOf(row);
      if (size > MAX_ROW_BYTES || (this.#bytes += size) > this.#maxBytes) throw new RowsTooLarge();
      bytes += size;
      this.#left--;
      rows.push(row);
    }
    if (this.#left > 0) return { rows, done: false, more: true };
    const beyond = await this.#rows.next();
    return { rows, done: true, more: beyond.done !== true };
  }
}

/** Values are taken out one row at a time: a chunk holds two thousand rows, and few of them may be wanted. */
async function* rowsOf(result: DuckDBResult, skip: number): AsyncGenerator<Row, undefined> {
  const floats = result.columnTypes().map(({ typeId }) => typeId === DuckDBTypeId.FLOAT);
  let first = skip;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return undefined;
    const vectors = floats.map((_, index) => chunk.getColumnVector(index));
    for (let row = first; row < chunk.rowCount; row++) {
      yield vectors.map((vector, index) => {
        const value = vector.getItem(row);
        return floats[index] === true && typeof value === 'number' ? singlePrecision(value) : toValue(value);
      });
    }
    first = Math.max(0, first - chunk.rowCount);
  }
}

/** About the bytes of it as JSON. */
function weightOf(value: Value): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 8;
  if (isList(value)) return value.reduce<number>((sum, item) => sum + weightOf(item) + 1, 2);
  return Object.entries(value).reduce((sum, [key, member]) => sum + key.length + 4 + weightOf(member), 2);
}

function isList(value: object): value is readonly Value[] {
  return Array.isArray(value);
}
