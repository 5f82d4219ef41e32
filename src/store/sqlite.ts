import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Lifetime, Store, StreamEvent } from '../core/store.ts';
import type { Logger } from '../core/telemetry.ts';
import {
  assertCount,
  assertInteger,
  assertKey,
  assertText,
  expiryOf,
  instantAfter,
  sequenceOf,
} from './constraints.ts';
import { openingFailure, SqliteConnection } from './sqlite-connection.ts';
import { SqliteMessages } from './sqlite-messages.ts';
import { prepareAll, type SqliteStatements } from './sqlite-statements.ts';
import { Sweeper } from './sweeper.ts';
import { storeUnavailable } from './unavailable.ts';

const SWEEP_BATCH = 500;
const FILE_NAME = 'fairlead.sqlite';
/** Sorts after every text, so that it bounds a range which has no end. */
const AFTER_ALL_TEXT = new Uint8Array();

interface SqliteContext {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sweepEveryMs: number;
}

/** @throws AppError `CONFIGURATION_INVALID`, `UNAVAILABLE` */
export async function openSqlite(url: string, context: SqliteContext): Promise<Store> {
  const path = resolve(context.dataDir, url.replace(/^sqlite:?/, '') || FILE_NAME);
  const connection = await SqliteConnection.open(path);
  try {
    return new SqliteStore(connection, path, context);
  } catch (error) {
    await connection.close();
    throw openingFailure(error, path);
  }
}

class SqliteStore implements Store {
  readonly #connection: SqliteConnection;
  readonly #statements: SqliteStatements;
  readonly #messages: SqliteMessages;
  readonly #sweeper: Sweeper;
  readonly #clock: Clock;
  readonly #path: string;
  readonly #fileId: string;

  constructor(connection: SqliteConnection, path: string, { clock, logger, sweepEveryMs }: SqliteContext) {
    this.#connection = connection;
    this.#statements = prepareAll((sql) => connection.prepare(sql));
    this.#messages = new SqliteMessages(connection, clock, logger);
    this.#clock = clock;
    this.#path = path;
    this.#fileId = fileId(statSync(path));
    this.#sweeper = new Sweeper(() => this.#sweep(), sweepEveryMs, logger);
  }

  get(key: string): Promise<string | undefined> {
    return this.#connection.read(() => {
      assertKey(key);
      return textOf(this.#statements.get.get({ key, now: this.#clock.now() })?.['value']);
    });
  }

  put(key: string, value: string, lifetime: Lifetime): Promise<void> {
    return this.#connection.write(() => {
      this.#statements.put.run(this.#record(key, value, lifetime));
    });
  }

  swap(
    key: string,
    expected: string | undefined,
    next: string | undefined,
    lifetime: Lifetime,
  ): Promise<boolean> {
    const { get, create, replace, remove } = this.#statements;
    return this.#connection.write(() => {
      assertKey(key);
      const now = this.#clock.now();
      if (next === undefined) {
        if (expected === undefined) return get.get({ key, now }) === undefined;
        return changed(remove.run({ key, expected, now }));
      }
      const record = this.#record(key, next, lifetime);
      return changed(
        expected === undefined ? create.run({ ...record, now }) : replace.run({ ...record, expected, now }),
      );
    });
  }

  take(key: string): Promise<string | undefined> {
    return this.#connection.write(() => {
      assertKey(key);
      const taken = this.#statements.take.get({ key });
      const expired = typeof taken?.['expires_at'] === 'number' && taken['expires_at'] <= this.#clock.now();
      return expired ? undefined : textOf(taken?.['value']);
    });
  }

  increment(key: string, by: number, lifetime: number): Promise<{ value: number; expiresAt: number }> {
    return this.#connection.write(() => {
      assertKey(key);
      assertInteger(by, 'An increment');
      const expiresAt = instantAfter(lifetime, this.#clock);
      const counter = this.#statements.increment.get({ key, by, expiresAt, now: this.#clock.now() });
      if (counter === undefined) throw new RangeError('This record is not a counter');
      return { value: Number(counter['value']), expiresAt: Number(counter['expires_at']) };
    });
  }

  append(
    stream: string,
    value: string,
    bounds: { readonly lifetime: number; readonly maxLength: number },
  ): Promise<string> {
    const { dropExpiredStream, renewStream, append, trimStream } = this.#statements;
    return this.#connection.transaction(() => {
      assertKey(stream);
      assertText(value);
      assertCount(bounds.maxLength, 'The length of a stream');
      const expiresAt = instantAfter(bounds.lifetime, this.#clock);
      dropExpiredStream.run({ stream, now: this.#clock.now() });
      const id = Number(renewStream.get({ stream, expiresAt })?.['id']);
      const { lastInsertRowid } = append.run({ id, value });
      trimStream.run({ id, maxLength: bounds.maxLength });
      return String(lastInsertRowid);
    });
  }

  readAfter(stream: string, id: string | undefined, limit: number): Promise<StreamEvent[]> {
    return this.#connection.read(() => {
      assertKey(stream);
      assertCount(limit, 'A limit');
      const now = this.#clock.now();
      const rows = this.#statements.readAfter.all({ stream, now, after: sequenceOf(id), limit });
      return rows.map(({ sequence, value }) => ({ id: String(sequence), value: String(value) }));
    });
  }

  async publish(channel: string, message: string): Promise<void> {
    assertKey(channel);
    assertText(message);
    await this.#messages.publish(channel, message);
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<() => Promise<void>> {
    assertKey(channel);
    return await this.#messages.subscribe(channel, listener);
  }

  scan(
    prefix: string,
    limit: number,
    after?: string,
  ): Promise<{ readonly keys: string[]; readonly next: string | undefined }> {
    return this.#connection.read(() => {
      assertText(prefix);
      assertCount(limit, 'A limit');
      const range = { from: prefix, to: successorOf(prefix), after: after ?? '' };
      const rows = this.#statements.scan.all({ ...range, now: this.#clock.now(), limit: limit + 1 });
      const keys = rows.slice(0, limit).map(({ key }) => String(key));
      return { keys, next: rows.length > limit ? keys.at(-1) : undefined };
    });
  }

  /** A file that was removed or replaced still answers this process, but no other. */
  async ping(): Promise<void> {
    await this.#connection.write(() => this.#statements.ping.run({ now: this.#clock.now() }));
    const present = await stat(this.#path).catch((error: unknown) => {
      throw storeUnavailable(error);
    });
    if (fileId(present) !== this.#fileId) throw storeUnavailable(new Error('The state file was replaced'));
  }

  async close(): Promise<void> {
    this.#sweeper.close();
    this.#messages.close();
    await this.#connection.close();
  }

  #record(
    key: string,
    value: string,
    lifetime: Lifetime,
  ): { key: string; value: string; expiresAt: number | null } {
    assertKey(key);
    assertText(value);
    return { key, value, expiresAt: expiryOf(lifetime, this.#clock) };
  }

  async #sweep(): Promise<boolean> {
    const batch = { now: this.#clock.now(), limit: SWEEP_BATCH };
    const { sweepRecords, sweepEvents, sweepStreams } = this.#statements;
    let more = await this.#messages.sweep(SWEEP_BATCH);
    for (const statement of [sweepRecords, sweepEvents, sweepStreams]) {
      const { changes } = await this.#connection.write(() => statement.run(batch));
      more ||= Number(changes) === SWEEP_BATCH;
    }
    return more;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function changed(result: { readonly changes: number | bigint }): boolean {
  return Number(result.changes) > 0;
}

function fileId(stats: { readonly dev: number; readonly ino: number }): string {
  return `${stats.dev}:${stats.ino}`;
}

/** The first text, in the order of UTF-8 bytes, after all that start with the prefix. */
function successorOf(prefix: string): string | Uint8Array {
  const characters = Array.from(prefix);
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const next = (last.codePointAt(0) ?? 0) + 1;
    if (next > 0x10ffff) continue;
    // Surrogates have no place in UTF-8.
    return characters.join('') + String.fromCodePoint(next === 0xd800 ? 0xe000 : next);
  }
  return AFTER_ALL_TEXT;
}
