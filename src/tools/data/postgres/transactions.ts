import type { HealthReport } from '../../../core/health.ts';
import { Deadline, withDeadline } from '../databases/deadline.ts';
import type { Taker } from '../databases/places.ts';
import { type Borrowed, ConnectionPool } from '../databases/pool.ts';
import { serverAddress } from '../databases/server-address.ts';
import { reasonOf, unavailable } from '../databases/sql-error.ts';
import type { ServerOptions } from '../options/databases.ts';
import type { Asking } from '../source.ts';
import { candidatesFor } from './catalogue.ts';
import { PostgresConnection } from './connection.ts';
import { inspectAccount } from './account.ts';
import { missingName, toAppError } from './postgres-error.ts';
import { beginning } from './transaction.ts';

const DEFAULT_PORT = 5432;
/** The check, among those who wait. */
const NOBODY = '';
const CHECK_MS = 1400;

/** What is worked on, for errors to point into. */
export interface Work {
  /** The statement as the caller wrote it. */
  readonly sql: string;
  /** How many characters stand before it in what the server gets. */
  readonly prefix: number;
  readonly timeoutMs: number;
}

/** Transactions of one account. Each ends with its work: what is not committed then never was. */
export class Transactions {
  readonly #mode: 'READ ONLY' | 'READ WRITE';
  readonly #options: ServerOptions;
  readonly #pool: ConnectionPool<PostgresConnection>;
  #version: string | undefined;

  constructor(options: ServerOptions, url: string, mode: 'READ ONLY' | 'READ WRITE') {
    this.#options = options;
    this.#mode = mode;
    this.#pool = new ConnectionPool({
      size: options.maxConnections,
      open: () => this.#open(url),
      // The transaction, and what a statement may have left: settings, locks, listeners, plans.
      clean: async (connection) => {
        await connection.own('ROLLBACK');
        await connection.own('DISCARD ALL');
      },
    });
  }

  /** Of the server, once it is known. */
  get version(): string | undefined {
    return this.#version;
  }

  /** @throws AppError, whatever happens, or the signal's reason */
  async run<T>(
    asking: Asking,
    work: Work,
    body: (connection: PostgresConnection, signal: AbortSignal) => Promise<T>,
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
  async begin(work: Work, taker: Taker): Promise<Borrowed<PostgresConnection>> {
    const begin = beginning(this.#mode, work.timeoutMs);
    try {
      return await this.#pool.acquire(taker, (connection) => connection.own(begin));
    } catch (error) {
      taker.signal.throwIfAborted();
      throw this.#told(error, work, []);
    }
  }

  /** What the caller is told of an error, with what could have been meant. */
  async told(error: unknown, connection: PostgresConnection, work: Work): Promise<Error> {
    const missing = missingName(error);
    if (missing === undefined || !connection.isUsable) return this.#told(error, work, []);
    const candidates = await connection
      .own('ROLLBACK')
      .then(() => candidatesFor(connection, missing.what, this.#options.schemas))
      .catch(() => []);
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
      return { status: 'degraded', detail: reasonOf(this.#told(error, NOTHING, [])) };
    } finally {
      deadline.end();
    }
  }

  close(): void {
    this.#pool.close();
  }

  async #open(url: string): Promise<PostgresConnection> {
    const connection = await PostgresConnection.open(await serverAddress(url, this.#options, DEFAULT_PORT));
    try {
      const { version, refusal } = await inspectAccount(connection);
      this.#version = version;
      if (refusal !== undefined) throw unavailable(this.#options.name, refusal);
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  #told(error: unknown, work: Work, candidates: readonly string[]): Error {
    return toAppError(error, { ...work, name: this.#options.name, candidates });
  }
}

const NOTHING: Work = { sql: '', prefix: 0, timeoutMs: CHECK_MS };
