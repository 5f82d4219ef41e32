import { randomUUID } from 'node:crypto';
import type { StatementSync } from 'node:sqlite';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/telemetry.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { Subscriptions } from './subscriptions.ts';

/** How often a process with subscribers looks whether another one has written: the look costs microseconds. */
const POLL_MS = 25;
/** Messages that are kept for processes that have not looked yet: no more than this, and no longer than that. */
const MAX_KEPT = 4_096;
const KEPT_MS = 30_000;
const BATCH = 256;

/**
 * Publish and subscribe over a table. Subscribers of the same process hear at once; those of others when
 * their process next sees that the file has changed. A process that does not look for half a minute, or
 * falls {@link MAX_KEPT} behind, misses messages: delivery is at most once.
 */
export class SqliteMessages {
  readonly #connection: SqliteConnection;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #subscriptions: Subscriptions;
  readonly #sender = randomUUID();
  readonly #statements: Record<'insert' | 'trim' | 'sweep' | 'head' | 'version' | 'news', StatementSync>;
  #timer: NodeJS.Timeout | undefined;
  #polling = false;
  #seenVersion: unknown;
  #cursor = 0;

  constructor(connection: SqliteConnection, clock: Clock, logger: Logger) {
    this.#connection = connection;
    this.#clock = clock;
    this.#logger = logger;
    this.#subscriptions = new Subscriptions(logger);
    this.#statements = {
      insert: connection.prepare(
        'INSERT INTO messages (sender, channel, message, published_at) VALUES (?, ?, ?, ?)',
      ),
      trim: connection.prepare('DELETE FROM messages WHERE sequence <= ?'),
      sweep: connection.prepare(
        'DELETE FROM messages WHERE sequence IN (SELECT sequence FROM messages WHERE published_at <= ? LIMIT ?)',
      ),
      head: connection.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'messages'`),
      // Changes whenever another connection has committed (https://sqlite.org/pragma.html#pragma_data_version).
      version: connection.prepare('PRAGMA data_version'),
      news: connection.prepare(
        `SELECT sequence, channel, message FROM messages
         WHERE sequence > ? AND sequence <= ? AND sender <> ? AND channel IN (SELECT value FROM json_each(?))
         ORDER BY sequence LIMIT ?`,
      ),
    };
  }

  async publish(channel: string, message: string): Promise<void> {
    const sequence = await this.#connection.transaction(() => {
      const { insert, trim } = this.#statements;
      const inserted = Number(insert.run(this.#sender, channel, message, this.#clock.now()).lastInsertRowid);
      trim.run(inserted - MAX_KEPT);
      return inserted;
    });
    this.#subscriptions.deliver(channel, message, sequence);
  }

  subscribe(channel: string, listener: (message: string) => void): Promise<() => Promise<void>> {
    return this.#connection.read(() => {
      const head = this.#head();
      const end = this.#subscriptions.add(channel, listener, head);
      this.#startPolling(head);
      return () => {
        end();
        if (this.#subscriptions.empty) this.#stopPolling();
        return Promise.resolve();
      };
    });
  }

  /** Removes a batch of what every process has had its time to see; answers whether more is left. */
  async sweep(limit: number): Promise<boolean> {
    const { changes } = await this.#connection.write(() =>
      this.#statements.sweep.run(this.#clock.now() - KEPT_MS, limit),
    );
    return Number(changes) === limit;
  }

  close(): void {
    this.#stopPolling();
    this.#subscriptions.clear();
  }

  #head(): number {
    return Number(this.#statements.head.get()?.['seq'] ?? 0);
  }

  #startPolling(head: number): void {
    if (this.#timer !== undefined) return;
    this.#cursor = head;
    this.#seenVersion = undefined;
    this.#timer = setInterval(() => void this.#poll(), POLL_MS).unref();
  }

  #stopPolling(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    try {
      while (this.#timer !== undefined && (await this.#connection.read(() => this.#deliverNews()))) {
        await new Promise(setImmediate);
      }
    } catch (error) {
      this.#logger.warn({ err: error }, 'Messages of other processes could not be read');
    } finally {
      this.#polling = false;
    }
  }

  /** Delivers one batch of what other processes published; answers whether there may be more. */
  #deliverNews(): boolean {
    const version = this.#statements.version.get()?.['data_version'];
    if (version === this.#seenVersion) return false;
    const head = this.#head();
    const channels = JSON.stringify(this.#subscriptions.channels);
    const rows = this.#statements.news.all(this.#cursor, head, this.#sender, channels, BATCH);
    const full = rows.length === BATCH;
    this.#cursor = full ? Number(rows.at(-1)?.['sequence']) : head;
    if (!full) this.#seenVersion = version;
    for (const { channel, message, sequence } of rows) {
      this.#subscriptions.deliver(String(channel), String(message), Number(sequence));
    }
    return full;
  }
}
