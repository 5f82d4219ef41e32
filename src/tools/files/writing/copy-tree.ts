import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../core/errors.ts';
import { fileSize, grouped } from '../../../core/phrases.ts';
import { fileError } from '../workspace/file-error.ts';
import type { HeldFolder } from '../workspace/held-folder.ts';
import type { Sandbox } from '../workspace/sandbox.ts';
import { joinPath, quoted } from '../workspace/virtual-path.ts';

const CHUNK_BYTES = 1024 * 1024;
const MAX_COPIED_ENTRIES = 10_000;
const MAX_COPIED_BYTES = 1_000_000_000;
const PERMISSIONS = 0o777;

/** What is copied, and how far it is. */
export interface Copying {
  readonly sandbox: Sandbox;
  /** As it was asked for. */
  readonly path: string;
  readonly signal: AbortSignal;
  entries: number;
  bytes: number;
  /** Links, FIFOs and the like: they are left out, as a link means something else in another place. */
  leftOut: number;
}

interface Into {
  readonly folder: HeldFolder;
  readonly name: string;
  /** Where it is to be in the end. */
  readonly goal: string;
}

/**
 * Copies a held file under a new name.
 *
 * @throws AppError `FILE_TOO_LARGE`; the signal's reason
 */
export async function copyHeld(
  copying: Copying,
  source: FileHandle,
  into: Omit<Into, 'goal'>,
): Promise<void> {
  count(copying);
  const { mode, size } = await source.stat();
  if (copying.bytes + size > MAX_COPIED_BYTES) throw tooLarge(copying);
  const target = await into.folder.create(into.name, 0o600);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = 0; ;) {
      copying.signal.throwIfAborted();
      const { bytesRead } = await source.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) break;
      copying.bytes += bytesRead;
      if (copying.bytes > MAX_COPIED_BYTES) throw tooLarge(copying);
      for (let written = 0; written < bytesRead;) {
        written += (await target.write(buffer, written, bytesRead - written, at + written)).bytesWritten;
      }
      at += bytesRead;
    }
    await target.chmod(mode & PERMISSIONS);
    await target.sync();
  } finally {
    await target.close();
  }
}

/** Copies what a held folder shows into a new folder; what is hidden there, or would be, is not copied. */
export async function copyFolder(copying: Copying, source: HeldFolder, into: Into): Promise<void> {
  count(copying);
  await into.folder.makeFolder(into.name);
  const target = await into.folder.enter(into.name);
  try {
    for (const { name, kind } of await source.entries()) {
      copying.signal.throwIfAborted();
      const goal = joinPath(into.goal, name);
      if (copying.sandbox.hidesEntry(source.pathOf(name)) || copying.sandbox.hidesEntry(goal)) continue;
      if (kind === 'directory')
        await copySubfolder(copying, { source, name }, { folder: target, name, goal });
      else if (kind === 'file') await copyEntry(copying, { source, name }, { folder: target, name });
      else copying.leftOut++;
    }
    await target.sync();
  } finally {
    await target.close();
  }
}

interface From {
  readonly source: HeldFolder;
  readonly name: string;
}

async function copySubfolder(copying: Copying, { source, name }: From, into: Into): Promise<void> {
  const inside = await readable(source.enter(name), source.pathOf(name));
  try {
    await copyFolder(copying, inside, into);
  } finally {
    await inside.close();
  }
}

async function copyEntry(copying: Copying, { source, name }: From, into: Omit<Into, 'goal'>): Promise<void> {
  const handle = await readable(source.read(name), source.pathOf(name));
  try {
    // It may have become something else since it was listed.
    if ((await handle.stat()).isFile()) await copyHeld(copying, handle, into);
    else copying.leftOut++;
  } finally {
    await handle.close();
  }
}

/** What cannot be read is to be told from what cannot be written. */
async function readable<T>(opening: Promise<T>, path: string): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    throw fileError(error, path);
  }
}

function count(copying: Copying): void {
  if (++copying.entries <= MAX_COPIED_ENTRIES) return;
  throw new AppError(
    'FILE_TOO_LARGE',
    `${quoted(copying.path)} holds more than ${grouped(MAX_COPIED_ENTRIES)} files and folders. Nothing was changed.`,
    { next: 'copy its folders one by one' },
  );
}

function tooLarge({ path }: Copying): AppError {
  return new AppError(
    'FILE_TOO_LARGE',
    `${quoted(path)} has more than ${fileSize(MAX_COPIED_BYTES)}. Nothing was changed.`,
    { next: 'copy what is smaller in it one by one, or ask the operator to copy it' },
  );
}
