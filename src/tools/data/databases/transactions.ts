import type { AppError } from '../../../core/errors.ts';
import type { Taker } from '../../../core/fair-places.ts';
import type { HealthReport } from '../../../core/health.ts';
import type { ServerOptions } from '../options/databases.ts';
import type { Asking, RowStream } from '../source.ts';
import { Deadline, withDeadline } from './deadline.ts';
import { type Borrowed, ConnectionPool, type Poolable } from './pool.ts';
import { type Running, streamRows } from './row-stream.ts';
import { type ServerAddress, serverAddress } from './server-address.ts';
import { reasonOf, unavailable } from './sql-error.ts';

/** The check, among those who wait. */
const NOBODY = '';
const CHECK_MS = 1400;

/** What an account is for: more than that it may not be able to do. */
export type Purpose = 'read' | 'change';

/** One connection to a server, on which one thing happens at a time. */
export interface ServerConnection extends Poolable {
  /** Whether there are rows that nobody has taken over yet. */
  readonly isStreaming: boolean;
  /** A statement of our own. */
  own(sql: string): Promise<unknown>;
  /** Ends what the server still does for this connection; then it is gone. Never rejects. */
  stop(): Promise<void>;
}

/** What is worked on. */
export interface Work {
  /** The statement as the caller wrote it. */
  readonly sql: string;
  /** How many characters stand before it in what the server gets. Default: none. */
  readonly prefix?: number;
  /** Rows that are sent at most, where the statement has no limit of its own. Default: all. */
  readonly rows?: number;
}

interface TimedWork extends Work {
  readonly timeoutMs: number;
}

/** What an error is told with. */
export interface Told extends TimedWork {
  /** Of the source. */
  readonly name: string;
  /** Columns or tables to choose from. */
  readonly candidates: readonly string[];
}

export interface Account {
  /** Of the server: `PostgreSQL 17`. */
  readonly dialect: string;
  /** Why nothing may be asked as this account. */
  readonly refusal: string | undefined;
}

/** What each kind of server has in its own way. */
export interface Engine<C extends ServerConnection> {
  readonly defaultPort: number;
  open(address: ServerAddress): Promise<C>;
  inspect(connection: C): Promise<Account>;
  begin(connection: C, work: TimedWork): Promise<unknown>;
  /** Ends the transaction, and takes back what a statement may have left: settings, locks, variables. */
  clean(connection: C): Promise<unknown>;
  /** What could have been meant by a name that was not found, if that is the error. */
  candidatesFor(error: unknown, connection: C): Promise<readonly string[]>;
  /** @param error what the driver has thrown */
  toAppError(error: unknown, told: Told): AppError;
}

/** Transactions of one account. Each ends with its work: what is not committed then never was. */
export class Transactions<C extends ServerConnection> {
  readonly #name: string;
  readonly #timeoutMs: number;
  readonly #engine: Engine<C>;
  readonly #pool: ConnectionPool<C>;
  #dialect: string | undefined;

  constructor(options: ServerOptions, url: string, engine: Engine<C>) {
    this.#name = options.name;
    this.#timeoutMs = options.timeoutSeconds * 1000;
    this.#engine = engine;
    this.#pool = new ConnectionPool({
      size: options.maxConnections,
      open: async () => this.#open(await serverAddress(url, options, engine.defaultPort)),
      // Of a statement that was given up nothing but its end is wanted.
      clean: (connection) => (connection.isStreaming ? connection.stop() : engine.clean(connection)),
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
    body: (connection: C, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const timed = { ...work, timeoutMs: this.#timeoutMs };
    return withDeadline(asking, this.#timeoutMs, async (signal) => {
      const { connection, release } = await this.#begin(timed, {
        subject: asking.principal.subject,
        signal,
      });
      try {
        return await body(connection, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw await this.#explained(error, connection, timed);
      } finally {
        await release();
      }
    });
  }

  /** All rows of a query. */
  stream(
    asking: Asking,
    work: Work,
    start: (connection: C, signal: AbortSignal) => Promise<Running>,
  ): Promise<RowStream> {
    const timed = { ...work, timeoutMs: asking.timeoutMs };
    return streamRows<C>(asking, {
      acquire: async (taker) => {
        const { connection, release } = await this.#begin(timed, taker);
        return { held: connection, release };
      },
      start,
      told: (error, connection) => this.#explained(error, connection, timed),
    });
  }

  async check(): Promise<HealthReport> {
    if (this.#pool.isBusy) return { status: 'ok' };
    const deadline = new Deadline({ signal: new AbortController().signal }, CHECK_MS);
    try {
      const taker = { subject: NOBODY, signal: deadline.signal };
      const { release } = await this.#pool.acquire(taker, (connection) => connection.own('SELECT 1'));
      await release();
      return { status: 'ok' };
    } catch (error) {
      return { status: 'degraded', detail: reasonOf(this.#told(error, { sql: '', timeoutMs: CHECK_MS })) };
    } finally {
      deadline.end();
    }
  }

  close(): void {
    this.#pool.close();
  }

  async #open(address: ServerAddress): Promise<C> {
    const connection = await this.#engine.open(address);
    try {
      const { dialect, refusal } = await this.#engine.inspect(connection);
      this.#dialect = dialect;
      if (refusal !== undefined) throw unavailable(this.#name, refusal);
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  /** Release it, whatever comes of it. */
  async #begin(work: TimedWork, taker: Taker): Promise<Borrowed<C>> {
    try {
      return await this.#pool.acquire(taker, (connection) => this.#engine.begin(connection, work));
    } catch (error) {
      taker.signal.throwIfAborted();
      throw this.#told(error, work);
    }
  }

  /** What the caller is told of an error, with what could have been meant. */
  async #explained(error: unknown, connection: C, work: TimedWork): Promise<Error> {
    if (!connection.isUsable || connection.isStreaming) return this.#told(error, work);
    // Without candidates the error says as much as the server does.
    const candidates = await this.#engine.candidatesFor(error, connection).catch(() => []);
    return this.#told(error, work, candidates);
  }

  #told(error: unknown, work: TimedWork, candidates: readonly string[] = []): Error {
    return this.#engine.toAppError(error, { ...work, name: this.#name, candidates });
  }
}
