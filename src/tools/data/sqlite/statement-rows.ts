import type { StatementSync } from 'node:sqlite';
import { sqlError } from '../databases/sql-error.ts';
import { placeholderCount, type Token } from '../databases/sql-text.ts';
import { bytesText, realNumber, weightOf, wholeNumber } from '../databases/values.ts';
import type { Column, Value } from '../source.ts';
import { type SqliteParameter, sqliteParameter } from './opened-database.ts';

const NAMES = { number: 'REAL', bigint: 'INTEGER', string: 'TEXT', object: 'BLOB' } as const;

/** The rows of a running statement, one after the other. */
export class StatementRows {
  readonly #names: readonly string[];
  readonly #types: (string | undefined)[];
  readonly #rows: Iterator<unknown, unknown>;

  constructor(statement: StatementSync, params: readonly Value[], tokens: readonly Token[]) {
    const columns = statement.columns();
    this.#names = columns.map(({ name }) => name);
    this.#types = columns.map(({ type }) => type ?? undefined);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    this.#rows = statement.iterate(...bound(params, tokens));
  }

  /** By declaration; of what is computed, by the first value that was seen. */
  get columns(): readonly Column[] {
    return this.#names.map((name, index) => ({ name, type: this.#types[index] ?? 'ANY' }));
  }

  skip(): boolean {
    return this.#rows.next().done !== true;
  }

  next(): { readonly row: readonly Value[]; readonly weight: number } | undefined {
    const next = this.#rows.next();
    if (next.done === true) return undefined;
    // An array, by setReturnArrays.
    const raw = next.value as readonly unknown[];
    raw.forEach((one, index) => {
      if (one !== null) this.#types[index] ??= NAMES[typeof one as keyof typeof NAMES];
    });
    const row = raw.map(toValue);
    return { row, weight: row.reduce<number>((sum, one) => sum + weightOf(one), 0) };
  }
}

function bound(params: readonly Value[], tokens: readonly Token[]): SqliteParameter[] {
  checkPlaceholders(params, tokens);
  return params.map(sqliteParameter);
}

/** SQLite takes what is missing for NULL. */
export function checkPlaceholders(params: readonly Value[], tokens: readonly Token[]): void {
  const places = placeholderCount(tokens);
  if (places !== params.length) {
    throw sqlError({
      message: `The statement has ${places} placeholders (?), and ${params.length} params came`,
    });
  }
}

function toValue(value: unknown): Value {
  if (typeof value === 'bigint') return wholeNumber(value);
  if (typeof value === 'number') return realNumber(value);
  if (value instanceof Uint8Array) return bytesText(value);
  return typeof value === 'string' ? value : null;
}
