import { type Clock, systemClock } from '../../../core/clock.ts';
import { AppError } from '../../../core/errors.ts';
import { OWN_FOLDER } from '../workspace/deny-list.ts';
import { HeldFolder, removeTree } from '../workspace/held-folder.ts';
import type { Place } from '../workspace/places.ts';
import type { Root } from '../workspace/root.ts';
import type { Sandbox } from '../workspace/sandbox.ts';
import { quoted } from '../workspace/virtual-path.ts';
import { errnoOf, writeError } from '../workspace/write-error.ts';
import { isTrashId, readRecord, trashId, type TrashRecord } from './trash-record.ts';

const TRASH = 'trash';
const RECORD = 'record.json';
const CONTENT = 'content';
const DISCARDED = 'discarded';
const MAX_RECORD_BYTES = 64 * 1024;
/** Nobody but the service's own account looks into it. */
const PRIVATE = 0o700;
const PRIVATE_FILE = 0o600;
/** Keeps the trash out of the repository that a workspace may be. */
const GITIGNORE = '*\n';

/** What the system says of an item that is gone, or none. */
const IS_NONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

type Deletion = Omit<TrashRecord, 'id' | 'deletedAt'>;

/** An item of the trash that is held: `content` in it is what was deleted. Close it. */
export interface TrashItem {
  readonly record: TrashRecord;
  readonly folder: HeldFolder;
}

/**
 * What was deleted from a workspace, in `.fairlead/trash/<id>` below its root: on the same file system, so that
 * deleting and restoring are a change of name. Each item is a folder with a record and the content.
 */
export class Trash {
  /** The name of what was deleted, in its item. */
  static readonly content = CONTENT;
  readonly #sandbox: Sandbox;
  readonly #root: Root;
  readonly #clock: Clock;

  constructor(sandbox: Sandbox, root: Root, clock: Clock = systemClock) {
    this.#sandbox = sandbox;
    this.#root = root;
    this.#clock = clock;
  }

  /**
   * Takes what is at the place. It is in the trash as a whole or still where it was.
   *
   * @throws AppError `FORBIDDEN` for what lies on another file system, and what writing may throw
   */
  async put({ folder, name, path }: Place, deletion: Deletion): Promise<TrashRecord> {
    const now = this.#clock.now();
    const record: TrashRecord = { ...deletion, id: trashId(now), deletedAt: new Date(now).toISOString() };
    const trash = await this.#enter(true, path);
    try {
      await trash?.makeFolder(record.id, PRIVATE);
      const item = await trash?.enter(record.id);
      if (trash === undefined || item === undefined) throw new Error('The trash vanished');
      try {
        await writeSmall(item, RECORD, `${JSON.stringify(record)}\n`);
        await folder.rename(name, item, CONTENT);
        await Promise.all([item.sync(), trash.sync(), folder.sync()]);
      } catch (error) {
        // Without content it is no item.
        if ((await item.look(CONTENT)) === undefined) await removeTree(trash, record.id);
        throw errnoOf(error) === 'EXDEV' ? elsewhere(path, error) : error;
      } finally {
        await item.close();
      }
    } catch (error) {
      throw writeError(error, path);
    } finally {
      await trash?.close();
    }
    return record;
  }

  /** Whether what is at the place lies on the file system of the trash. */
  async isNear({ stats }: Pick<Place, 'stats'>): Promise<boolean> {
    const root = await this.#sandbox.open(this.#root.mount);
    await root.close();
    return stats === undefined || Number(stats.dev) === root.stats.dev;
  }

  /** What is in it, the latest first. */
  async list(): Promise<TrashRecord[]> {
    const trash = await this.#enter(false);
    if (trash === undefined) return [];
    try {
      const records: TrashRecord[] = [];
      // One after the other: there may be more than a process has descriptors.
      for (const { name } of await trash.entries()) {
        const record = isTrashId(name) ? await recordIn(trash, name) : undefined;
        if (record !== undefined) records.push(record);
      }
      return records.sort((a, b) =>
        a.deletedAt === b.deletedAt ? (a.id < b.id ? 1 : -1) : a.deletedAt < b.deletedAt ? 1 : -1,
      );
    } finally {
      await trash.close();
    }
  }

  /**
   * Hands the item to the work, and forgets it when that has taken the content out of it. Undefined where there is no
   * such item.
   */
  async take<T>(id: string, work: (item: TrashItem) => Promise<T>): Promise<T | undefined> {
    const trash = isTrashId(id) ? await this.#enter(false) : undefined;
    try {
      const record = await (trash && recordIn(trash, id));
      if (trash === undefined || record === undefined) return undefined;
      const folder = await trash.enter(id);
      try {
        const result = await work({ record, folder });
        if ((await folder.look(CONTENT)) === undefined) await removeTree(trash, id);
        return result;
      } finally {
        await folder.close();
      }
    } finally {
      await trash?.close();
    }
  }

  /** Removes for good what was deleted before this time; answers how many items that were. */
  async empty(before: number): Promise<number> {
    const trash = await this.#enter(false);
    if (trash === undefined) return 0;
    let removed = 0;
    try {
      for (const { name } of await trash.entries()) {
        if (!isTrashId(name) || !(await isOlder(trash, name, before))) continue;
        await discard(trash, name);
        removed++;
      }
      return removed;
    } finally {
      await trash.close();
    }
  }

  /** Undefined where there is none, unless it is to be made. `path`: what it is to be made for. */
  async #enter(isMade: boolean, path = this.#root.mount): Promise<HeldFolder | undefined> {
    const entry = await this.#sandbox.open(this.#root.mount);
    const root = new HeldFolder(entry);
    try {
      const own = await within(root, OWN_FOLDER, isMade);
      if (own === undefined) return undefined;
      try {
        if (isMade) await writeSmall(own, '.gitignore', GITIGNORE).catch(ignoreExisting);
        return await within(own, TRASH, isMade);
      } finally {
        await own.close();
      }
    } catch (error) {
      if (['ENOTDIR', 'ELOOP'].includes(errnoOf(error))) throw noTrash(this.#root, error);
      throw writeError(error, path);
    } finally {
      await root.close();
    }
  }
}

async function within(folder: HeldFolder, name: string, isMade: boolean): Promise<HeldFolder | undefined> {
  if (isMade) return (await folder.ensure(name, PRIVATE)).folder;
  return (await folder.look(name)) === undefined ? undefined : folder.enter(name);
}

async function writeSmall(folder: HeldFolder, name: string, content: string): Promise<void> {
  const handle = await folder.create(name, PRIVATE_FILE);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } catch (error) {
    await folder.remove(name).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
}

/** First of all the content leaves its name: who restores it in this moment has it as a whole, or finds nothing. */
async function discard(trash: HeldFolder, id: string): Promise<void> {
  try {
    const item = await trash.enter(id);
    await item.rename(CONTENT, item, DISCARDED).finally(() => item.close());
  } catch (error) {
    if (!IS_NONE.has(errnoOf(error))) throw error;
  }
  await removeTree(trash, id);
}

/** Undefined for what is no item: a deletion that did not come about. */
async function recordIn(trash: HeldFolder, id: string): Promise<TrashRecord | undefined> {
  try {
    const item = await trash.enter(id);
    try {
      if ((await item.look(CONTENT)) === undefined) return undefined;
      const record = readRecord(await readSmall(item, RECORD));
      return record?.id === id ? record : undefined;
    } finally {
      await item.close();
    }
  } catch (error) {
    if (IS_NONE.has(errnoOf(error))) return undefined;
    throw error;
  }
}

async function readSmall(folder: HeldFolder, name: string): Promise<string> {
  const handle = await folder.read(name);
  try {
    const buffer = Buffer.alloc(MAX_RECORD_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** By its record; what has none goes by the time of its folder. */
async function isOlder(trash: HeldFolder, id: string, before: number): Promise<boolean> {
  const record = await recordIn(trash, id);
  if (record !== undefined) return Date.parse(record.deletedAt) < before;
  const stats = await trash.look(id);
  return stats !== undefined && Number(stats.mtimeMs) < before;
}

function ignoreExisting(error: unknown): void {
  if (errnoOf(error) !== 'EEXIST') throw error;
}

function elsewhere(path: string, cause: unknown): AppError {
  return new AppError(
    'FORBIDDEN',
    `${quoted(path)} lies on another file system than the trash, so it could not be restored. Nothing was changed.`,
    {
      cause,
      next: 'leave it, or ask the operator to delete it',
    },
  );
}

function noTrash({ mount }: Root, cause: unknown): AppError {
  return new AppError(
    'FORBIDDEN',
    `The workspace ${quoted(mount)} has no place for a trash: ${OWN_FOLDER} in it is no folder.`,
    {
      cause,
      next: `ask the operator to remove ${OWN_FOLDER} from the workspace`,
    },
  );
}
