import { type BigIntStats, constants } from 'node:fs';
import { access, type FileHandle, link, lstat, mkdir, open, rename, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeName } from './byte-names.ts';
import { type DirectoryEntry, readDirectory } from './directory.ts';
import { errnoOf } from './write-error.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
// Absent from fs.constants (Linux, all architectures): the descriptor stands for the place only.
const O_PATH = 0o10_000_000;
const BY_DESCRIPTOR = '/proc/self/fd/';
/** What a system says that cannot bring a folder's entries to the disk by themselves. */
const CANNOT_SYNC = new Set(['EINVAL', 'EPERM', 'EISDIR', 'EACCES', 'EBADF', 'ENOTSUP']);

/** What is known of a folder that is held. */
interface Held {
  /** As `Entry.at`: leads to exactly this folder. */
  readonly at: string;
  /** Virtual, after links. */
  readonly realPath: string;
  readonly close: () => Promise<void>;
}

/**
 * A folder that is held open, to be changed. What is done by name is done in this folder, whatever its own name
 * leads to by now, and no name that is a link is followed. Where the system has no `/proc` the folder is found
 * by its resolved path again: weaker, as `pinByComparison` says.
 */
export class HeldFolder {
  readonly realPath: string;
  readonly #at: string;
  readonly #close: () => Promise<void>;

  constructor({ at, realPath, close }: Held) {
    this.realPath = realPath;
    this.#at = at;
    this.#close = close;
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** The same folder for who is to close what others still need. */
  lent(): HeldFolder {
    return new HeldFolder({ at: this.#at, realPath: this.realPath, close: () => Promise.resolve() });
  }

  /** What the name stands for, links not followed; undefined where nothing has it. */
  async look(name: string): Promise<BigIntStats | undefined> {
    try {
      return await lstat(this.#place(name), { bigint: true });
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Holds a folder in this one. Close it. */
  async enter(name: string): Promise<HeldFolder> {
    const isHeld = this.#at.startsWith(BY_DESCRIPTOR);
    const kind = isHeld ? O_PATH : O_RDONLY;
    const handle = await open(this.#place(name), kind | O_DIRECTORY | O_NOFOLLOW);
    const at = isHeld ? `${BY_DESCRIPTOR}${handle.fd}` : join(this.#at, name);
    return new HeldFolder({ at, realPath: this.pathOf(name), close: () => handle.close() });
  }

  /** Holds a folder in this one, which is made where there is none. Answers whether it was. */
  async ensure(
    name: string,
    mode = 0o777,
  ): Promise<{ readonly folder: HeldFolder; readonly isNew: boolean }> {
    let isNew = true;
    try {
      await this.makeFolder(name, mode);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      isNew = false;
    }
    return { folder: await this.enter(name), isNew };
  }

  makeFolder(name: string, mode = 0o777): Promise<void> {
    return mkdir(this.#place(name), mode);
  }

  /** Opens a new file for reading and writing; rejects with `EEXIST` where the name is taken, by a link too. */
  create(name: string, mode = 0o666): Promise<FileHandle> {
    return open(this.#place(name), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  }

  /** Opens for reading what must be no link; a FIFO does not block. */
  read(name: string): Promise<FileHandle> {
    return open(this.#place(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  }

  /** Replaces what has the name there, at once. */
  rename(name: string, to: HeldFolder, newName: string): Promise<void> {
    return rename(this.#place(name), to.#place(newName));
  }

  /** A second name for a file, or for a link; rejects with `EEXIST` where that is taken. */
  link(name: string, to: HeldFolder, newName: string): Promise<void> {
    return link(this.#place(name), to.#place(newName));
  }

  remove(name: string): Promise<void> {
    return unlink(this.#place(name));
  }

  /** Removes an empty folder. */
  removeFolder(name: string): Promise<void> {
    return rmdir(this.#place(name));
  }

  /** Whether the service's own account may make and remove names in it. */
  mayBeChanged(): Promise<boolean> {
    return access(encodeName(this.#at), constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    );
  }

  entries(): Promise<DirectoryEntry[]> {
    return readDirectory({ at: this.#at, path: this.realPath });
  }

  /** Brings the names in this folder to the disk, so that a crash of the machine does not undo them. */
  async sync(): Promise<void> {
    try {
      const handle = await open(encodeName(this.#at), O_RDONLY | O_DIRECTORY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (!CANNOT_SYNC.has(errnoOf(error))) throw error;
    }
  }

  /** Virtual. */
  pathOf(name: string): string {
    return this.realPath === '/' ? `/${name}` : `${this.realPath}/${name}`;
  }

  #place(name: string): string | Buffer {
    return encodeName(join(this.#at, name));
  }
}

/** Removes a file, or a folder with everything in it. Links are removed, not followed; what is gone is gone. */
export async function removeTree(folder: HeldFolder, name: string): Promise<void> {
  try {
    const stats = await folder.look(name);
    if (stats === undefined) return;
    if (!stats.isDirectory()) {
      await folder.remove(name);
      return;
    }
    const inside = await folder.enter(name);
    try {
      for (const entry of await inside.entries()) await removeTree(inside, entry.name);
    } finally {
      await inside.close();
    }
    await folder.removeFolder(name);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
