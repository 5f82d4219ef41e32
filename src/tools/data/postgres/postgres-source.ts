import { AppError } from '../../../core/errors.ts';
import type { HealthReport } from '../../../core/health.ts';
import { BatchSize, PageRows } from '../databases/batches.ts';
import type { ServerOptions } from '../options/databases.ts';
import type { Asking, Catalogue, CatalogueQuestion, Change, ChangeRequest, DataSource } from '../source.ts';
import type { Page, RowStream, Statement } from '../source.ts';
import { catalogueOf } from './catalogue.ts';
import { change, EXPLAIN_CHANGE, guardedChange, refuseOtherPlans } from './change.ts';
import type { PostgresConnection } from './connection.ts';
import { streamRows } from './row-stream.ts';
import { Cursor, DECLARE_LENGTH, EXPLAIN_PREFIX, guardedQuery } from './transaction.ts';
import { Transactions } from './transactions.ts';
import { TypeCatalogue } from './type-catalogue.ts';

/** A database on a PostgreSQL server, asked in transactions that only read. */
export class PostgresSource implements DataSource {
  readonly kind = 'postgres';
  readonly name: string;
  readonly isWritable: boolean;
  readonly #timeoutMs: number;
  readonly #schemas: readonly string[];
  readonly #readers: Transactions;
  readonly #writers: Transactions | undefined;
  readonly #types = new TypeCatalogue();

  constructor(options: ServerOptions) {
    const { writable, writeUrl } = options;
    this.name = options.name;
    this.isWritable = writable;
    this.#timeoutMs = options.timeoutSeconds * 1000;
    this.#schemas = options.schemas;
    this.#readers = new Transactions(options, options.url, 'READ ONLY');
    const writes = writable && writeUrl !== undefined;
    this.#writers = writes ? new Transactions(options, writeUrl, 'READ WRITE') : undefined;
  }

  get dialect(): string {
    const { version } = this.#readers;
    return version === undefined ? 'PostgreSQL' : `PostgreSQL ${version}`;
  }

  async query(
    asking: Asking,
    { sql, params }: Statement,
    { limit, offset }: { readonly limit: number; readonly offset: number },
  ): Promise<Page> {
    const { text } = guardedQuery(sql);
    return this.#read(asking, { sql, prefix: DECLARE_LENGTH }, async (connection, signal) => {
      const cursor = await Cursor.declare(connection, { sql: text, params }, signal);
      await cursor.skip(offset);
      const size = new BatchSize();
      const taken = new PageRows();
      for (;;) {
        const wanted = Math.min(size.next, limit + 1 - taken.rows.length);
        const result = await cursor.fetch(wanted);
        const { columns, read } = await this.#types.reader(connection, result);
        const rows = read(result.rows);
        size.seen(rows);
        taken.add(rows);
        const more = taken.rows.length > limit;
        if (more || rows.length < wanted) return { columns, rows: taken.rows.slice(0, limit), more };
      }
    });
  }

  async explain(asking: Asking, { sql, params }: Statement): Promise<string> {
    const { text } = guardedQuery(sql);
    return this.#read(asking, { sql, prefix: EXPLAIN_PREFIX.length }, async (connection, signal) => {
      const { rows } = await connection.run(`${EXPLAIN_PREFIX}${text}`, params, signal);
      return rows.map(([line]) => line).join('\n');
    });
  }

  async stream(asking: Asking, { sql, params }: Statement): Promise<RowStream> {
    const { text } = guardedQuery(sql);
    return streamRows(this.#readers, this.#types, asking, { sql, text, params });
  }

  catalogue(asking: Asking, question: CatalogueQuestion): Promise<Catalogue> {
    return this.#read(asking, { sql: '', prefix: 0 }, (connection, signal) =>
      catalogueOf(connection, this.#schemas, question, signal),
    );
  }

  async modify(asking: Asking, request: ChangeRequest): Promise<Change> {
    const writers = this.#writers;
    if (writers === undefined) throw new AppError('READ_ONLY', `The source ${this.name} cannot be changed.`);
    const text = guardedChange(request.sql);
    // The plan is made of the statement as it stands, so both fail at the same places, the plan first.
    const work = { sql: request.sql, prefix: EXPLAIN_CHANGE.length, timeoutMs: this.#timeoutMs };
    return writers.run(asking, work, async (connection, signal) => {
      const { rows } = await connection.run(`${EXPLAIN_CHANGE}${text}`, request.params, signal);
      refuseOtherPlans(rows[0]?.[0] ?? '[]');
      return change(connection, text, request, signal);
    });
  }

  async check(): Promise<HealthReport> {
    const reading = await this.#readers.check();
    if (reading.status !== 'ok' || this.#writers === undefined) return reading;
    const writing = await this.#writers.check();
    return writing.status === 'ok' ? writing : { ...writing, detail: `for changes: ${writing.detail ?? ''}` };
  }

  close(): Promise<void> {
    this.#readers.close();
    this.#writers?.close();
    return Promise.resolve();
  }

  #read<T>(
    asking: Asking,
    work: { readonly sql: string; readonly prefix: number },
    body: (connection: PostgresConnection, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.#readers.run(asking, { ...work, timeoutMs: this.#timeoutMs }, body);
  }
}
