import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { decodeName, encodeName } from './byte-names.ts';

/** Something that was opened, and where the system says it really is. */
export interface Pin {
  readonly handle: FileHandle;
  readonly stats: Stats;
  /** Below the root, in virtual form (`/a/b`), after links; undefined outside of the root. */
  readonly inside: string | undefined;
  /** A path that leads to exactly this file or folder, whatever happens to its name, while the handle is open. */
  readonly at: string;
}

export interface Pinning {
  /** Opens `relative` (a virtual path) below a root, without reading, and learns where it really is. */
  pin(root: string, relative: string): Promise<Pin>;
  /** The pinned file, opened for reading: possibly the same handle. */
  reader(pin: Pin): Promise<FileHandle>;
}

// Absent from fs.constants: the descriptor stands for the place only. Nothing is opened for reading, so a
// device is not touched and a FIFO does not block before it is known what it is. Linux, all architectures.
const O_PATH = 0o10_000_000;
const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
const DELETED = ' (deleted)';

/**
 * Linux: the kernel tells by `/proc/self/fd/N` where the opened file is. Between this answer and the
 * reading nothing is looked up by name again, so no exchange of files or links can lead elsewhere.
 */
export const pinByDescriptor: Pinning = {
  async pin(root, relative) {
    const handle = await open(locate(root, relative), O_PATH);
    return guarded(handle, async () => {
      const at = `/proc/self/fd/${handle.fd}`;
      const [real, stats] = await Promise.all([readlink(at, 'buffer'), handle.stat()]);
      return { handle, stats, inside: below(root, existing(decodeName(real), stats)), at };
    });
  },
  reader: (pin) => open(pin.at, O_RDONLY | O_NONBLOCK | O_NOCTTY),
};

/**
 * Elsewhere: resolves the path and compares device and inode of what is there with what was opened.
 * Weaker: who can write to the workspace and exchanges a folder for a link twice, right before and right
 * after the path is resolved, gets through. Serve workspaces with untrusted writers on Linux.
 */
export const pinByComparison: Pinning = {
  async pin(root, relative) {
    const path = locate(root, relative);
    const handle = await open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    return guarded(handle, async () => {
      const real = await realpath(path, 'buffer');
      const [opened, named] = await Promise.all([handle.stat(), lstat(real)]);
      const isSame = opened.dev === named.dev && opened.ino === named.ino;
      const at = decodeName(real);
      return { handle, stats: opened, inside: isSame ? below(root, at) : undefined, at };
    });
  },
  reader: (pin) => Promise.resolve(pin.handle),
};

async function guarded(handle: FileHandle, learn: () => Promise<Pin>): Promise<Pin> {
  try {
    return await learn();
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function locate(root: string, relative: string): string | Buffer {
  // With a slash behind it, a root that is a file would not be found.
  return encodeName(relative === '/' ? root : join(root, relative));
}

/** The kernel appends a mark to the last name of a file that has lost it. */
function existing(real: string, stats: Stats): string {
  return real.endsWith(DELETED) && stats.nlink === 0 ? real.slice(0, -DELETED.length) : real;
}

function below(root: string, real: string): string | undefined {
  if (real === root) return '/';
  const prefix = root.endsWith(sep) ? root : root + sep;
  return real.startsWith(prefix) ? `/${real.slice(prefix.length).replaceAll(sep, '/')}` : undefined;
}
