import type { Statement } from '../source.ts';
import { oneStatement, refuseOtherThanQuery, type Token } from '../databases/sql-text.ts';
import type { PostgresConnection, RawResult } from './connection.ts';
import { refuseDeniedFunctions } from './denied-functions.ts';

const LOCK_MS = 5000;
/** Beyond our own deadline, which ends a statement first. */
const GRACE_MS = 2000;

const DECLARE = 'DECLARE fairlead_cursor NO SCROLL CURSOR FOR ';
export const EXPLAIN_PREFIX = `EXPLAIN ${DECLARE}`;
export const DECLARE_LENGTH = DECLARE.length;

/** How a transaction begins; what it sets ends with it. */
export function beginning(mode: 'READ ONLY' | 'READ WRITE', timeoutMs: number): string {
  const patience = Math.ceil(timeoutMs) + GRACE_MS;
  return [
    `BEGIN TRANSACTION ${mode}`,
    `SET LOCAL statement_timeout = ${patience}`,
    `SET LOCAL lock_timeout = ${LOCK_MS}`,
    `SET LOCAL idle_in_transaction_session_timeout = ${patience}`,
    // What values look like as text, and that a backslash in a string is one.
    `SET LOCAL DateStyle = 'ISO, YMD'`,
    `SET LOCAL IntervalStyle = 'postgres'`,
    `SET LOCAL extra_float_digits = 3`,
    `SET LOCAL bytea_output = 'hex'`,
    `SET LOCAL standard_conforming_strings = on`,
  ].join('; ');
}

/** A statement that begins as a query and calls nothing that is denied; the cursor refuses what is none. */
export function guardedQuery(sql: string): { readonly text: string; readonly tokens: readonly Token[] } {
  const statement = oneStatement(sql, 'postgres');
  refuseOtherThanQuery(statement.tokens);
  refuseDeniedFunctions(statement.tokens);
  return statement;
}

/** Rows of a query, which can stand only where a cursor can be declared for it. */
export class Cursor {
  readonly #connection: PostgresConnection;
  readonly #signal: AbortSignal;

  private constructor(connection: PostgresConnection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  static async declare(
    connection: PostgresConnection,
    { sql, params }: Statement,
    signal: AbortSignal,
  ): Promise<Cursor> {
    await connection.run(`${DECLARE}${sql}`, params, signal);
    return new Cursor(connection, signal);
  }

  fetch(rows: number): Promise<RawResult> {
    return this.#connection.run(`FETCH FORWARD ${rows} FROM fairlead_cursor`, [], this.#signal);
  }

  /** Passes rows over without sending them. */
  async skip(rows: number): Promise<void> {
    if (rows > 0) await this.#connection.run(`MOVE FORWARD ${rows} IN fairlead_cursor`, [], this.#signal);
  }
}
