import { accessSync, chmodSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { AppError } from '../core/errors.ts';

/** Marks a file as ours in its header: "Fair". */
const APPLICATION_ID = 0x46616972;

/**
 * The schema as a history: `PRAGMA user_version` counts how many of these a file has seen. Only ever
 * append. Instants are milliseconds since the epoch; a record without one is permanent.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE records (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL, expires_at INTEGER) STRICT;
   CREATE INDEX records_by_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;
   CREATE TABLE streams (
     id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, expires_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX streams_by_expiry ON streams (expires_at);
   CREATE TABLE events (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     stream INTEGER NOT NULL REFERENCES streams (id),
     value TEXT NOT NULL
   ) STRICT;
   CREATE INDEX events_by_stream ON events (stream);
   CREATE TABLE messages (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     sender TEXT NOT NULL,
     channel TEXT NOT NULL,
     message TEXT NOT NULL,
     published_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE liveness (id INTEGER PRIMARY KEY CHECK (id = 1), seen_at INTEGER NOT NULL) STRICT;`,
];

/**
 * Makes sure that there is a file which nobody but its owner can read, in a folder that can be written:
 * SQLite gives the write-ahead log beside it the same mode.
 */
export function prepareFile(path: string): void {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK | constants.X_OK);
    if (!createPrivately(path)) restrictToOwner(path);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('CONFIGURATION_INVALID', `The state file ${path} cannot be created or written.`, {
      next: `give the user that runs the service a writable folder ${folder}, or set FAIRLEAD_DATA_DIR`,
      cause: error,
    });
  }
}

function createPrivately(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Works on the path alone: closing a descriptor of the file would drop the locks of this process's other connections. */
function restrictToOwner(path: string): void {
  const stats = statSync(path);
  if (!stats.isFile()) {
    throw new AppError('CONFIGURATION_INVALID', `The state file ${path} is not a regular file.`);
  }
  accessSync(path, constants.R_OK | constants.W_OK);
  if ((stats.mode & 0o077) !== 0) chmodSync(path, 0o600);
}

/** Brings an open file to the schema of this version; any number of processes may do so at the same time. */
export function migrate(database: DatabaseSync, path: string): void {
  database.exec('PRAGMA journal_mode = WAL');
  // Loses nothing when the process dies, at most the last commits when the machine does; never consistency.
  database.exec(
    'PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 16777216',
  );
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = acceptedVersion(database, path);
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    if (version < MIGRATIONS.length) {
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}`);
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function acceptedVersion(database: DatabaseSync, path: string): number {
  const version = pragma(database, 'user_version');
  const empty = database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  const fresh = version === 0 && empty;
  if (!fresh && pragma(database, 'application_id') !== APPLICATION_ID) {
    throw new AppError('CONFIGURATION_INVALID', `The state file ${path} belongs to another application.`, {
      next: 'point FAIRLEAD_STORE at a file of its own',
    });
  }
  if (version > MIGRATIONS.length) {
    throw new AppError(
      'CONFIGURATION_INVALID',
      `The state file ${path} was written by a newer version (schema ${version}; this one knows ${MIGRATIONS.length}).`,
      { next: 'run the newer version, or restore the file from before the upgrade' },
    );
  }
  return version;
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
