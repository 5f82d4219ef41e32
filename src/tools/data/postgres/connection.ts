import type { Client, FieldDef } from 'pg';
import type { ServerAddress } from '../databases/server-address.ts';
import { PATIENCE_MS, within } from '../databases/patience.ts';
import { rowsTooLarge } from '../databases/values.ts';
import { cancelOnServer } from './cancel-request.ts';

const CONNECT_MS = 5000;
/** Bytes of one answer: one row can be a gigabyte, and the driver keeps it whole. */
const MAX_ANSWER_BYTES = 64_000_000;
/** How long a statement may take to end after the server was asked to end it. */
const CANCEL_MS = 1000;

export interface RawResult {
  readonly fields: readonly FieldDef[];
  /** As the server writes values as text. */
  readonly rows: readonly (readonly (string | null)[])[];
  readonly rowCount: number;
  readonly command: string;
}

/** One connection, on which one thing happens at a time. */
export class PostgresConnection {
  readonly #client: Client;
  readonly #address: ServerAddress;
  #received = 0;
  #isUsable = true;
  #isTooLarge = false;

  private constructor(client: Client, address: ServerAddress) {
    this.#client = client;
    this.#address = address;
    client.on('error', () => {
      this.#isUsable = false;
    });
    client.on('end', () => {
      this.#isUsable = false;
    });
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

  /** Whether it can be used again. */
  get isUsable(): boolean {
    return this.#isUsable;
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
    signal.throwIfAborted();
    this.#received = 0;
    const query = { text: sql, values: [...values], rowMode: 'array' as const, queryMode: 'extended' };
    const running = this.#client.query(query).then(rawResult);
    running.catch(() => undefined);
    const interrupted = this.#interruptedBy(signal);
    try {
      return await Promise.race([running, interrupted.promise]);
    } catch (error) {
      if (signal.aborted) {
        await settled(running, CANCEL_MS);
        // The word may arrive when the next statement runs already.
        this.destroy();
      }
      signal.throwIfAborted();
      throw this.#isTooLarge ? rowsTooLarge(error) : error;
    } finally {
      interrupted.stop();
    }
  }

  /** Without a word to the server. */
  destroy(): void {
    this.#isUsable = false;
    this.#client.connection.stream.destroy();
  }

  /** Rejects when the signal aborts, and asks the server to end what runs. */
  #interruptedBy(signal: AbortSignal): { readonly promise: Promise<never>; readonly stop: () => void } {
    let interrupt = (): void => undefined;
    const promise = new Promise<never>((_, reject) => {
      interrupt = () => {
        void this.#cancel();
        reject(signal.reason as Error);
      };
    });
    signal.addEventListener('abort', interrupt, { once: true });
    return {
      promise,
      stop: () => {
        signal.removeEventListener('abort', interrupt);
      },
    };
  }

  #cancel(): Promise<void> {
    this.#isUsable = false;
    // Of the server's greeting; not in the driver's types.
    const { processID, secretKey } = this.#client as unknown as { processID: number; secretKey: number };
    return cancelOnServer(this.#address, { processId: processID, secret: secretKey }).catch(() => undefined);
  }

  #count(bytes: number): void {
    this.#received += bytes;
    if (this.#received <= MAX_ANSWER_BYTES) return;
    this.#isTooLarge = true;
    void this.#cancel();
    this.destroy();
  }
}

function rawResult(result: unknown): RawResult {
  // With `rowMode: 'array'` and values as text.
  const { fields, rows, rowCount, command } = result as Omit<RawResult, 'rowCount'> & {
    rowCount: number | null;
  };
  return { fields, rows, rowCount: rowCount ?? 0, command };
}

async function settled(work: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([
    work.then(
      () => undefined,
      () => undefined,
    ),
    late,
  ]);
  clearTimeout(timer);
}
