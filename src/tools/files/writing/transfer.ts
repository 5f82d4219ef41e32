import { AppError } from '../../../core/errors.ts';
import { callText } from '../../../core/phrases.ts';
import type { FileServices } from '../services.ts';
import { HeldFolder, removeTree } from '../workspace/held-folder.ts';
import type { Place, Places } from '../workspace/places.ts';
import type { Entry } from '../workspace/sandbox.ts';
import { parentOf, quoted, shown } from '../workspace/virtual-path.ts';
import { errnoOf, writeError } from '../workspace/write-error.ts';
import { type Copying, copyFolder, copyHeld } from './copy-tree.ts';
import { draftName } from './draft-file.ts';
import type { Lock } from './file-locks.ts';
import { placeFolder, placeNew } from './placing.ts';
import { survey } from './survey.ts';

/** What moving and copying need around them. */
export interface Transfer {
  readonly services: FileServices;
  readonly places: Places;
  readonly signal: AbortSignal;
  readonly lock: Lock;
}

const MAX_MOVED_ENTRIES = 50_000;

/**
 * Gives the source the name of the target, where nothing may be. Answers false where the two lie on different
 * file systems: then nothing was changed.
 */
export async function rename(
  transfer: Omit<Transfer, 'services'>,
  source: Place,
  target: Place,
): Promise<boolean> {
  const { places, lock, signal } = transfer;
  const isFolder = source.stats?.isDirectory() === true;
  refuseLink(source, target);
  if (isFolder) {
    const question = {
      sandbox: places.sandbox,
      path: source.path,
      signal,
      maxEntries: MAX_MOVED_ENTRIES,
      goal: target.realPath,
    };
    await survey(question, source.folder, source.name);
  }
  const folder = await places.settle(target);
  try {
    await lock.confirm();
    const to = { folder, name: target.name, path: target.path };
    await (isFolder ? placeFolder : placeNew)(source.folder, source.name, to);
    await Promise.all([folder.sync(), source.folder.sync()]);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EXDEV') return false;
    if (code === 'EBUSY') throw writeError(error, source.path);
    const isForbidden = code === 'EACCES' || code === 'EPERM';
    throw isForbidden && (await folder.mayBeChanged())
      ? mayNot(source, target, error)
      : writeError(error, target.path);
  } finally {
    await folder.close();
  }
}

/** Copies what was opened to the target, where nothing may be: as a whole or not at all. */
export async function copy(transfer: Transfer, source: Entry, target: Place): Promise<Copying> {
  const { services, places, signal, lock } = transfer;
  const { sandbox } = services;
  const copying: Copying = { sandbox, path: source.path, signal, entries: 0, bytes: 0, leftOut: 0 };
  const name = draftName();
  try {
    await copyUnder(copying, source, { folder: target.folder, name, goal: target.realPath });
    const folder = await places.settle(target);
    try {
      await lock.confirm();
      const place = source.kind === 'directory' ? placeFolder : placeNew;
      await place(target.folder, name, { folder, name: target.name, path: target.path });
      await folder.sync();
    } finally {
      await folder.close();
    }
    return copying;
  } catch (error) {
    throw writeError(error, target.path);
  } finally {
    await removeTree(target.folder, name).catch(() => undefined);
  }
}

async function copyUnder(
  copying: Copying,
  source: Entry,
  into: { readonly folder: HeldFolder; readonly name: string; readonly goal: string },
): Promise<void> {
  if (source.kind === 'directory') {
    await copyFolder(copying, new HeldFolder({ ...source, close: () => Promise.resolve() }), into);
    return;
  }
  const file = await copying.sandbox.reader(source);
  // Closing the file would close the source, which the caller still holds.
  await copyHeld(copying, file.handle, into).finally(() => file.handle.close());
}

/** The folder of the source cannot be changed, or what is in it is others' own. */
function mayNot({ path: from }: Place, { path: to }: Place, cause: unknown): AppError {
  const call = callText('move_file', { from: shown(from), to: shown(to), copy: true });
  return new AppError(
    'FORBIDDEN',
    `The server's own account may not move ${quoted(from)} to ${quoted(to)}. Nothing was changed.`,
    { cause, next: `${call} needs no permission to change the folder of the source` },
  );
}

/** In another folder a link leads elsewhere. */
function refuseLink(source: Place, target: Place): void {
  if (source.stats?.isSymbolicLink() !== true) return;
  if (source.root === target.root && parentOf(source.realPath) === parentOf(target.realPath)) return;
  throw new AppError(
    'INVALID_ARGUMENT',
    `${quoted(source.path)} is a link, which would lead elsewhere from there.`,
    {
      next: `${callText('move_file', { from: shown(source.path), to: shown(target.path), copy: true })} copies what it leads to`,
    },
  );
}
