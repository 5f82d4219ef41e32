import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../core/errors.ts';
import type { Permit } from '../../../core/permit.ts';
import type { DenyList } from './deny-list.ts';
import { fileError, isMissing } from './file-error.ts';
import { type Pin, type Pinning, pinByComparison, pinByDescriptor } from './pin.ts';
import type { WorkspaceRoot } from './root.ts';
import { joinPath, outside, quoted } from './virtual-path.ts';

export type EntryKind = 'file' | 'directory' | 'other';

/** A file, folder or other entry of the workspace that is held open, so that it cannot be exchanged. */
export interface Entry {
  /** As it was asked for. */
  readonly path: string;
  /** After links; the same virtual form. */
  readonly realPath: string;
  readonly kind: EntryKind;
  readonly stats: Stats;
  /** A path of the machine that leads to exactly this entry until it is closed. Never shown to anybody. */
  readonly at: string;
  close(): Promise<void>;
}

/** A regular file that is open for reading. */
export interface OpenFile extends Entry {
  readonly handle: FileHandle;
}

interface Located {
  readonly root: WorkspaceRoot;
  readonly relative: string;
}

/**
 * The only way to the files of the workspace. Opens first and judges what was opened: where it really is,
 * whether it is denied, what kind of thing it is; and what is read is read through that same descriptor.
 * So it holds against links, and against anybody who exchanges files while they are being opened.
 *
 * A hard link inside of the workspace to a file outside is a file of the workspace: who could make it has
 * had access to both. Mounts below the root belong to the workspace.
 */
export class Sandbox {
  readonly deny: DenyList;
  readonly #roots: readonly WorkspaceRoot[];
  readonly #pinning: Pinning;
  readonly #pins = new WeakMap<Entry, Pin>();

  constructor(
    roots: readonly WorkspaceRoot[],
    deny: DenyList,
    pinning: Pinning = process.platform === 'linux' ? pinByDescriptor : pinByComparison,
  ) {
    this.deny = deny;
    this.#roots = roots;
    this.#pinning = pinning;
  }

  /** The same without the workspaces that a permit does not allow: nothing below them exists. */
  seenBy(permit: Permit): Sandbox {
    const roots = this.#roots.filter(({ name }) => permit.allowsWorkspace(name));
    return roots.length === this.#roots.length ? this : new Sandbox(roots, this.deny, this.#pinning);
  }

  /** Whether there is anything at all. */
  get isEmpty(): boolean {
    return this.#roots.length === 0;
  }

  /**
   * Holds what a virtual path leads to. Close it.
   *
   * @throws AppError `PATH_NOT_FOUND` (also for what is denied), `OUTSIDE_WORKSPACE` for a link that leads
   *   out, `FORBIDDEN`, `SOURCE_UNAVAILABLE`, `BUSY` when no descriptor is free
   */
  async open(path: string): Promise<Entry> {
    if (this.deny.hides(path)) throw notFound(path);
    const { root, relative } = this.#locate(path);
    const { pin, inside } = await this.#pin(root, relative, path);
    const realPath = root.mount === '/' ? inside : `${root.mount}${inside === '/' ? '' : inside}`;
    if (this.deny.hides(realPath)) {
      await pin.handle.close();
      throw notFound(path);
    }
    return this.#entry(pin, path, realPath);
  }

  /**
   * Opens a regular file for reading. Close it.
   *
   * @throws AppError as {@link open}; `INVALID_ARGUMENT` for a directory, `NOT_TEXT` for a FIFO, socket or device
   */
  async openFile(path: string): Promise<OpenFile> {
    const entry = await this.open(path);
    try {
      return await this.reader(entry);
    } catch (error) {
      await entry.close();
      throw error;
    }
  }

  /** Opens the held entry for reading; closing the answer closes both. */
  async reader(entry: Entry): Promise<OpenFile> {
    const pin = this.#pins.get(entry);
    if (pin === undefined) throw new TypeError('Not an entry of this sandbox');
    if (entry.kind !== 'file') throw notAFile(entry);
    const handle = await this.#pinning.reader(pin).catch((error: unknown) => {
      throw fileError(error, entry.path);
    });
    const close = async (): Promise<void> => {
      if (handle !== pin.handle) await handle.close();
      await entry.close();
    };
    return { ...entry, handle, close };
  }

  /** What the path leads to, and where inside of the root that is. */
  async #pin(root: WorkspaceRoot, relative: string, path: string): Promise<{ pin: Pin; inside: string }> {
    let pin = await this.#tryPin(root, relative, path);
    if (pin?.inside !== undefined) return { pin, inside: pin.inside };
    await pin?.handle.close();
    // The root itself may have been moved to another checkout.
    if (await root.hasMoved()) {
      pin = await this.#tryPin(root, relative, path);
      if (pin?.inside !== undefined) return { pin, inside: pin.inside };
      await pin?.handle.close();
    }
    throw pin === undefined ? notFound(path) : outside(path);
  }

  /** Undefined where nothing is. */
  async #tryPin(root: WorkspaceRoot, relative: string, path: string): Promise<Pin | undefined> {
    try {
      return await this.#pinning.pin(await root.location(), relative);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw fileError(error, path);
    }
  }

  #entry(pin: Pin, path: string, realPath: string): Entry {
    const { stats, at, handle } = pin;
    const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other';
    const entry: Entry = { path, realPath, kind, stats, at, close: () => handle.close() };
    this.#pins.set(entry, pin);
    return entry;
  }

  #locate(path: string): Located {
    for (const root of this.#roots) {
      if (root.mount === '/') return { root, relative: path };
      if (path === root.mount) return { root, relative: '/' };
      if (path.startsWith(`${root.mount}/`)) return { root, relative: path.slice(root.mount.length) };
    }
    throw notFound(path);
  }
}

/** How an entry of a held directory is reached without looking the directory up again. */
export function childOf(directory: Entry, name: string): string {
  return joinPath(directory.at, name);
}

function notFound(path: string): AppError {
  return new AppError('PATH_NOT_FOUND', `There is no ${quoted(path)}.`);
}

function notAFile(entry: Entry): AppError {
  if (entry.kind === 'directory') {
    return new AppError('INVALID_ARGUMENT', `${quoted(entry.path)} is a directory, not a file.`, {
      next: `list_files ${JSON.stringify({ path: entry.path })}`,
    });
  }
  return new AppError('NOT_TEXT', `${quoted(entry.path)} is a FIFO, a socket or a device, not a file.`);
}
