import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { AppError } from '../../../core/errors.ts';
import {
  noChange,
  notReadOnly,
  oneStatement,
  refuseOtherThanChange,
  refuseOtherThanQuery,
  type Token,
  tokensOf,
} from '../databases/sql-text.ts';
import type { Value } from '../source.ts';
import { createAuthorizer } from './authorizer.ts';
import { NOT_WRITABLE } from './protocol.ts';
import { needsFolder, toAppError } from './sqlite-error.ts';
import { StillFile } from './still-file.ts';

/** Bytes of one value, and of a statement. */
const LIMITS = { length: 32_000_000, sqlLength: 1_000_000, attach: 0 };
const LOCK_PATIENCE_MS = 5000;

/** A connection for one statement; there is no state that the next one could meet. */
export class OpenedDatabase {
  readonly #database: DatabaseSync;
  readonly #writable: boolean;
  readonly #still: StillFile | undefined;
  #refused: string | undefined;

  constructor(path: string, writable: boolean) {
    this.#writable = writable;
    try {
      this.#database = opened(path, writable);
    } catch (error) {
      this.#still = !writable && needsFolder(error) ? StillFile.find(path) : undefined;
      if (this.#still === undefined) throw openingError(error);
      this.#database = opened(this.#still.url, false);
    }
  }

  /** For statements of our own. */
  all(sql: string, ...params: readonly (string | number)[]): Record<string, unknown>[] {
    return this.#database.prepare(sql).all(...params);
  }

  /** A statement that can only read. */
  query(sql: string): { statement: StatementSync; text: string; tokens: readonly Token[] } {
    const { text, tokens } = oneStatement(sql, 'sqlite');
    refuseOtherThanQuery(tokens);
    const statement = this.guarded(sql, tokens, () => {
      this.#arm();
      const prepared = this.#database.prepare(text);
      // Only a query can stand there. It runs as it was sent, as the outer one would rename its columns.
      this.#database.prepare(`SELECT * FROM (\n${text}\n)`);
      return prepared;
    });
    return { statement, text, tokens };
  }

  explain(text: string): Record<string, unknown>[] {
    return this.#database.prepare(`EXPLAIN QUERY PLAN ${text}`).all();
  }

  /** Runs one statement that changes rows, and keeps it or not by what `judge` says of their number. */
  change(sql: string, params: readonly SqliteParameter[], judge: (affected: number) => boolean): void {
    const { text, tokens } = oneStatement(sql, 'sqlite');
    refuseOtherThanChange(tokens);
    this.guarded(sql, tokens, () => {
      this.#database.exec('BEGIN IMMEDIATE');
      this.#arm();
      const statement = this.#database.prepare(text);
      if (tokensOf(text.slice(statement.sourceSQL.length), 'sqlite').length > 0) throw noChange();
      if (isQuery(this.#database, text)) throw noChange();
      const { changes } = statement.run(...params);
      this.#database.setAuthorizer(null);
      this.#database.exec(judge(Number(changes)) ? 'COMMIT' : 'ROLLBACK');
    });
  }

  /** Turns what SQLite throws into what callers are told. */
  guarded<T>(sql: string, tokens: readonly Token[], work: () => T): T {
    try {
      const done = work();
      this.#still?.confirm();
      return done;
    } catch (error) {
      if (error instanceof AppError) throw error;
      if (this.#writable && needsFolder(error)) throw openingError(error);
      if (this.#refused !== undefined) throw notReadOnly(`${this.#refused} is not allowed.`, error);
      const names = (what: 'table' | 'column'): string[] => this.#names(what);
      throw toAppError(error, { sql, tokens, names });
    }
  }

  close(): void {
    this.#database.close();
  }

  #arm(): void {
    this.#database.setAuthorizer(
      createAuthorizer(this.#writable, (what) => {
        this.#refused ??= what;
      }),
    );
  }

  #names(what: 'table' | 'column'): string[] {
    this.#database.setAuthorizer(null);
    const sql =
      what === 'table'
        ? "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' LIMIT 500"
        : 'SELECT DISTINCT c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c LIMIT 2000';
    try {
      return this.all(sql).map(({ name }) => String(name));
    } catch {
      // A view that stands on what is gone has no columns to tell.
      return [];
    }
  }
}

function opened(path: string | URL, writable: boolean): DatabaseSync {
  const database = new DatabaseSync(path, {
    readOnly: !writable,
    timeout: LOCK_PATIENCE_MS,
    enableDoubleQuotedStringLiterals: false,
    limits: LIMITS,
  });
  try {
    database.enableDefensive(true);
    // Views and triggers of the file call nothing that could do harm, and sorting writes no files.
    database.exec('PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY');
    if (!writable) database.exec('PRAGMA query_only = ON');
    // Reads the header: what is no database shows here.
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function openingError(error: unknown): AppError {
  if (!needsFolder(error)) return toAppError(error, { sql: '', tokens: [], names: () => [] });
  return new AppError('SOURCE_UNAVAILABLE', NOT_WRITABLE, { cause: error });
}

export type SqliteParameter = string | number | bigint | null;

/** Whole numbers stay whole: SQLite divides them differently. */
export function sqliteParameter(value: Value): SqliteParameter {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

function isQuery(database: DatabaseSync, text: string): boolean {
  try {
    database.prepare(`SELECT * FROM (\n${text}\n)`);
    return true;
  } catch {
    // Of a statement that has just compiled: it is one that cannot stand there.
    return false;
  }
}
