import { Socket } from 'node:net';
import type { Connection, ConnectionOptions, FieldPacket, QueryError, ResultSetHeader } from 'mysql2';
import { AppError } from '../../../core/errors.ts';
import { PATIENCE_MS, unlessAborted, within } from '../databases/patience.ts';
import { RowQueue, type RowSource } from '../databases/row-queue.ts';
import type { ServerAddress } from '../databases/server-address.ts';
import type { ServerConnection } from '../databases/transactions.ts';
import { MAX_ROW_BYTES, plainParameter, rowTooLarge } from '../databases/values.ts';
import type { Value } from '../source.ts';
import type { Field } from './types.ts';

const CONNECT_MS = 5000;
/** A server that is busy takes connections slowly. */
const KILL_MS = 2000;

/** Values as the driver makes them. */
export type Row = readonly unknown[];

/** One connection, on which one thing happens at a time. */
export class MysqlConnection implements ServerConnection {
  readonly #connection: Connection;
  readonly #address: ServerAddress;
  readonly isMariaDb: boolean;
  /** As people call it: `MariaDB 10.11`. */
  readonly dialect: string;
  #isUsable = true;
  #received = 0;
  #isTooLarge = false;
  #isStreaming = false;
  /** The driver tells a statement whose rows are on their way nothing of what becomes of the connection. */
  #lose: (error: Error) => void = () => undefined;

  private constructor(connection: Connection, address: ServerAddress, version: string) {
    this.#connection = connection;
    this.#address = address;
    this.isMariaDb = /mariadb/i.test(version);
    this.dialect = `${this.isMariaDb ? 'MariaDB' : 'MySQL'} ${/\d+\.\d+/.exec(version)?.[0] ?? ''}`.trim();
    const lost = (error: Error = new Error('The connection was closed')): void => {
      this.#isUsable = false;
      this.#lose(error);
    };
    connection.on('error', lost);
    connection.on('end', lost);
  }

  /** Rejects with the driver's error. */
  static async open(address: ServerAddress): Promise<MysqlConnection> {
    const raw = await connect(address);
    const asked = promised<unknown>((done) => {
      raw.query({ sql: 'SELECT VERSION()', rowsAsArray: true }, done);
    });
    const [[version]] = (await within(PATIENCE_MS, asked, () => {
      cut(raw);
    })) as [[string]];
    const connection = new MysqlConnection(raw, address, version);
    socketOf(raw).on('data', (chunk) => {
      connection.#count(chunk.length);
    });
    return connection;
  }

  get isUsable(): boolean {
    return this.#isUsable;
  }

  get isStreaming(): boolean {
    return this.#isStreaming;
  }

  async own(sql: string, patienceMs: number = PATIENCE_MS): Promise<readonly Row[]> {
    this.#received = 0;
    return (await this.#answered<unknown>((done) => {
      this.#connection.query({ sql, rowsAsArray: true }, done);
    }, patienceMs)) as readonly Row[];
  }

  /** The first column of what a statement of our own answers. */
  async texts(sql: string, patienceMs?: number): Promise<string[]> {
    return (await this.own(sql, patienceMs)).map(([text]) => String(text));
  }

  /** Has the server parse one statement, without running it. */
  async parse(sql: string): Promise<void> {
    const statement = await this.#answered<{ close(): void }>((done) => {
      this.#connection.prepare(sql, done);
    });
    statement.close();
    this.#connection.unprepare(sql);
  }

  /** One statement, prepared, whose answer is no rows or few. It ends on the server when the signal aborts. */
  async run(
    sql: string,
    params: readonly Value[],
    signal: AbortSignal,
  ): Promise<{ rows: readonly Row[]; affected: number }> {
    return this.#interruptible(signal, async () => {
      const values = await bound(params);
      this.#received = 0;
      const result = await promised<unknown>((done) => {
        this.#connection.execute({ sql, values, rowsAsArray: true }, done);
      });
      const rows = Array.isArray(result) ? (result as readonly Row[]) : [];
      return { rows, affected: Array.isArray(result) ? 0 : (result as ResultSetHeader).affectedRows };
    });
  }

  /** Runs one query; the server waits while nobody takes its rows. */
  async start(sql: string, params: readonly Value[], signal: AbortSignal): Promise<RowSource<Field, Row>> {
    const queue = new RowQueue<Field, Row>(this.#connection);
    this.#lose = (error) => {
      this.#isStreaming = false;
      queue.fail(error);
    };
    const values = await bound(params);
    this.#received = 0;
    this.#isStreaming = true;
    const command = this.#connection.execute({ sql, values, rowsAsArray: true });
    command
      .on('fields', (fields: FieldPacket[] | undefined) => {
        queue.begin(fields ?? []);
      })
      .on('result', (row: unknown) => {
        this.#received = 0;
        // By `rowsAsArray`: a query has no other result.
        queue.add(row as Row);
      })
      .on('error', (error: QueryError) => {
        this.#lose(error);
      })
      .on('end', () => {
        this.#isStreaming = false;
        queue.end();
      });
    const fields = await this.#interruptible(signal, () => queue.fields);
    return { fields, take: () => this.#interruptible(signal, () => queue.take()) };
  }

  /** From another connection. */
  async stop(): Promise<void> {
    this.#isUsable = false;
    const { threadId } = this.#connection;
    try {
      const other = await connect(this.#address, KILL_MS);
      const killed = promised<unknown>((done) => {
        other.query(`KILL QUERY ${threadId}`, done);
      });
      await within(KILL_MS, killed, () => undefined).finally(() => {
        cut(other);
      });
    } catch {
      // The server is gone, or the statement: it ends by its own limit at the latest.
    } finally {
      cut(this.#connection);
    }
  }

  /** Forgets settings, locks, variables, temporary tables and prepared statements. */
  async reset(): Promise<void> {
    await this.#answered<unknown>((done) => {
      this.#connection.reset((error) => {
        done(error ?? null, undefined);
      });
    });
  }

  destroy(): void {
    this.#isUsable = false;
    cut(this.#connection);
  }

  #count(bytes: number): void {
    this.#received += bytes;
    if (this.#received <= MAX_ROW_BYTES || this.#isTooLarge) return;
    this.#isTooLarge = true;
    this.#lose(rowTooLarge(MAX_ROW_BYTES));
    void this.stop();
    // Of an answer that is not taken row by row, whoever waits is told by the driver.
    socketOf(this.#connection).destroy(new Error('The answer is too large'));
  }

  /** What runs ends on the server when the signal aborts, and the connection with it. */
  async #interruptible<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await unlessAborted(signal, work());
    } catch (error) {
      if (signal.aborted) await this.stop();
      signal.throwIfAborted();
      throw this.#isTooLarge && !(error instanceof AppError) ? rowTooLarge(MAX_ROW_BYTES, error) : error;
    }
  }

  #answered<T>(start: Parameters<typeof promised<T>>[0], patienceMs: number = PATIENCE_MS): Promise<T> {
    return within(patienceMs, promised(start), () => {
      this.destroy();
    });
  }
}

/** The driver's types leave it out. */
function socketOf(connection: Connection): Socket {
  if ('stream' in connection && connection.stream instanceof Socket) return connection.stream;
  throw new TypeError('The connection has no socket');
}

/** What the driver calls destroying says goodbye and waits: for a server that is writing to nobody, until it gives up. */
function cut(connection: Connection): void {
  connection.destroy();
  socketOf(connection).destroy();
}

/** Whole numbers stay whole: `LIMIT ?` takes nothing else. Lists and objects are JSON. */
async function bound(params: readonly Value[]): Promise<unknown[]> {
  const { default: mysql } = await import('mysql2');
  return params.map((value) =>
    typeof value === 'number' && Number.isSafeInteger(value)
      ? mysql.TypedParameter.BIGINT(value)
      : plainParameter(value),
  );
}

async function connect(address: ServerAddress, connectTimeout = CONNECT_MS): Promise<Connection> {
  const { default: mysql } = await import('mysql2');
  const { host, port, database, user, password, tls } = address;
  const options: ConnectionOptions = {
    ...{ host, port, database, user, password, connectTimeout },
    ...(tls === undefined ? {} : { ssl: { ...tls, verifyIdentity: tls.rejectUnauthorized } }),
    multipleStatements: false,
    flags: ['-LOCAL_FILES', '-FOUND_ROWS'],
    charset: 'utf8mb4_general_ci',
    supportBigNumbers: true,
    dateStrings: true,
    jsonStrings: true,
    // Parsers are not made of the names of columns.
    disableEval: true,
  };
  const connection = mysql.createConnection(options);
  // Who asks something of it is told; nobody else has to know.
  connection.on('error', () => undefined);
  try {
    const connected = promised<unknown>((done) => {
      connection.connect((error) => {
        done(error, undefined);
      });
    });
    await within(connectTimeout, connected, () => undefined);
    return connection;
  } catch (error) {
    cut(connection);
    throw error;
  }
}

function promised<T>(start: (done: (error: Error | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error === null) resolve(value);
      else reject(error);
    });
  });
}
