import { isPassedOver } from '../listing/walk.ts';
import type { FileServices } from '../services.ts';
import type { DirectoryEntry } from '../workspace/directory.ts';
import { isAway } from '../workspace/file-error.ts';
import type { Entry } from '../workspace/sandbox.ts';
import { joinPath, parentOf } from '../workspace/virtual-path.ts';
import { CLOCK_SLACK_MS } from './clock-slack.ts';
import type { DirectoryWatches } from './directory-watches.ts';
import { changedFolders, ignoreFilesAbove, type Listing, takeListing } from './listing.ts';

export interface TreeLook {
  /** Present when the list has other entries than at the look before. */
  readonly version?: string;
  /** False when folders were found that may have changed before they were watched. */
  readonly isSettled: boolean;
  /** Whether there are more folders than may be watched. */
  readonly isTooLarge: boolean;
}

interface Round {
  readonly listing: Listing;
  readonly signal: AbortSignal;
  /** Folders whose folders are to be looked at. */
  readonly queue: string[];
  newestChange: number;
  newestContent: number;
  isSettled: boolean;
}

/**
 * Keeps every folder watched whose entries decide over the list of files, and tells when the list is
 * another one. The list itself is always asked of who lists, so that both go by the same rules.
 *
 * A folder without listed files may get one at any time, so it is watched as well; but one that holds
 * files and none of them listed is taken for ignored, and what lies in it is left alone.
 */
export class ListedTree {
  readonly #services: FileServices;
  readonly #watches: DirectoryWatches;
  readonly #touched = new Set<string>();
  readonly #since = Date.now();
  #before: Listing | undefined;

  constructor(services: FileServices, watches: DirectoryWatches) {
    this.#services = services;
    this.#watches = watches;
  }

  /** Entries of the folder have come or gone. */
  touch(folder: string): void {
    this.#touched.add(folder);
  }

  /** @throws AppError when there is no list, or too large a one; the signal's reason */
  async look(signal: AbortSignal): Promise<TreeLook> {
    const touched = [...this.#touched];
    this.#touched.clear();
    const listing = await takeListing(this.#services, signal);
    const round: Round = {
      ...{ listing, signal, queue: touched },
      ...{ newestChange: 0, newestContent: 0, isSettled: true },
    };
    const isTooLarge = !(await this.#cover(round));
    const before = this.#before;
    this.#before = listing;
    const { isSettled } = round;
    if (isTooLarge) return { isSettled, isTooLarge };
    if (before === undefined) {
      const isNews = round.newestChange >= this.#since - CLOCK_SLACK_MS;
      const version = versionOf(listing, round.newestContent);
      return { isSettled, isTooLarge, ...(isNews ? { version } : {}) };
    }
    if (before.digest === listing.digest) return { isSettled, isTooLarge };
    const version = versionOf(listing, await this.#newestAround(changedFolders(before, listing)));
    return { isSettled, isTooLarge, version };
  }

  /** Watches what is not yet watched; answers whether that was possible. */
  async #cover(round: Round): Promise<boolean> {
    for (const folder of round.listing.folders.keys()) {
      if (this.#watches.isExplored(folder)) continue;
      if (!(await this.#enter(folder, round))) return false;
    }
    for (let folder = round.queue.pop(); folder !== undefined; folder = round.queue.pop()) {
      if (!(await this.#enter(folder, round))) return false;
    }
    return true;
  }

  /** Watches a folder, and looks into it for folders that are in no list. */
  async #enter(folder: string, round: Round): Promise<boolean> {
    const release = await this.#services.directories.acquire(round.signal);
    try {
      const entry = await this.#services.sandbox.open(folder);
      try {
        return entry.kind !== 'directory' || entry.realPath !== folder || (await this.#watch(entry, round));
      } finally {
        await entry.close();
      }
    } catch (error) {
      if (!isPassedOver(error) && (folder === '/' || !isAway(error))) throw error;
      return true;
    } finally {
      release();
    }
  }

  async #watch(directory: Entry, round: Round): Promise<boolean> {
    const added = this.#watches.add(directory);
    if (added === 'full') return false;
    if (added === 'failed') return true;
    if (!this.#watches.isExplored(directory.path)) {
      round.isSettled = false;
      round.newestChange = Math.max(round.newestChange, directory.stats.ctimeMs);
      round.newestContent = Math.max(round.newestContent, directory.stats.mtimeMs);
    }
    // The folder is read after it is watched, so that what comes meanwhile is heard of.
    const children = await this.#services.sandbox.entriesOf(directory);
    this.#watches.setExplored(directory.path);
    if (this.#mayHoldListed(directory.path, children, round.listing)) {
      round.queue.push(...this.#unlistedFolders(directory.path, children, round.listing));
    }
    return true;
  }

  #mayHoldListed(path: string, children: readonly DirectoryEntry[], { folders }: Listing): boolean {
    const { sandbox } = this.#services;
    const isFile = ({ name, kind }: DirectoryEntry): boolean =>
      kind === 'file' && !sandbox.hidesEntry(joinPath(path, name));
    return folders.has(path) || !children.some(isFile);
  }

  #unlistedFolders(path: string, children: readonly DirectoryEntry[], { folders }: Listing): string[] {
    return children
      .filter(({ kind }) => kind === 'directory')
      .map(({ name }) => joinPath(path, name))
      .filter((child) => {
        const isKnown = folders.has(child) || this.#watches.isExplored(child);
        return !isKnown && !this.#services.sandbox.hidesEntry(child);
      });
  }

  /** When, as the file system tells it, the folders or the rules over them got to be what they are. */
  async #newestAround(folders: readonly string[]): Promise<number> {
    let newest = 0;
    for (const folder of folders) newest = Math.max(newest, await this.#changeOfFolder(folder));
    for (const file of new Set(folders.flatMap((folder) => ignoreFilesAbove(folder)))) {
      newest = Math.max(newest, (await this.#changeOf(file)) ?? 0);
    }
    return newest;
  }

  /** Of one that is gone, that of the folder it was in. */
  async #changeOfFolder(path: string): Promise<number> {
    const change = await this.#changeOf(path);
    return change ?? (path === '/' ? 0 : this.#changeOfFolder(parentOf(path)));
  }

  async #changeOf(path: string): Promise<number | undefined> {
    try {
      const entry = await this.#services.sandbox.open(path);
      await entry.close();
      return entry.stats.mtimeMs;
    } catch (error) {
      if (!isPassedOver(error) && (path === '/' || !isAway(error))) throw error;
      return undefined;
    }
  }
}

/** With the time, as a list can become again what it once was. */
function versionOf({ digest }: Listing, newest: number): string {
  return `${digest}-${newest}`;
}
