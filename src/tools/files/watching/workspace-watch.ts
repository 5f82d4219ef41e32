import { AppError } from '../../../core/errors.ts';
import type { ResourceChange, ResourceWatch } from '../../../core/resource.ts';
import { isPassedOver } from '../listing/walk.ts';
import type { FileServices } from '../services.ts';
import { joinPath, nameOf } from '../workspace/virtual-path.ts';
import {
  type Added,
  type DirectoryEvent,
  DirectoryWatches,
  type WatchDirectory,
} from './directory-watches.ts';
import { FollowedFiles } from './followed-files.ts';
import { ListedTree } from './listed-tree.ts';
import { isIgnoreFile } from './listing.ts';
import { Pace } from './pace.ts';
import type { Warnings } from './warnings.ts';

export interface WatchSettings {
  /** The file that a URI leads to; undefined for what cannot lead to one. */
  pathOf(uri: string): string | undefined;
  report(change: ResourceChange): void;
  readonly warnings: Warnings;
  readonly watchDirectory?: WatchDirectory;
  /** How often is looked for what the system does not tell of. Default 5000. */
  readonly lookAroundMs?: number;
}

const FILE_PACE = { quietMs: 100, intervalMs: 500 };
const LIST_PACE = { quietMs: 100, intervalMs: 1000 };
const LOOK_AROUND_MS = 5000;
/** After so many rounds everything is looked at: notifications can get lost. */
const ROUNDS_TO_ALL = 12;

/**
 * Tells of changes in the workspace. Notifications of the system only say where to look; what is told is
 * what was seen then, through the sandbox and the listing that everybody else gets. So nothing is told
 * of what cannot be read, and each process that looks tells the same.
 */
export class WorkspaceWatch implements ResourceWatch {
  readonly #services: FileServices;
  readonly #settings: WatchSettings;
  readonly #watches: DirectoryWatches;
  readonly #files: FollowedFiles;
  readonly #filePace: Pace;
  readonly #listPace: Pace;
  readonly #timer: NodeJS.Timeout;
  readonly #ended = new AbortController();
  #tree: ListedTree | undefined;
  /** Whether the system may keep changes of followed files to itself. */
  #isBlind = false;
  /** Whether the list is more than can be watched. */
  #isTooLarge = false;
  #mustListAgain = false;
  #rounds = 0;

  constructor(services: FileServices, settings: WatchSettings) {
    this.#services = services;
    this.#settings = settings;
    const { watch } = services.options;
    this.#watches = new DirectoryWatches({
      limit: watch.maxDirectories,
      ...(settings.watchDirectory === undefined ? {} : { watchDirectory: settings.watchDirectory }),
      onEvent: (event) => {
        this.#onEvent(event);
      },
      onExhausted: (error) => {
        this.#stopTree();
        this.#isTooLarge = true;
        this.#isBlind = true;
        settings.warnings.exhausted(error);
      },
    });
    this.#files = new FollowedFiles(services.sandbox);
    this.#filePace = new Pace(() => this.#lookAtFiles(), FILE_PACE);
    this.#listPace = new Pace(() => this.#lookAtTree(), LIST_PACE);
    const everyMs = watch.pollMs > 0 ? watch.pollMs : (settings.lookAroundMs ?? LOOK_AROUND_MS);
    this.#timer = setInterval(() => void this.#lookAround(), everyMs).unref();
  }

  follow({ uris, list }: { readonly uris: ReadonlySet<string>; readonly list: boolean }): void {
    if (this.#isEnded) return;
    this.#files.replace(this.#byPath(uris));
    if (!list) this.#stopTree();
    else if (this.#tree === undefined && !this.#isTooLarge) {
      this.#tree = new ListedTree(this.#services, this.#watches);
      this.#listPace.ask();
    }
    this.#filePace.ask();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#ended.abort();
    await Promise.all([this.#filePace.close(), this.#listPace.close()]);
    this.#watches.close();
  }

  #byPath(uris: ReadonlySet<string>): Map<string, Set<string>> {
    const files = new Map<string, Set<string>>();
    for (const uri of uris) {
      const path = this.#settings.pathOf(uri);
      if (path !== undefined) files.set(path, (files.get(path) ?? new Set()).add(uri));
    }
    return files;
  }

  #onEvent(event: DirectoryEvent): void {
    const { directory, name, isStructural } = event;
    const path = name === undefined ? directory : joinPath(directory, name);
    if (this.#isEnded || this.#services.sandbox.hides(path)) return;
    if (isStructural && name !== undefined) this.#watches.drop(path);
    this.#askForFiles(path);
    if (isStructural) this.#tree?.touch(directory);
    if (isStructural || isIgnoreFile(nameOf(path))) this.#listPace.ask();
  }

  #askForFiles(path: string): void {
    if (this.#files.touch(path)) this.#filePace.ask();
  }

  async #lookAtFiles(): Promise<void> {
    await this.#watchFolders();
    for (const path of this.#files.takeDue()) {
      try {
        for (const update of await this.#files.look(path)) this.#report({ kind: 'updated', ...update });
      } catch (error) {
        this.#isBlind = true;
        this.#settings.warnings.failed(error);
      }
    }
    // A link may have turned up whose target lies in a folder that was not watched when it was looked at.
    for (const folder of await this.#watchFolders()) this.#askForFiles(folder);
  }

  /** Watches the folders that lead to followed files; answers those that were not. */
  async #watchFolders(): Promise<string[]> {
    const added: string[] = [];
    for (const folder of this.#files.folders) {
      if (this.#watches.has(folder) || this.#isEnded) continue;
      const outcome = await this.#watchFolder(folder);
      if (outcome === 'new') added.push(folder);
      if (outcome === 'failed' || outcome === 'full') this.#isBlind = true;
      if (outcome === 'full') this.#leaveTree();
    }
    return added;
  }

  /** Undefined where there is no such folder now: that is told by the one above it. */
  async #watchFolder(path: string): Promise<Added | undefined> {
    try {
      const entry = await this.#services.sandbox.open(path);
      try {
        if (entry.kind !== 'directory' || this.#isEnded) return undefined;
        return this.#watches.add(entry);
      } finally {
        await entry.close();
      }
    } catch (error) {
      if (!isPassedOver(error)) this.#settings.warnings.failed(error);
      return undefined;
    }
  }

  async #lookAtTree(): Promise<void> {
    const tree = this.#tree;
    if (tree === undefined) return;
    try {
      const { version, isSettled, isTooLarge } = await tree.look(this.#ended.signal);
      if (this.#tree !== tree) return;
      this.#mustListAgain = false;
      if (isTooLarge) this.#leaveTree();
      if (!isSettled) this.#listPace.ask();
      if (version !== undefined) this.#report({ kind: 'listed', version });
    } catch (error) {
      this.#onListFailure(error);
    } finally {
      if (this.#tree !== tree) this.#keepFollowedOnly();
    }
  }

  #onListFailure(error: unknown): void {
    if (this.#isEnded) return;
    if (error instanceof AppError && error.code === 'INVALID_ARGUMENT') this.#leaveTree();
    else {
      this.#mustListAgain = true;
      this.#settings.warnings.failed(error);
    }
  }

  /** Looks for what the system has not told of. */
  async #lookAround(): Promise<void> {
    if (!this.#isInterested) return;
    const unsure = [...this.#watches.dropMuted(), ...(await this.#exchanged())];
    const isTurn = ++this.#rounds % ROUNDS_TO_ALL === 0;
    if (isTurn || this.#services.options.watch.pollMs > 0) unsure.push('/');
    for (const folder of unsure) {
      this.#askForFiles(folder);
      this.#tree?.touch(folder);
      this.#listPace.ask();
    }
    if (this.#isBlind) this.#askForFiles('/');
    if (this.#mustListAgain) this.#listPace.ask();
  }

  /** A workspace itself may have been exchanged: no folder that is watched tells of that. */
  async #exchanged(): Promise<string[]> {
    const places = (await this.#watchFolder('/')) === 'kept' ? [] : ['/'];
    for (const { mount } of this.#services.sandbox.mounts.in('/')) {
      if (await this.#isOther(mount)) places.push(mount);
    }
    return places;
  }

  /** Whether one of several workspaces has come, gone or been exchanged since it was looked at. */
  async #isOther(mount: string): Promise<boolean> {
    const outcome = await this.#watchFolder(mount);
    if (outcome !== undefined || !this.#watches.has(mount)) return outcome === 'new';
    this.#watches.drop(mount);
    return true;
  }

  /** From now on only followed files are watched. */
  #leaveTree(): void {
    if (this.#tree === undefined) return;
    this.#isTooLarge = true;
    this.#settings.warnings.tooMany(this.#services.options.watch.maxDirectories);
    this.#stopTree();
  }

  #stopTree(): void {
    this.#tree = undefined;
    this.#mustListAgain = false;
    this.#keepFollowedOnly();
  }

  #keepFollowedOnly(): void {
    this.#watches.retain((path) => this.#files.folders.has(path));
  }

  #report(change: ResourceChange): void {
    if (!this.#isEnded) this.#settings.report(change);
  }

  get #isInterested(): boolean {
    return this.#tree !== undefined || this.#files.folders.size > 0;
  }

  get #isEnded(): boolean {
    return this.#ended.signal.aborted;
  }
}
