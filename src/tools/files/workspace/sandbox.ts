import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../core/errors.ts';
import { callText } from '../../../core/phrases.ts';
import type { DenyList } from './deny-list.ts';
import { type DirectoryEntry, readDirectory } from './directory.ts';
import { fileError, isMissing } from './file-error.ts';
import { Mounts } from './mounts.ts';
import { type Pin, type Pinning, pinByComparison, pinByDescriptor } from './pin.ts';
import type { Root } from './root.ts';
import { inheritedDescriptor, type TopFolder, type TopLink } from './top-folder.ts';
import { joinPath, outside, parentOf, quoted, shown } from './virtual-path.ts';

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

/** The places that a sandbox leads to, and what it hides of them. */
interface Served {
  readonly mounts: Mounts;
  readonly deny: DenyList;
  /** The folder above several workspaces; undefined where there is none. */
  readonly top: TopFolder | undefined;
}

const IS_LINUX = process.platform === 'linux';

/**
 * The only way to the files of the workspace. Opens first and judges what was opened: where it really is,
 * whether it is denied, what kind of thing it is; and what is read is read through that same descriptor.
 * So it holds against links, and against anybody who exchanges files while they are being opened.
 *
 * A hard link inside of the workspace to a file outside is a file of the workspace: who could make it has
 * had access to both. Mounts below the root belong to the workspace.
 */
export class Sandbox {
  readonly mounts: Mounts;
  readonly deny: DenyList;
  readonly #top: TopFolder | undefined;
  readonly #pinning: Pinning;
  readonly #pins = new WeakMap<Entry, Pin>();
  readonly #tops = new WeakSet<Entry>();

  constructor(
    { mounts, deny, top }: Served,
    pinning: Pinning = IS_LINUX ? pinByDescriptor : pinByComparison,
  ) {
    this.mounts = mounts;
    this.deny = deny;
    this.#top = top;
    this.#pinning = pinning;
  }

  /** Over some workspaces, each below a name of its own or a single one at `/`. */
  static over(roots: readonly Root[], deny: DenyList, pinning?: Pinning): Sandbox {
    return new Sandbox({ mounts: new Mounts(roots), deny, top: undefined }, pinning);
  }

  /** The same over other mounts: what is not mounted does not exist. */
  with(mounts: Mounts): Sandbox {
    return new Sandbox({ mounts, deny: this.deny, top: this.#top }, this.#pinning);
  }

  /**
   * The root that a virtual path lies in.
   *
   * @throws AppError `PATH_NOT_FOUND` where that is none
   */
  rootOf(path: string): Root {
    const located = this.mounts.locate(path);
    if (located === undefined) throw notFound(path);
    return located.root;
  }

  /** Whether the virtual path is denied, or a folder that it lies in. */
  hides(path: string): boolean {
    const { root, relative } = this.mounts.locate(path) ?? {};
    if (root?.kind === 'scratch') return hidesResult(relative);
    if (this.deny.hides(path)) return true;
    return relative !== undefined && relative !== path && this.deny.hides(relative);
  }

  /** {@link hides} for an entry of a folder that is known not to be denied itself. */
  hidesEntry(path: string): boolean {
    const { root, relative } = this.mounts.locate(path) ?? {};
    if (root?.kind === 'scratch') return hidesResult(relative);
    if (this.deny.hidesEntry(path)) return true;
    return relative !== undefined && relative !== path && this.deny.hidesEntry(relative);
  }

  /** {@link hides} for a path below a directory that ripgrep has walked with {@link hiddenGlobs}. */
  hidesFound(directory: Entry, below: string): boolean {
    const path = joinPath(directory.realPath, below);
    const { root, relative } = this.mounts.locate(path) ?? {};
    // A folder of the workspace that lies under the scratch area: its files are not those of that path.
    if (root?.kind === 'scratch') return this.mounts.locate(directory.realPath)?.root !== root;
    if (this.deny.hidesBeyondGlobs(path)) return true;
    return relative !== undefined && relative !== path && this.deny.hidesBeyondGlobs(relative);
  }

  /** What ripgrep can leave out by itself below a directory. What is shown is judged by {@link hidesFound}. */
  hiddenGlobs(directory: Entry): readonly string[] {
    const isScratch = this.mounts.locate(directory.realPath)?.root.kind === 'scratch';
    return isScratch ? ['.*'] : this.deny.globs;
  }

  /** Whether it is the folder above several workspaces, which is in none of them. */
  isTop(entry: Entry): boolean {
    return this.#tops.has(entry);
  }

  /** What a held directory shows, or the most of it that is wanted, in no particular order. What is denied by the path that was asked for is among it. */
  async entriesOf(directory: Entry, most?: number): Promise<DirectoryEntry[]> {
    const all = this.isTop(directory) ? [] : (await readDirectory(directory)).slice(0, most);
    const names = all.filter(({ name }) => !this.hidesEntry(joinPath(directory.realPath, name)));
    const mounted = this.mounts.in(directory.path).map((root) => root.mount.slice(1));
    if (mounted.length === 0) return names;
    const { scratch } = this.mounts;
    const shown = mounted.filter((name) => scratch?.mount !== `/${name}`);
    if (scratch !== undefined && (await this.#holdsAnything(scratch))) shown.push(scratch.mount.slice(1));
    return [
      ...names.filter(({ name }) => !mounted.includes(name)),
      ...shown.map((name) => ({ name, kind: 'directory' as const })),
    ];
  }

  /** The number by which a child process can inherit the entry. */
  descriptorOf(entry: Entry): number {
    return this.#pinOf(entry).handle.fd;
  }

  /**
   * Holds what a virtual path leads to. Close it.
   *
   * @throws AppError `PATH_NOT_FOUND` (also for what is denied), `OUTSIDE_WORKSPACE` for a link that leads
   *   out, `FORBIDDEN`, `SOURCE_UNAVAILABLE`, `BUSY` when no descriptor is free
   */
  async open(path: string): Promise<Entry> {
    if (this.hides(path)) throw notFound(path);
    const located = this.mounts.locate(path);
    if (located === undefined) return this.#openTop(path);
    const { root, relative } = located;
    const { pin, inside } = await this.#pin(root, relative, path);
    const realPath = root.mount === '/' ? inside : `${root.mount}${inside === '/' ? '' : inside}`;
    if (this.hides(realPath) || (pin.stats.isFile() && root.isExpired(pin.stats))) {
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
    const pin = this.#pinOf(entry);
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
  async #pin(root: Root, relative: string, path: string): Promise<{ pin: Pin; inside: string }> {
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
  async #tryPin(root: Root, relative: string, path: string): Promise<Pin | undefined> {
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

  #pinOf(entry: Entry): Pin {
    const pin = this.#pins.get(entry);
    if (pin === undefined) throw new TypeError('Not an entry of this sandbox');
    return pin;
  }

  async #openTop(path: string): Promise<Entry> {
    if (path !== '/' || this.#top === undefined || !(await this.#holdsMounts())) throw notFound(path);
    const at = await this.#top.at(await this.#topLinks());
    const pin = await this.#pinning.pin(at, '/').catch((error: unknown) => {
      throw fileError(error, path);
    });
    const entry = this.#entry(pin, path, path);
    this.#tops.add(entry);
    return entry;
  }

  async #holdsMounts(): Promise<boolean> {
    const { workspaces, scratch } = this.mounts;
    return workspaces.length > 0 || (scratch !== undefined && (await this.#holdsAnything(scratch)));
  }

  /** Elsewhere than on Linux no descriptor can be followed, so those lead to the folders themselves. */
  async #topLinks(): Promise<TopLink[]> {
    const links = this.mounts.workspaces.map(async (root, index) => {
      const target = IS_LINUX ? inheritedDescriptor(index) : await root.location().catch(() => undefined);
      return target === undefined ? [] : [{ name: root.mount.slice(1), target }];
    });
    return (await Promise.all(links)).flat();
  }

  async #holdsAnything({ mount }: Root): Promise<boolean> {
    try {
      const directory = await this.open(mount);
      try {
        return (await readDirectory(directory)).some(({ name }) => !hidesResult(`/${name}`));
      } finally {
        await directory.close();
      }
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  }
}

/** Names that start with a dot are those of results that are still being written. */
function hidesResult(relative: string | undefined): boolean {
  return relative?.includes('/.') === true;
}

/** How an entry of a held directory is reached without looking the directory up again. */
export function childOf(directory: Entry, name: string): string {
  return joinPath(directory.at, name);
}

function notFound(path: string): AppError {
  return new AppError('PATH_NOT_FOUND', `There is no ${quoted(path)}.`);
}

export function notAFile({ path, kind }: Pick<Entry, 'path' | 'kind'>): AppError {
  if (kind === 'directory') {
    return new AppError('INVALID_ARGUMENT', `${quoted(path)} is a directory, not a file.`, {
      next: callText('list_files', { path: shown(path) }),
    });
  }
  return new AppError('NOT_TEXT', `${quoted(path)} is a FIFO, a socket or a device, not a file.`, {
    next: `${callText('list_files', { path: shown(parentOf(path)) })} shows what lies beside it`,
  });
}
