import type { BigIntStats, Stats } from 'node:fs';
import { AppError } from '../../../core/errors.ts';
import { callText } from '../../../core/phrases.ts';
import { HeldFolder } from './held-folder.ts';
import type { Root } from './root.ts';
import { type Entry, notAFile, type Sandbox } from './sandbox.ts';
import { joinPath, nameOf, parentOf, quoted, shown } from './virtual-path.ts';
import { errnoOf, writeError } from './write-error.ts';

type Identity = Pick<Stats, 'dev' | 'ino'>;

/** Folders that are made for one file. */
const MAX_MISSING = 50;

/** Where something is to be written, moved or removed: a held folder and a name in it. Close it. */
export interface Place {
  /** As it was asked for. */
  readonly path: string;
  /** After links. */
  readonly realPath: string;
  readonly root: Root;
  /** The innermost folder on the way that exists. */
  readonly folder: HeldFolder;
  /** Folders below that one that do not exist yet, outermost first. */
  readonly missing: readonly string[];
  /** Of the held folder. */
  readonly identity: Identity;
  readonly name: string;
  /** What has the name now, links not followed. */
  readonly stats: BigIntStats | undefined;
  close(): Promise<void>;
}

/**
 * The way to what is to be changed. A folder is opened and judged by the sandbox and then held, so no exchange of
 * folders for links leads elsewhere.
 */
export class Places {
  readonly sandbox: Sandbox;

  constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
  }

  /**
   * Where a file of this path is to be written. A link that leads to a file inside of the workspace stands for
   * that file, as in reading; it stays as it is.
   *
   * @throws AppError `READ_ONLY`, `FORBIDDEN` for what is denied, `OUTSIDE_WORKSPACE`, `INVALID_ARGUMENT` for what
   *   cannot be a file
   */
  async forFile(path: string): Promise<Place> {
    this.#refuseDenied(path);
    const target = await this.#target(path);
    if (target === undefined) return this.#forNewFile(path);
    if (target.kind !== 'file') throw notAFile({ path, kind: target.kind });
    // What links led to is found again by its own name, through its own folder. Others may have replaced it since.
    const place = await this.#locate(target.realPath);
    if (place.stats?.isFile() === true && !this.sandbox.hides(place.realPath)) return { ...place, path };
    await place.close();
    throw exchanged(path);
  }

  /**
   * What this path names itself: of a link that is the link, not what it leads to.
   *
   * @throws AppError as {@link forFile}; `PATH_NOT_FOUND` for what does not exist or is denied
   */
  async of(path: string): Promise<Place> {
    if (this.sandbox.hides(path)) throw missing(path);
    const place = await this.#locate(path);
    if (place.stats !== undefined && place.missing.length === 0) {
      if (!this.sandbox.hides(place.realPath)) return place;
    }
    await place.close();
    throw missing(path);
  }

  /**
   * Where something new is to have this path. What has it already shows in `stats`, and may be a link.
   *
   * @throws AppError as {@link forFile}
   */
  async forNew(path: string): Promise<Place> {
    this.#refuseDenied(path);
    const place = await this.#locate(path);
    if (!this.sandbox.hides(place.realPath)) return place;
    await place.close();
    throw denied(path);
  }

  /** Where nothing was found: a link that leads to nothing here is something that has the name. */
  async #forNewFile(path: string): Promise<Place> {
    const place = await this.forNew(path);
    if (place.stats === undefined || place.stats.isFile()) return place;
    await place.close();
    throw place.stats.isSymbolicLink() ? isDeadLink(path) : exchanged(path);
  }

  /**
   * Makes the folders that are missing and answers the innermost. Close it.
   *
   * @throws AppError as {@link forFile}
   */
  async settle(place: Place): Promise<HeldFolder> {
    await this.#refuseMoved(place);
    let folder = place.folder;
    try {
      for (const name of place.missing) {
        const { folder: inside, isNew } = await folder.ensure(name);
        if (isNew) await folder.sync();
        if (folder !== place.folder) await folder.close();
        folder = inside;
      }
      // Closed by who closes the place, unless it is another one.
      return folder === place.folder ? folder.lent() : folder;
    } catch (error) {
      if (folder !== place.folder) await folder.close();
      if (['ENOTDIR', 'ELOOP', 'ENOENT'].includes(errnoOf(error))) throw exchanged(place.path);
      throw writeError(error, place.path);
    }
  }

  async #locate(path: string): Promise<Place> {
    const { root } = this.sandbox.mounts.writable(path);
    if (path === root.mount) throw isRoot(path);
    const names: string[] = [nameOf(path)];
    for (let above = parentOf(path); ; above = parentOf(above)) {
      const entry = await this.#folder(above, path);
      if (entry !== undefined) return this.#placeIn(entry, { path, root, names });
      if (above === root.mount) throw missing(path);
      names.unshift(nameOf(above));
      if (names.length > MAX_MISSING) throw tooDeep(path);
    }
  }

  async #placeIn(
    entry: Entry,
    { path, root, names }: { path: string; root: Root; names: readonly string[] },
  ): Promise<Place> {
    const folder = new HeldFolder(entry);
    try {
      const missingNames = names.slice(0, -1);
      const name = names.at(-1) ?? '';
      const first = await folder.look(names[0] ?? name);
      // Something that is no folder, or a link that leads to nothing here, stands where a folder is due.
      if (missingNames.length > 0 && first !== undefined) throw inTheWay(path);
      return {
        ...{ path, root, folder, name, missing: missingNames, identity: entry.stats },
        realPath: joinPath(entry.realPath, names.join('/')),
        stats: missingNames.length > 0 ? undefined : first,
        close: () => folder.close(),
      };
    } catch (error) {
      await folder.close();
      throw writeError(error, path);
    }
  }

  /** Undefined where there is none. */
  async #folder(above: string, path: string): Promise<Entry | undefined> {
    try {
      const entry = await this.sandbox.open(above);
      if (entry.kind === 'directory') return entry;
      await entry.close();
      throw inTheWay(path);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** What the path leads to after links; undefined where nothing is. */
  async #target(path: string): Promise<Pick<Entry, 'kind' | 'realPath' | 'stats'> | undefined> {
    try {
      const entry = await this.sandbox.open(path);
      await entry.close();
      return entry;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** A folder that was moved meanwhile, perhaps into the trash, is no place to write to. */
  async #refuseMoved({ folder, identity, path }: Place): Promise<void> {
    const named = await this.#target(folder.realPath);
    if (named === undefined || !isSame(named.stats, identity)) throw exchanged(path);
  }

  #refuseDenied(path: string): void {
    if (this.sandbox.hides(path)) throw denied(path);
  }
}

function isSame(one: Identity, other: Identity): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

function isNotFound(error: unknown): boolean {
  return error instanceof AppError && error.code === 'PATH_NOT_FOUND';
}

function missing(path: string): AppError {
  return new AppError('PATH_NOT_FOUND', `There is no ${quoted(path)}.`);
}

function denied(path: string): AppError {
  return new AppError('FORBIDDEN', `The operator lets nobody write ${quoted(path)}.`, {
    next: 'choose another name or folder',
  });
}

function isRoot(path: string): AppError {
  return new AppError('INVALID_ARGUMENT', `${quoted(path)} is a workspace itself.`, {
    next: 'name a file or folder in it',
  });
}

function isDeadLink(path: string): AppError {
  return new AppError('INVALID_ARGUMENT', `${quoted(path)} is a link that leads to no file here.`, {
    next: 'choose another name',
  });
}

function tooDeep(path: string): AppError {
  return new AppError('INVALID_ARGUMENT', `${quoted(path)} lies in more than ${MAX_MISSING} new folders.`, {
    next: 'choose a path with fewer folders',
  });
}

function inTheWay(path: string): AppError {
  return new AppError('INVALID_ARGUMENT', `Something on the way to ${quoted(path)} is no folder.`, {
    next: callText('list_files', { path: shown(parentOf(parentOf(path))) }),
  });
}

function exchanged(path: string): AppError {
  return new AppError(
    'BUSY',
    `What ${quoted(path)} leads to was exchanged or moved meanwhile. Nothing was changed.`,
    {
      retryAfter: 1,
    },
  );
}
