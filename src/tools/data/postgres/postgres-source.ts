import type { HealthReport } from '../../../core/health.ts';
import { Accounts } from '../databases/accounts.ts';
import { type Batch, type PageBounds, pageOf } from '../databases/batches.ts';
import type { ServerOptions } from '../options/databases.ts';
import type { Asking, Catalogue, CatalogueQuestion, Change, ChangeRequest, DataSource } from '../source.ts';
import type { Page, RowStream, Statement } from '../source.ts';
import { catalogueOf } from './catalogue.ts';
import { change, EXPLAIN_CHANGE, guardedChange, refuseOtherPlans } from './change.ts';
import type { PostgresConnection } from './connection.ts';
import { Cursor, DECLARE_LENGTH, EXPLAIN_PREFIX } from './cursor.ts';
import { postgresEngine } from './engine.ts';
import { guardedQuery } from './transaction.ts';
import { TypeCatalogue } from './type-catalogue.ts';

/** A database on a PostgreSQL server, asked in transactions that only read. */
export class PostgresSource implements DataSource {
  readonly kind = 'postgres';
  readonly name: string;
  readonly isWritable: boolean;
  readonly #schemas: readonly string[];
  readonly #accounts: Accounts<PostgresConnection>;
  readonly #types = new TypeCatalogue();

  constructor(options: ServerOptions) {
    this.name = options.name;
    this.isWritable = options.writable;
    this.#schemas = options.schemas;
    this.#accounts = new Accounts(options, (purpose) => postgresEngine(options, purpose));
  }

  get dialect(): string {
    return this.#accounts.reading.dialect ?? 'PostgreSQL';
  }

  async query(asking: Asking, { sql, params }: Statement, { limit, offset }: PageBounds): Promise<Page> {
    const { text } = guardedQuery(sql);
    const work = { sql, prefix: DECLARE_LENGTH };
    return this.#accounts.reading.run(asking, work, async (connection, signal) => {
      const cursor = await Cursor.declare(connection, { sql: text, params }, { rows: limit + 1, signal });
      await cursor.skip(offset);
      const { rows, more } = await pageOf(() => cursor.next(), { limit, offset: 0 });
      const { columns, read } = await this.#types.reader(connection, cursor.fields);
      return { columns, rows: read(rows), more };
    });
  }

  async explain(asking: Asking, { sql, params }: Statement): Promise<string> {
    const { text } = guardedQuery(sql);
    const work = { sql, prefix: EXPLAIN_PREFIX.length };
    return this.#accounts.reading.run(asking, work, async (connection, signal) => {
      const { rows } = await connection.run(`${EXPLAIN_PREFIX}${text}`, params, signal);
      return rows.map(([line]) => line).join('\n');
    });
  }

  async stream(asking: Asking, { sql, params }: Statement): Promise<RowStream> {
    const { text } = guardedQuery(sql);
    const work = { sql, prefix: DECLARE_LENGTH };
    return this.#accounts.reading.stream(asking, work, async (connection, signal) => {
      // All rows are wanted, not the first ones soon.
      await connection.own('SET LOCAL cursor_tuple_fraction = 1');
      const cursor = await Cursor.declare(connection, { sql: text, params }, { rows: Infinity, signal });
      // Types are asked for before the rows, which keep the connection.
      const { columns, read } = await this.#types.reader(connection, await cursor.describe());
      const next = async (): Promise<Batch> => {
        const { rows, done } = await cursor.next();
        return { rows: read(rows), done };
      };
      return { columns, next };
    });
  }

  catalogue(asking: Asking, question: CatalogueQuestion): Promise<Catalogue> {
    return this.#accounts.reading.run(asking, { sql: '' }, (connection, signal) =>
      catalogueOf(connection, this.#schemas, question, signal),
    );
  }

  async modify(asking: Asking, request: ChangeRequest): Promise<Change> {
    const { changing } = this.#accounts;
    const text = guardedChange(request.sql);
    // The plan is made of the statement as it stands, so both fail at the same places, the plan first.
    const work = { sql: request.sql, prefix: EXPLAIN_CHANGE.length };
    return changing.run(asking, work, async (connection, signal) => {
      const { rows } = await connection.run(`${EXPLAIN_CHANGE}${text}`, request.params, signal);
      refuseOtherPlans(rows[0]?.[0] ?? '[]');
      return change(connection, text, request, signal);
    });
  }

  check(): Promise<HealthReport> {
    return this.#accounts.check();
  }

  close(): Promise<void> {
    this.#accounts.close();
    return Promise.resolve();
  }
}
