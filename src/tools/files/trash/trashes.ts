import { AppError } from '../../../core/errors.ts';
import type { FilesOptions } from '../options.ts';
import { rootsFor } from '../served-workspaces.ts';
import { DenyList } from '../workspace/deny-list.ts';
import { Places } from '../workspace/places.ts';
import type { Root } from '../workspace/root.ts';
import { Sandbox } from '../workspace/sandbox.ts';
import { joinPath, quoted, virtualPath } from '../workspace/virtual-path.ts';
import { errnoOf, writeError } from '../workspace/write-error.ts';
import { placeFolder, placeNew } from '../writing/placing.ts';
import { Trash, type TrashItem } from './trash.ts';
import type { TrashRecord } from './trash-record.ts';

/** Something that was deleted. */
export interface Trashed extends TrashRecord {
  readonly workspace: string;
}

/** What lies in the trash of the workspaces, for the operator. */
export class Trashes {
  readonly #sandbox: Sandbox;

  /** @param options Workspaces that are served for reading only have a trash as well. */
  constructor(options: FilesOptions) {
    const workspaces = options.workspaces.map((workspace) => ({ ...workspace, access: 'write' as const }));
    const deny = new DenyList(options.deny);
    this.#sandbox = Sandbox.over(rootsFor({ ...options, access: 'write', workspaces }, deny), deny);
  }

  /** The latest first. */
  async list(workspace?: string): Promise<Trashed[]> {
    const lists = await Promise.all(
      this.#roots(workspace).map(async (root) => {
        const records = await new Trash(this.#sandbox, root).list();
        return records.map((record) => ({ ...record, path: pathIn(root, record), workspace: root.name }));
      }),
    );
    return lists.flat().sort((a, b) => (a.deletedAt < b.deletedAt ? 1 : a.deletedAt > b.deletedAt ? -1 : 0));
  }

  /**
   * Puts something back where it was, or to another path, where nothing may be; answers where it is now.
   *
   * @throws AppError `NOT_FOUND`, `ALREADY_EXISTS`
   */
  async restore(id: string, { workspace, to }: { workspace?: string; to?: string } = {}): Promise<string> {
    for (const root of this.#roots(workspace)) {
      const restored = await new Trash(this.#sandbox, root).take(id, async (item) => {
        const path = to === undefined ? pathIn(root, item.record) : virtualPath(to);
        await this.#put(item, path);
        return path;
      });
      if (restored !== undefined) return restored;
    }
    throw unknown(id);
  }

  /** Removes for good what was deleted before this time; answers how many items that were. */
  async empty(before: number, workspace?: string): Promise<number> {
    const counts = await Promise.all(
      this.#roots(workspace).map((root) => new Trash(this.#sandbox, root).empty(before)),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async #put({ record, folder }: TrashItem, path: string): Promise<void> {
    const places = new Places(this.#sandbox);
    const place = await places.forNew(path);
    try {
      if (place.stats !== undefined) throw taken(path, record.id);
      const target = await places.settle(place);
      try {
        const put = record.kind === 'folder' ? placeFolder : placeNew;
        await put(folder, Trash.content, { folder: target, name: place.name, path });
        await target.sync();
      } finally {
        await target.close();
      }
    } catch (error) {
      if (error instanceof AppError && error.code === 'ALREADY_EXISTS') throw taken(path, record.id);
      // It was emptied while this looked for a place.
      if (errnoOf(error) === 'ENOENT') throw unknown(record.id);
      throw errnoOf(error) === 'EXDEV' ? elsewhere(path, error) : writeError(error, path);
    } finally {
      await place.close();
    }
  }

  #roots(workspace: string | undefined): readonly Root[] {
    const all = this.#sandbox.mounts.workspaces;
    if (workspace === undefined) return all;
    const named = all.filter(({ name }) => name === workspace);
    if (named.length > 0) return named;
    throw new AppError('NOT_FOUND', `There is no workspace ${JSON.stringify(workspace)}.`, {
      next: `name one of ${all.map(({ name }) => name).join(', ')}`,
    });
  }
}

function pathIn({ mount }: Root, { path }: TrashRecord): string {
  return mount === '/' ? path : joinPath(mount, path.slice(1));
}

function unknown(id: string): AppError {
  return new AppError('NOT_FOUND', `There is no ${JSON.stringify(id)} in the trash.`, {
    next: 'fairlead trash list tells what is in it',
  });
}

function taken(path: string, id: string): AppError {
  return new AppError('ALREADY_EXISTS', `${quoted(path)} exists. Nothing was changed.`, {
    next: `fairlead trash restore ${id} --to OTHER-PATH`,
  });
}

function elsewhere(path: string, cause: unknown): AppError {
  return new AppError('INVALID_ARGUMENT', `${quoted(path)} lies on another file system than the trash.`, {
    cause,
    next: 'restore it within its workspace, and move it from there',
  });
}
