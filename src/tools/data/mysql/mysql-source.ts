import type { HealthReport } from '../../../core/health.ts';
import { Accounts } from '../databases/accounts.ts';
import { type Batch, type PageBounds, pageOf } from '../databases/batches.ts';
import { COMMIT_MS, tooManyAffected, unknownOutcome } from '../databases/change.ts';
import type { Running } from '../databases/row-stream.ts';
import { unavailable } from '../databases/sql-error.ts';
import { noChange, oneStatement, refuseOtherThanChange } from '../databases/sql-text.ts';
import type { ServerOptions } from '../options/databases.ts';
import type { Asking, Catalogue, CatalogueQuestion, Change, ChangeRequest, DataSource } from '../source.ts';
import type { Page, RowStream, Statement, Value } from '../source.ts';
import { catalogueOf, lastingTable } from './catalogue.ts';
import type { MysqlConnection } from './connection.ts';
import { mysqlEngine } from './engine.ts';
import { guardedQuery, proofOf, refuseDenied } from './guarded-query.ts';
import { isRefusal } from './mysql-error.ts';
import { columnOf, valueOf } from './types.ts';

const MAX_PLAN_LINES = 1000;

/** A database on a MySQL or MariaDB server, asked by an account that can do nothing but read. */
export class MysqlSource implements DataSource {
  readonly kind = 'mysql';
  readonly name: string;
  readonly isWritable: boolean;
  readonly #schemas: readonly string[];
  readonly #accounts: Accounts<MysqlConnection>;

  constructor(options: ServerOptions) {
    this.name = options.name;
    this.isWritable = options.writable;
    this.#schemas = options.schemas;
    this.#accounts = new Accounts(options, (purpose) => mysqlEngine(options, purpose));
  }

  get dialect(): string {
    return this.#accounts.reading.dialect ?? 'MySQL or MariaDB';
  }

  async query(asking: Asking, { sql, params }: Statement, bounds: PageBounds): Promise<Page> {
    const { text } = guardedQuery(sql, params);
    const work = { sql, rows: bounds.offset + bounds.limit + 1 };
    return this.#accounts.reading.run(asking, work, async (connection, signal) => {
      const { columns, next } = await started(connection, { sql: text, params }, signal);
      return { columns, ...(await pageOf(next, bounds)) };
    });
  }

  async explain(asking: Asking, { sql, params }: Statement): Promise<string> {
    const { text } = guardedQuery(sql, params);
    return this.#accounts.reading.run(asking, { sql }, async (connection, signal) => {
      const { columns, next } = await started(connection, { sql: text, params, prefix: 'EXPLAIN ' }, signal);
      const { rows } = await pageOf(next, { limit: MAX_PLAN_LINES, offset: 0 });
      return [columns.map(({ name }) => name), ...rows.map((row) => row.map(cell))]
        .map((line) => line.join(' | '))
        .join('\n');
    });
  }

  async stream(asking: Asking, { sql, params }: Statement): Promise<RowStream> {
    const { text } = guardedQuery(sql, params);
    return this.#accounts.reading.stream(asking, { sql }, (connection, signal) =>
      started(connection, { sql: text, params }, signal),
    );
  }

  catalogue(asking: Asking, question: CatalogueQuestion): Promise<Catalogue> {
    return this.#accounts.reading.run(asking, { sql: '' }, (connection, signal) =>
      catalogueOf(connection, this.#schemas, question, signal),
    );
  }

  async modify(asking: Asking, request: ChangeRequest): Promise<Change> {
    const { sql, params, dryRun, maxAffected } = request;
    const { changing } = this.#accounts;
    const { text, tokens } = oneStatement(sql, 'mysql');
    refuseOtherThanChange(tokens);
    // What it begins is told by what follows.
    if (tokens[0]?.text.toUpperCase() === 'WITH') throw noChange();
    refuseDenied(tokens, params);
    return changing.run(asking, { sql }, async (connection, signal) => {
      const lasting = await lastingTable(connection);
      if (lasting !== undefined) throw unavailable(this.name, `its table ${lasting} cannot be rolled back`);
      const { affected } = await connection.run(text, params, signal);
      if (affected > maxAffected) throw tooManyAffected(affected, maxAffected);
      if (!dryRun) {
        await connection.own('COMMIT', COMMIT_MS).catch((error: unknown) => {
          throw isRefusal(error) ? error : unknownOutcome(error);
        });
      }
      return { affected, applied: !dryRun };
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

function cell(value: Value): string {
  return typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);
}

/**
 * Parsed first as it stands, for the places that errors tell; then where only a query can stand.
 *
 * @param statement With what is put before it when it runs
 */
async function started(
  connection: MysqlConnection,
  { sql, params, prefix = '' }: Statement & { readonly prefix?: string },
  signal: AbortSignal,
): Promise<Running> {
  await connection.parse(sql);
  await connection.parse(proofOf(sql));
  const { fields, take } = await connection.start(`${prefix}${sql}`, params, signal);
  const next = async (): Promise<Batch> => {
    const { rows, done } = await take();
    return { rows: rows.map((row) => row.map((value, place) => valueOf(value, fields[place]))), done };
  };
  return { columns: fields.map(columnOf), next };
}
