import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { AppError } from '../../../core/errors.ts';

// https://www.sqlite.org/fileformat.html, "File format version numbers".
const WRITE_VERSION = 18;
const WAL = 2;

/**
 * A database in WAL mode in a folder that nothing can be written to, where SQLite cannot make the files by which its
 * users tell each other of changes. While nobody changes it, it can be read as it lies there.
 */
export class StillFile {
  /** What SQLite opens: it expects no change. */
  readonly url: URL;
  readonly #path: string;
  readonly #before: string;

  private constructor(path: string) {
    this.#path = path;
    this.#before = stateOf(path);
    this.url = pathToFileURL(path);
    this.url.searchParams.set('immutable', '1');
  }

  /** Undefined where it is no such database, or its last changes are not in the file yet. */
  static find(path: string): StillFile | undefined {
    const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
    return isInWalMode(path) && (log === undefined || log.size === 0) ? new StillFile(path) : undefined;
  }

  /** @throws AppError `BUSY` for what was read while somebody wrote to it */
  confirm(): void {
    if (stateOf(this.#path) === this.#before) return;
    throw new AppError('BUSY', 'The database was written to meanwhile.', { retryAfter: 2 });
  }
}

function stateOf(path: string): string {
  const { ino, size, mtimeNs } = statSync(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}

function isInWalMode(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const version = Buffer.alloc(1);
    readSync(file, version, 0, 1, WRITE_VERSION);
    return version[0] === WAL;
  } finally {
    closeSync(file);
  }
}
