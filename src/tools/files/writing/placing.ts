import { AppError } from '../../../core/errors.ts';
import { callText } from '../../../core/phrases.ts';
import type { HeldFolder } from '../workspace/held-folder.ts';
import { quoted, shown } from '../workspace/virtual-path.ts';
import { errnoOf } from '../workspace/write-error.ts';

/** Where something is to be, and nothing may be yet. */
interface Goal {
  readonly folder: HeldFolder;
  readonly name: string;
  /** As it was asked for. */
  readonly path: string;
}

/** What systems say that know no second name for this file. */
const CANNOT_LINK = new Set(['EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES']);

/**
 * Gives a file its name where nothing has that name, whoever else is at it.
 *
 * @throws AppError `ALREADY_EXISTS`
 */
export async function placeNew(from: HeldFolder, name: string, to: Goal): Promise<void> {
  try {
    await from.link(name, to.folder, to.name);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST') throw alreadyExists(to.path);
    if (!CANNOT_LINK.has(code)) throw error;
    await reserve(to);
    await orUndone(to, from.rename(name, to.folder, to.name));
    return;
  }
  await orUndone(to, from.remove(name).catch(unlessGone));
}

/** Others took the old name away, so the new one is all that there is. */
function unlessGone(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

/** Where the old name cannot be taken away, the new one is. */
async function orUndone({ folder, name }: Goal, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    await folder.remove(name).catch(() => undefined);
    throw error;
  }
}

/** An empty file of our own holds the name until the real one replaces it. */
async function reserve(to: Goal): Promise<void> {
  try {
    await (await to.folder.create(to.name)).close();
  } catch (error) {
    throw errnoOf(error) === 'EEXIST' ? alreadyExists(to.path) : error;
  }
}

/**
 * Gives a folder its name where nothing has that name: an empty folder of our own holds it, which is the only
 * thing that the system lets a folder replace.
 */
export async function placeFolder(from: HeldFolder, name: string, to: Goal): Promise<void> {
  try {
    await to.folder.makeFolder(to.name, 0o700);
  } catch (error) {
    throw errnoOf(error) === 'EEXIST' ? alreadyExists(to.path) : error;
  }
  try {
    await from.rename(name, to.folder, to.name);
  } catch (error) {
    await to.folder.removeFolder(to.name).catch(() => undefined);
    throw ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errnoOf(error)) ? alreadyExists(to.path) : error;
  }
}

export function alreadyExists(path: string): AppError {
  return new AppError('ALREADY_EXISTS', `${quoted(path)} exists already. Nothing was changed.`, {
    next: `choose another name, or ${callText('read_file', { paths: [shown(path)] })} to see what it is`,
  });
}
