import type { FieldDef } from 'pg';
import { type Batch, BatchSize } from '../databases/batches.ts';
import type { RowSource } from '../databases/row-queue.ts';
import type { Statement } from '../source.ts';
import type { PostgresConnection, Row } from './connection.ts';

const DECLARE = 'DECLARE fairlead_cursor NO SCROLL CURSOR FOR ';
export const EXPLAIN_PREFIX = `EXPLAIN ${DECLARE}`;
export const DECLARE_LENGTH = DECLARE.length;

/** Rows of a query, which can stand only where a cursor can be declared for it. */
export class Cursor {
  readonly #connection: PostgresConnection;
  readonly #signal: AbortSignal;
  /** Of all that one FETCH asks for the server makes a copy before it sends the first. */
  readonly #size = new BatchSize();
  #left: number;
  #wanted = 0;
  #running: RowSource<FieldDef, Row> | undefined;
  #fields: readonly FieldDef[] = [];

  private constructor(connection: PostgresConnection, rows: number, signal: AbortSignal) {
    this.#connection = connection;
    this.#left = rows;
    this.#signal = signal;
  }

  /** @param rows wanted at most */
  static async declare(
    connection: PostgresConnection,
    { sql, params }: Statement,
    { rows, signal }: { readonly rows: number; readonly signal: AbortSignal },
  ): Promise<Cursor> {
    await connection.run(`${DECLARE}${sql}`, params, signal);
    return new Cursor(connection, rows, signal);
  }

  /** Known once the first rows are there. */
  get fields(): readonly FieldDef[] {
    return this.#fields;
  }

  /** The fields, before there are rows. */
  async describe(): Promise<readonly FieldDef[]> {
    return (await this.#connection.run('FETCH FORWARD 0 FROM fairlead_cursor', [], this.#signal)).fields;
  }

  /** Passes rows over without sending them. */
  async skip(rows: number): Promise<void> {
    if (rows > 0) await this.#connection.run(`MOVE FORWARD ${rows} IN fairlead_cursor`, [], this.#signal);
  }

  async next(): Promise<Batch<Row>> {
    const running = (this.#running ??= await this.#fetch());
    const { rows, done } = await running.take();
    this.#size.seen(rows);
    this.#wanted -= rows.length;
    this.#left -= rows.length;
    if (!done) return { rows, done };
    this.#running = undefined;
    return { rows, done: this.#wanted > 0 || this.#left === 0 };
  }

  async #fetch(): Promise<RowSource<FieldDef, Row>> {
    this.#wanted = Math.min(this.#size.next, this.#left);
    const sql = `FETCH FORWARD ${this.#wanted} FROM fairlead_cursor`;
    const running = await this.#connection.start(sql, this.#signal);
    this.#fields = running.fields;
    return running;
  }
}
