import type { Client, FieldDef, QueryArrayConfig, ResultBuilder } from 'pg';
import { PATIENCE_MS, unlessAborted, within } from '../databases/patience.ts';
import { RowQueue, type RowSource } from '../databases/row-queue.ts';
import type { ServerAddress } from '../databases/server-address.ts';
import type { ServerConnection } from '../databases/transactions.ts';
import { MAX_ROW_BYTES, rowTooLarge } from '../databases/values.ts';
import { cancelOnServer } from './cancel-request.ts';

const CONNECT_MS = 5000;

/** Values as the server writes them as text. */
export type Row = readonly (string | null)[];

export interface RawResult {
  readonly fields: readonly FieldDef[];
  readonly rows: readonly Row[];
  readonly rowCount: number;
}

/** One connection, on which one thing happens at a time. */
export class PostgresConnection implements ServerConnection {
  readonly #client: Client;
  readonly #address: ServerAddress;
  #received = 0;
  #isUsable = true;
  #isTooLarge = false;
  #isStreaming = false;

  private constructor(client: Client, address: ServerAddress) {
    this.#client = client;
    this.#address = address;
    const lost = (): void => {
      this.#isUsable = false;
    };
    client.on('error', lost);
    client.on('end', lost);
  }

  /** Rejects with the driver's error. */
  static async open(address: ServerAddress): Promise<PostgresConnection> {
    const { Client } = await import('pg');
    const { host, port, database, user, password, tls } = address;
    const client = new Client({
      ...{ host, port, database, user, password },
      ssl: tls === undefined ? false : { ...tls },
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      application_name: 'fairlead',
      // Values stay as the server writes them, so that no digit is lost.
      types: { getTypeParser: () => (value: string) => value },
    });
    const connection = new PostgresConnection(client, address);
    await client.connect();
    client.connection.stream.on('data', (chunk: Buffer) => {
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

  /** Statements of our own; several are one round trip. Answers the last one's result. */
  async own(
    sql: string,
    values: readonly unknown[] = [],
    patienceMs: number = PATIENCE_MS,
  ): Promise<RawResult> {
    this.#received = 0;
    const query = values.length === 0 ? { text: sql } : { text: sql, values: [...values] };
    const running: Promise<unknown> = this.#client.query({ ...query, rowMode: 'array' });
    const results = await within(patienceMs, running, () => {
      this.destroy();
    });
    return rawResult(Array.isArray(results) ? results.at(-1) : results);
  }

  /**
   * One statement by the extended protocol, which takes no second one. It ends on the server when the signal
   * aborts, and the connection is not used again.
   */
  async run(sql: string, values: readonly unknown[], signal: AbortSignal): Promise<RawResult> {
    return this.#interruptible(signal, () => {
      this.#received = 0;
      const query = { text: sql, values: [...values], rowMode: 'array' as const, queryMode: 'extended' };
      return this.#client.query(query).then(rawResult);
    });
  }

  /** Runs a statement of our own; the server waits while nobody takes its rows. */
  async start(sql: string, signal: AbortSignal): Promise<RowSource<FieldDef, Row>> {
    const { Query } = await import('pg');
    const { stream } = this.#client.connection;
    const queue = new RowQueue<FieldDef, Row>(stream);
    this.#received = 0;
    this.#isStreaming = true;
    const config: QueryArrayConfig = { text: sql, rowMode: 'array' };
    const query = new Query(config);
    query.on('row', (row: Row, result?: ResultBuilder) => {
      this.#received = 0;
      queue.begin(result?.fields ?? []);
      queue.add(row);
    });
    query.on('error', (error) => {
      this.#isStreaming = false;
      queue.fail(error);
    });
    query.on('end', ({ fields }) => {
      this.#isStreaming = false;
      queue.begin(fields);
      queue.end();
    });
    this.#client.query(query);
    const fields = await this.#interruptible(signal, () => queue.fields);
    return { fields, take: () => this.#interruptible(signal, () => queue.take()) };
  }

  async stop(): Promise<void> {
    this.#isUsable = false;
    try {
      await cancelOnServer(this.#address, keyOf(this.#client));
    } catch {
      // The server is gone, or the statement: it ends by its own limit at the latest.
    } finally {
      // The word may arrive when the next statement would run already.
      this.destroy();
    }
  }

  destroy(): void {
    this.#isUsable = false;
    this.#client.connection.stream.destroy();
  }

  async #interruptible<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await unlessAborted(signal, work());
    } catch (error) {
      if (signal.aborted) await this.stop();
      signal.throwIfAborted();
      throw this.#isTooLarge ? rowTooLarge(MAX_ROW_BYTES, error) : error;
    }
  }

  #count(bytes: number): void {
    this.#received += bytes;
    if (this.#received <= MAX_ROW_BYTES || this.#isTooLarge) return;
    this.#isTooLarge = true;
    void this.stop();
    // At once: more would come until the server has heard of it. Who waits is told by the driver.
    this.destroy();
  }
}

/** By which the server is told which of its connections is meant. Of its greeting; the driver's types leave it out. */
function keyOf(client: Client): { readonly processId: number; readonly secret: number } {
  const processId = 'processID' in client ? client.processID : undefined;
  const secret = 'secretKey' in client ? client.secretKey : undefined;
  if (typeof processId === 'number' && typeof secret === 'number') return { processId, secret };
  throw new TypeError('The server has given no key');
}

function rawResult(result: unknown): RawResult {
  // With `rowMode: 'array'` and values as text, which the driver's types cannot tell.
  const { fields, rows, rowCount } = result as Omit<RawResult, 'rowCount'> & { rowCount: number | null };
  return { fields, rows, rowCount: rowCount ?? 0 };
}
