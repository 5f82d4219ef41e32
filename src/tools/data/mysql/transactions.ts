import type { HealthReport } from '../../../core/health.ts';
import { Deadline, withDeadline } from '../databases/deadline.ts';
import type { Taker } from '../databases/places.ts';
import { type Borrowed, ConnectionPool } from '../databases/pool.ts';
import { serverAddress } from '../databases/server-address.ts';
import { reasonOf, unavailable } from '../databases/sql-error.ts';
import type { ServerOptions } from '../options/databases.ts';
import type { Asking } from '../source.ts';
import { type Purpose, refusalOf } from './account.ts';
import { candidatesFor } from './catalogue.ts';
import { MysqlConnection } from './connection.ts';
import { missingName, toAppError } from './mysql-error.ts';

const DEFAULT_PORT = 3306;
/** The check, among those who wait. */
const NOBODY = '';
const CHECK_MS = 1400;
const LOCK_SECONDS = 5;
/** Beyond our own deadline, which ends a statement first. */
const GRACE_MS = 2000;
// Quotes and backslashes mean the same everywhere.
const SQL_MODE = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';

export interface Work {
  /** The statement as the caller wrote it. */
  readonly sql: string;
  readonly timeoutMs: number;
  /** Rows that are sent at most, where the statement has no limit of its own. */
  readonly rows?: number;
}

/** Transactions of one account. Each ends with its work: what is not committed then never was. */
export class Transactions {
  readonly #purpose: Purpose;
  readonly #options: ServerOptions;
  readonly #pool: ConnectionPool<MysqlConnection>;
  #dialect: string | undefined;

  constructor(options: ServerOptions, url: string, purpose: Purpose) {
    this.#purpose = purpose;
    this.#options = options;
    this.#pool = new ConnectionPool({
      size: options.maxConnections,
      open: () => this.#open(url),
      clean: async (connection) => {
        // Of a statement that was given up nothing but its end is wanted.
        if (connection.isStreaming) return connection.stop();
        await connection.own('ROLLBACK');
        await connection.reset();
      },
    });
  }

  /** Of the server, once it is known. */
  get dialect(): string | undefined {
    return this.#dialect;
  }

  /** @throws AppError, whatever happens, or the signal's reason */
  async run<T>(
    asking: Asking,
    work: Work,
    body: (connection: MysqlConnection, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return withDeadline(asking, work.timeoutMs, async (signal) => {
      const { connection, release } = await this.begin(work, { subject: asking.principal.subject, signal });
      try {
        return await body(connection, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw await this.told(error, connection, work);
      } finally {
        await release();
      }
    });
  }

  /** Release it, whatever comes of it. */
  async begin(work: Work, taker: Taker): Promise<Borrowed<MysqlConnection>> {
    try {
      return await this.#pool.acquire(taker, (connection) => this.#begin(connection, work));
    } catch (error) {
      taker.signal.throwIfAborted();
      throw this.#told(error, work, []);
    }
  }

  /** What the caller is told of an error, with what could have been meant. */
  async told(error: unknown, connection: MysqlConnection, work: Work): Promise<Error> {
    const missing = missingName(error);
    if (missing === undefined || !connection.isUsable || connection.isStreaming)
      return this.#told(error, work, []);
    const candidates = await candidatesFor(connection, missing.what).catch(() => []);
    return this.#told(error, work, candidates);
  }

  async check(): Promise<HealthReport> {
    if (this.#pool.isBusy) return { status: 'ok' };
    const deadline = new Deadline({ signal: new AbortController().signal }, CHECK_MS);
    try {
      const { release } = await this.#pool.acquire(
        { subject: NOBODY, signal: deadline.signal },
        (connection) => connection.own('SELECT 1'),
      );
      await release();
      return { status: 'ok' };
    } catch (error) {
      const told = this.#told(error, { sql: '', timeoutMs: CHECK_MS }, []);
      return { status: 'degraded', detail: reasonOf(told) };
    } finally {
      deadline.end();
    }
  }

  close(): void {
    this.#pool.close();
  }

  async #open(url: string): Promise<MysqlConnection> {
    const connection = await MysqlConnection.open(await serverAddress(url, this.#options, DEFAULT_PORT));
    this.#dialect = connection.dialect;
    const refusal = await refusalOf(connection, this.#purpose);
    if (refusal === undefined) return connection;
    connection.destroy();
    throw unavailable(this.#options.name, refusal);
  }

  async #begin(connection: MysqlConnection, { timeoutMs, rows }: Work): Promise<void> {
    const patience = Math.ceil(timeoutMs) + GRACE_MS;
    const seconds = Math.ceil(patience / 1000);
    const limit = connection.isMariaDb
      ? `max_statement_time = ${seconds}`
      : `max_execution_time = ${patience}`;
    const settings = [
      limit,
      `sql_mode = '${SQL_MODE}'`,
      `lock_wait_timeout = ${LOCK_SECONDS}`,
      `innodb_lock_wait_timeout = ${LOCK_SECONDS}`,
      // A stream may be waited for by who takes it.
      `net_write_timeout = ${Math.max(60, seconds)}`,
      ...(rows === undefined ? [] : [`sql_select_limit = ${rows}`]),
    ];
    await connection.own('SET NAMES utf8mb4');
    await connection.own(`SET ${settings.map((one) => `SESSION ${one}`).join(', ')}`);
    await connection.own(`START TRANSACTION READ ${this.#purpose === 'read' ? 'ONLY' : 'WRITE'}`);
  }

  #told(error: unknown, work: Work, candidates: readonly string[]): Error {
    return toAppError(error, { ...work, name: this.#options.name, candidates });
  }
}
