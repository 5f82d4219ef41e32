import { setTimeout } from 'node:timers/promises';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { AppError } from '../core/errors.ts';
import { migrate, prepareFile } from './sqlite-file.ts';
import { storeUnavailable } from './unavailable.ts';

/** How long an operation may wait for other processes to finish writing. */
const MAX_WAIT_MS = 5_000;
/** Of that, how long SQLite itself may wait, which holds the event loop. */
const BLOCKING_WAIT_MS = 10;
const RETRY_WITHIN_MS = 20;

// Primary result codes (https://sqlite.org/rescode.html).
const BUSY = 5;
const CORRUPT = 11;
const NOTADB = 26;

/**
 * A SQLite file that other processes write too. Writes of this process follow one another in the order
 * of their calls; where another process holds the write lock, they wait without holding the event loop.
 */
export class SqliteConnection {
  readonly #database: DatabaseSync;
  #writes: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @throws AppError `CONFIGURATION_INVALID`, `UNAVAILABLE` */
  static async open(path: string): Promise<SqliteConnection> {
    prepareFile(path);
    const { DatabaseSync } = await import('node:sqlite');
    let database: DatabaseSync | undefined;
    try {
      const opened = new DatabaseSync(path, { timeout: BLOCKING_WAIT_MS });
      database = opened;
      await whenNotBusy(() => {
        migrate(opened, path);
      });
      return new SqliteConnection(database);
    } catch (error) {
      database?.close();
      throw openingFailure(error, path);
    }
  }

  prepare(sql: string): StatementSync {
    return this.#database.prepare(sql);
  }

  /** Runs statements that change nothing. */
  read<T>(operation: () => T): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(storeUnavailable());
    return attempt(operation);
  }

  /** Runs one statement that changes something; it may be run again where it did not come through. */
  write<T>(operation: () => T): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(storeUnavailable());
    const calledAt = performance.now();
    const result = this.#writes.then(() => attempt(operation, calledAt));
    this.#writes = result.catch(() => undefined);
    return result;
  }

  /** Runs several statements as one. */
  transaction<T>(operation: () => T): Promise<T> {
    return this.write(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = operation();
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /** Ends after the writes that were called before. */
  close(): Promise<void> {
    this.#closing ??= this.#writes.then(() => {
      this.#database.close();
    });
    return this.#closing;
  }
}

async function attempt<T>(operation: () => T, calledAt?: number): Promise<T> {
  try {
    return await whenNotBusy(operation, calledAt);
  } catch (error) {
    throw resultCode(error) === undefined && !isClosed(error) ? error : storeUnavailable(error);
  }
}

async function whenNotBusy<T>(operation: () => T, calledAt = performance.now()): Promise<T> {
  for (;;) {
    try {
      return operation();
    } catch (error) {
      if (resultCode(error) !== BUSY || performance.now() - calledAt > MAX_WAIT_MS) throw error;
    }
    await setTimeout(1 + Math.random() * RETRY_WITHIN_MS);
  }
}

/** What went wrong while opening, as the operator should read it. */
export function openingFailure(error: unknown, path: string): unknown {
  const code = resultCode(error);
  if (code === undefined) return error;
  if (code === BUSY) return storeUnavailable(error);
  const damaged = code === NOTADB || code === CORRUPT;
  return new AppError(
    'CONFIGURATION_INVALID',
    damaged
      ? `The state file ${path} is damaged or not a SQLite database.`
      : `The state file ${path} cannot be opened.`,
    {
      next: damaged
        ? 'restore it from a backup, or move it away to start anew: accounts, grants and keys kept in it are lost'
        : 'check that its disk is local, has space left and is not mounted read-only',
      cause: error,
    },
  );
}

/** The primary result code of an error that SQLite reported. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE';
}
