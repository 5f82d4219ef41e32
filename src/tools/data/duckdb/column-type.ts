import type { Value } from '../source.ts';

type Names = readonly (readonly [pattern: RegExp, name: string])[];

const WHOLE: Names = [
  [/^(tinyint|smallint|int2|mediumint|int|integer|int4)( unsigned)?$/, 'BIGINT'],
  [/^(bigint|int8|serial|bigserial)$/, 'BIGINT'],
  [/^bigint unsigned$/, 'UBIGINT'],
];
const OTHERS: Names = [
  [/^(bool|boolean)$/, 'BOOLEAN'],
  [/^(real|float|float4|float8|double|double precision)$/, 'DOUBLE'],
  [/^date$/, 'DATE'],
  [/^(timestamp|datetime)( without time zone)?(\(\d\))?$/, 'TIMESTAMP'],
  [/^(timestamptz|timestamp with time zone)$/, 'TIMESTAMPTZ'],
];
const DECIMAL = /^(?:numeric|decimal)(?:\((\d+)(?:, *(\d+))?\))?$/;
/** What the engine's decimals have at most, and what they may have at no cost. */
const MAX_DIGITS = 38;
const FEW_DIGITS = 18;
/** Of a number that JavaScript holds exactly. */
const INTEGER_DIGITS = 16;

/**
 * What a column of another engine becomes; what has no certain counterpart stays the text that it is. How many
 * digits numbers need, they tell themselves: PostgreSQL has decimals of any length, SQLite takes 1.7 for an INTEGER.
 */
export class ColumnType {
  readonly #whole: string | undefined;
  readonly #leastDigits: number;
  /** Undefined where every digit counts. */
  #other: string | undefined;
  #before: number;
  #after: number;

  constructor(type: string) {
    const plain = type.toLowerCase();
    const [decimal, digits, after = 0] = DECIMAL.exec(plain) ?? [];
    this.#whole = nameIn(WHOLE, plain);
    if (decimal === undefined && this.#whole === undefined) this.#other = nameIn(OTHERS, plain) ?? 'VARCHAR';
    this.#leastDigits = Number(digits ?? FEW_DIGITS);
    this.#after = Number(after);
    this.#before = digits === undefined ? 1 : this.#leastDigits - this.#after;
  }

  /** The values of one column of these rows. */
  see(rows: readonly (readonly Value[])[], index: number): void {
    for (const { [index]: value } of rows) {
      if (this.#other !== undefined) return;
      if (Number.isSafeInteger(value) && this.#whole !== undefined) this.#fit(INTEGER_DIGITS, 0);
      else if (value !== null && value !== undefined) this.#read(value);
    }
  }

  /** As the engine that writes calls it. */
  get name(): string {
    if (this.#other !== undefined) return this.#other;
    if (this.#after === 0 && this.#whole !== undefined) return this.#whole;
    const digits = Math.max(this.#leastDigits, this.#before + this.#after);
    return digits <= MAX_DIGITS ? `DECIMAL(${digits},${this.#after})` : 'VARCHAR';
  }

  #read(value: Exclude<Value, null>): void {
    const text = typeof value === 'object' ? '' : String(value);
    const [number, before = '', after = ''] = /^-?(?=\d)0*(\d*)(?:\.(\d+))?$/.exec(text) ?? [];
    if (number === undefined) this.#other = 'VARCHAR';
    else this.#fit(before.length, after.length);
  }

  #fit(before: number, after: number): void {
    this.#before = Math.max(this.#before, before);
    this.#after = Math.max(this.#after, after);
  }
}

function nameIn(names: Names, type: string): string | undefined {
  return names.find(([pattern]) => pattern.test(type))?.[1];
}
