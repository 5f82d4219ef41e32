import type { Connection, ConnectionOptions, FieldPacket, QueryError, ResultSetHeader } from 'mysql2';
import { AppError } from '../../../core/errors.ts';
import type { ServerAddress } from '../databases/server-address.ts';
import { PATIENCE_MS, within } from '../databases/patience.ts';
import { plainParameter, rowsTooLarge } from '../databases/values.ts';
import type { Value } from '../source.ts';
import { type Row, RowQueue } from './row-queue.ts';
import type { Field } from './types.ts';

const CONNECT_MS = 5000;
/** Bytes of one row, which the driver keeps whole. */
const MAX_ANSWER_BYTES = 64_000_000;
const KILL_MS = 1000;

/** Rows as they come; the server waits while nobody takes them. */
export interface RowSource {
  readonly fields: readonly Field[];
  readonly rows: AsyncIterator<Row>;
}

/** One connection, on which one thing happens at a time. */
export class MysqlConnection {
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
      raw.destroy();
    })) as [[string]];
    const connection = new MysqlConnection(raw, address, version);
    // The socket; not in the driver's types.
    const { stream } = raw as unknown as { stream: NodeJS.ReadableStream };
    stream.on('data', (chunk: Buffer) => {
      connection.#count(chunk.length);
    });
    return connection;
  }

  /** Whether it can be used again. */
  get isUsable(): boolean {
    return this.#isUsable;
  }

  /** Whether there are rows that nobody has taken over yet. */
  get isStreaming(): boolean {
    return this.#isStreaming;
  }

  /** A statement of our own. */
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
    return this.interruptible(signal, async () => {
      const values = await bound(params);
      const result = await promised<unknown>((done) => {
        this.#connection.execute({ sql, values, rowsAsArray: true }, done);
      });
      const rows = Array.isArray(result) ? (result as readonly Row[]) : [];
      return { rows, affected: Array.isArray(result) ? 0 : (result as ResultSetHeader).affectedRows };
    });
  }

  /** Runs one query; its rows are asked for one by one. */
  async start(sql: string, params: readonly Value[], signal: AbortSignal): Promise<RowSource> {
    const queue = new RowQueue({
      pause: () => {
        this.#connection.pause();
      },
      resume: () => {
        this.#connection.resume();
      },
    });
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
        queue.add(row as Row);
      })
      .on('error', (error: QueryError) => {
        this.#lose(error);
      })
      .on('end', () => {
        this.#isStreaming = false;
        queue.end();
      });
    const fields = await this.interruptible(signal, () => queue.fields);
    const next = (): Promise<IteratorResult<Row>> => this.interruptible(signal, () => queue.next());
    return { fields, rows: { next } };
  }

  /** What runs ends on the server when the signal aborts, and the connection with it. */
  async interruptible<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    let interrupt = (): void => undefined;
    const interrupted = new Promise<never>((_, reject) => {
      interrupt = () => {
        this.#isUsable = false;
        reject(signal.reason as Error);
      };
    });
    signal.addEventListener('abort', interrupt, { once: true });
    const working = work();
    working.catch(() => undefined);
    try {
      return await Promise.race([working, interrupted]);
    } catch (error) {
      if (signal.aborted) await this.stop();
      signal.throwIfAborted();
      throw this.#isTooLarge && !(error instanceof AppError) ? rowsTooLarge(error) : error;
    } finally {
      signal.removeEventListener('abort', interrupt);
    }
  }

  /** Ends what the server still does for this connection, from another one; then this one is gone. */
  async stop(): Promise<void> {
    this.#isUsable = false;
    const { threadId } = this.#connection;
    try {
      const other = await connect(this.#address, KILL_MS);
      const killed = promised<unknown>((done) => {
        other.query(`KILL QUERY ${threadId}`, done);
      });
      await within(KILL_MS, killed, () => undefined).finally(() => {
        other.destroy();
      });
    } catch {
      // The server is gone, or the statement: it ends by its own limit at the latest.
    } finally {
      this.#connection.destroy();
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
    this.#connection.destroy();
  }

  #count(bytes: number): void {
    this.#received += bytes;
    if (this.#received <= MAX_ANSWER_BYTES || this.#isTooLarge) return;
    this.#isTooLarge = true;
    this.#lose(rowsTooLarge());
    const { stream } = this.#connection as unknown as { stream: { destroy(error: Error): void } };
    void this.stop();
    // Of an answer that is not taken row by row, whoever waits is told by the driver.
    stream.destroy(new Error('The answer is too large'));
  }

  #answered<T>(start: Parameters<typeof promised<T>>[0], patienceMs: number = PATIENCE_MS): Promise<T> {
    return within(patienceMs, promised(start), () => {
      this.destroy();
    });
  }
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
    connection.destroy();
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
