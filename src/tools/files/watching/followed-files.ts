import { AppError } from '../../../core/errors.ts';
import { isPassedOver } from '../listing/walk.ts';
import type { Sandbox } from '../workspace/sandbox.ts';
import { parentOf } from '../workspace/virtual-path.ts';
import { CLOCK_SLACK_MS } from './clock-slack.ts';

/** A file that somebody wants to hear of. */
interface Followed {
  /** The URIs that it is followed under. */
  uris: ReadonlySet<string>;
  /** Where it really is, if that is elsewhere: where a link leads to. */
  target: string | undefined;
  /** As it was last seen; undefined before the first look. */
  version: string | undefined;
  /** Since when changes are of interest, in milliseconds since the epoch. */
  readonly since: number;
}

interface State {
  readonly version: string;
  readonly target: string | undefined;
  /** When it became so. */
  readonly changedMs: number;
}

export interface Update {
  readonly uri: string;
  readonly version: string;
}

/** Which files are followed, what they were when they were last looked at, and which have to be looked at. */
export class FollowedFiles {
  readonly #sandbox: Sandbox;
  readonly #files = new Map<string, Followed>();
  readonly #due = new Set<string>();
  #folders: ReadonlySet<string> = new Set();

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  /** The folders that lead to the files: what happens to the files shows there. */
  get folders(): ReadonlySet<string> {
    return this.#folders;
  }

  /** Files by path, each with its URIs; those that are new are due. Of what is denied nothing is ever told. */
  replace(files: ReadonlyMap<string, ReadonlySet<string>>): void {
    for (const path of this.#files.keys()) if (!files.has(path)) this.#files.delete(path);
    for (const [path, uris] of files) {
      const known = this.#files.get(path);
      if (known !== undefined) known.uris = uris;
      else if (!this.#sandbox.hides(path)) {
        this.#files.set(path, { uris, target: undefined, version: undefined, since: Date.now() });
        this.#due.add(path);
      }
    }
    this.#learnFolders();
  }

  /** Makes due what is at the path or below it; answers whether that is anything. */
  touch(path: string): boolean {
    const below = path === '/' ? '/' : `${path}/`;
    const isFolder = path === '/' || this.#folders.has(path);
    const isAt = (place: string | undefined): boolean =>
      place === path || (isFolder && place?.startsWith(below) === true);
    let isAny = false;
    for (const [name, { target }] of this.#files) {
      if (!isAt(name) && !isAt(target)) continue;
      this.#due.add(name);
      isAny = true;
    }
    return isAny;
  }

  /** What is due, from now on no more. */
  takeDue(): string[] {
    const due = [...this.#due].filter((path) => this.#files.has(path));
    this.#due.clear();
    return due;
  }

  /** Looks at a file; answers what has happened to it since it was looked at before. */
  async look(path: string): Promise<readonly Update[]> {
    const followed = this.#files.get(path);
    if (followed === undefined) return [];
    const before = followed.version;
    const state = await this.#stateOf(path, before);
    if (state.target !== followed.target) {
      followed.target = state.target;
      this.#learnFolders();
    }
    followed.version = state.version;
    const isNews =
      before === undefined ? state.changedMs >= followed.since - CLOCK_SLACK_MS : before !== state.version;
    return isNews ? Array.from(followed.uris, (uri) => ({ uri, version: state.version })) : [];
  }

  async #stateOf(path: string, before: string | undefined): Promise<State> {
    try {
      const entry = await this.#sandbox.open(path);
      await entry.close();
      const { mtimeMs, ctimeMs, size, ino } = entry.stats;
      const target = entry.realPath === path ? undefined : entry.realPath;
      // A folder in the file's place is no file either.
      if (entry.kind !== 'file') return { version: goneAfter(before), target, changedMs: ctimeMs };
      return { version: `${mtimeMs}-${size}-${ino}`, target, changedMs: ctimeMs };
    } catch (error) {
      if (!isPassedOver(error)) throw error;
      return { version: goneAfter(before), target: undefined, changedMs: await this.#changeAbove(path) };
    }
  }

  /** When the nearest folder that there is changed: not before that has the file gone. */
  async #changeAbove(path: string): Promise<number> {
    for (let folder = parentOf(path); ; folder = parentOf(folder)) {
      try {
        const entry = await this.#sandbox.open(folder);
        await entry.close();
        return entry.stats.ctimeMs;
      } catch (error) {
        if (!(error instanceof AppError) || folder === '/') throw error;
      }
    }
  }

  #learnFolders(): void {
    const folders = new Set<string>();
    for (const [path, { target }] of this.#files) {
      for (const place of target === undefined ? [path] : [path, target]) {
        let folder = parentOf(place);
        while (!folders.has(folder)) {
          folders.add(folder);
          folder = parentOf(folder);
        }
      }
    }
    this.#folders = folders;
  }
}

/** Named after what was there before, so that it is the same for all who saw that, and another one the next time. */
function goneAfter(before: string | undefined): string {
  return before?.startsWith('gone') === true ? before : `gone-${before ?? ''}`;
}
