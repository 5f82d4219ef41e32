import { AppError } from '../../../core/errors.ts';
import type { HealthReport } from '../../../core/health.ts';
import { PageRows } from '../databases/batches.ts';
import { COMMIT_MS, tooManyAffected, unknownOutcome } from '../databases/change.ts';
import { unavailable } from '../databases/sql-error.ts';
import { noChange, oneStatement, refuseOtherThanChange } from '../databases/sql-text.ts';
import type { ServerOptions } from '../options/databases.ts';
import type { Asking, Catalogue, CatalogueQuestion, Change, ChangeRequest, DataSource } from '../source.ts';
import type { Page, RowStream, Statement, Value } from '../source.ts';
import { catalogueOf, lastingTable } from './catalogue.ts';
import type { MysqlConnection } from './connection.ts';
import { guardedQuery, proofOf, refuseDenied } from './guarded-query.ts';
import { streamRows } from './row-stream.ts';
import { Transactions, type Work } from './transactions.ts';
import { isRefusal } from './mysql-error.ts';
import { columnOf, valueOf } from './types.ts';

/** A database on a MySQL or MariaDB server, asked by an account that can do nothing but read. */
export class MysqlSource implements DataSource {
  readonly kind = 'mysql';
  readonly name: string;
  readonly isWritable: boolean;
  readonly #timeoutMs: number;
  readonly #schemas: readonly string[];
  readonly #readers: Transactions;
  readonly #writers: Transactions | undefined;

  constructor(options: ServerOptions) {
    const { writable, writeUrl } = options;
    this.name = options.name;
    this.isWritable = writable;
    this.#timeoutMs = options.timeoutSeconds * 1000;
    this.#schemas = options.schemas;
    this.#readers = new Transactions(options, options.url, 'read');
    const writes = writable && writeUrl !== undefined;
    this.#writers = writes ? new Transactions(options, writeUrl, 'change') : undefined;
  }

  get dialect(): string {
    return this.#readers.dialect ?? 'MySQL or MariaDB';
  }

  async query(
    asking: Asking,
    { sql, params }: Statement,
    { limit, offset }: { readonly limit: number; readonly offset: number },
  ): Promise<Page> {
    const { text } = guardedQuery(sql, params);
    return this.#read(asking, { sql, rows: offset + limit + 1 }, async (connection, signal) => {
      await parse(connection, text);
      const { fields, rows } = await connection.start(text, params, signal);
      const taken = new PageRows();
      for (let index = 0; ; index++) {
        const next = await rows.next();
        const columns = fields.map(columnOf);
        if (next.done === true) return { columns, rows: taken.rows, more: false };
        if (index < offset) continue;
        if (taken.rows.length < limit) {
          taken.add([next.value.map((value, place) => valueOf(value, fields[place]))]);
          continue;
        }
        // With a limit of its own the statement goes on beyond the row that tells that there is more.
        const last = await rows.next();
        if (last.done !== true) await connection.stop();
        return { columns, rows: taken.rows, more: true };
      }
    });
  }

  async explain(asking: Asking, { sql, params }: Statement): Promise<string> {
    const { text } = guardedQuery(sql, params);
    return this.#read(asking, { sql }, async (connection, signal) => {
      await parse(connection, text);
      const { fields, rows } = await connection.start(`EXPLAIN ${text}`, params, signal);
      const lines = [fields.map(({ name }) => name).join(' | ')];
      for (let next = await rows.next(); next.done !== true; next = await rows.next()) {
        lines.push(next.value.map((value, place) => cell(valueOf(value, fields[place]))).join(' | '));
      }
      return lines.join('\n');
    });
  }

  async stream(asking: Asking, { sql, params }: Statement): Promise<RowStream> {
    const { text } = guardedQuery(sql, params);
    return streamRows(this.#readers, asking, { sql, text, params });
  }

  catalogue(asking: Asking, question: CatalogueQuestion): Promise<Catalogue> {
    return this.#read(asking, { sql: '' }, (connection, signal) =>
      catalogueOf(connection, this.#schemas, question, signal),
    );
  }

  async modify(asking: Asking, request: ChangeRequest): Promise<Change> {
    const { sql, params, dryRun, maxAffected } = request;
    if (this.#writers === undefined) {
      throw new AppError('READ_ONLY', `The source ${this.name} cannot be changed.`);
    }
    const { text, tokens } = oneStatement(sql, 'mysql');
    refuseOtherThanChange(tokens);
    // What it begins is told by what follows.
    if (tokens[0]?.text.toUpperCase() === 'WITH') throw noChange();
    refuseDenied(tokens, params);
    return this.#writers.run(asking, { sql, timeoutMs: this.#timeoutMs }, async (connection, signal) => {
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
    work: Omit<Work, 'timeoutMs'>,
    body: (connection: MysqlConnection, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.#readers.run(asking, { ...work, timeoutMs: this.#timeoutMs }, body);
  }
}

function cell(value: Value): string {
  return typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);
}

/** First as it stands, for the places that errors tell; then where only a query can stand. */
async function parse(connection: MysqlConnection, text: string): Promise<void> {
  await connection.parse(text);
  await connection.parse(proofOf(text));
}
