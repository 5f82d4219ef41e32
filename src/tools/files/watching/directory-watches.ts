import { type FSWatcher, watch } from 'node:fs';
import { decodeName } from '../workspace/byte-names.ts';
import type { Entry } from '../workspace/sandbox.ts';

/** As `fs.watch`, as far as it is needed. */
export type WatchDirectory = (
  at: string,
  onEvent: (kind: string, name: Buffer | null) => void,
) => Pick<FSWatcher, 'on' | 'close'>;

export interface DirectoryEvent {
  /** Virtual path. */
  readonly directory: string;
  /** Of the entry; undefined where the system does not tell. */
  readonly name: string | undefined;
  /** Whether entries have come or gone; else it is about what one holds. */
  readonly isStructural: boolean;
}

interface Options {
  readonly limit: number;
  readonly watchDirectory?: WatchDirectory;
  onEvent(event: DirectoryEvent): void;
  /** The system has no more watches to give. */
  onExhausted(error: unknown): void;
}

interface Watched {
  readonly identity: string;
  /** Whether the folders in it have been looked for since it is watched. */
  isExplored: boolean;
  readonly watcher: Pick<FSWatcher, 'on' | 'close'>;
  isMuted: boolean;
}

/** `failed`: this one cannot be watched. `full`: none beyond those that there are can. */
export type Added = 'new' | 'kept' | 'failed' | 'full';

/** Events in a second: more would leave no time for anything else. */
const MAX_EVENTS = 20_000;
const EXHAUSTED = new Set(['ENOSPC', 'EMFILE', 'ENFILE', 'ENOMEM']);

/**
 * The directories that the system tells changes of, by virtual path and never more than the limit. What is
 * watched is the directory that the sandbox has opened and judged, not whatever has its name. One that
 * tells too much is muted: it still counts as watched until {@link dropMuted}.
 */
export class DirectoryWatches {
  readonly #options: Options;
  readonly #watchDirectory: WatchDirectory;
  readonly #watched = new Map<string, Watched>();
  #second = 0;
  #events = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#watchDirectory =
      options.watchDirectory ??
      ((at, onEvent) => watch(at, { encoding: 'buffer', persistent: false }, onEvent));
  }

  has(path: string): boolean {
    return this.#watched.has(path);
  }

  isExplored(path: string): boolean {
    return this.#watched.get(path)?.isExplored === true;
  }

  setExplored(path: string): void {
    const watched = this.#watched.get(path);
    if (watched !== undefined) watched.isExplored = true;
  }

  add(directory: Entry): Added {
    const { path } = directory;
    const identity = identityOf(directory);
    if (this.#watched.get(path)?.identity === identity) return 'kept';
    this.drop(path);
    if (this.#watched.size >= this.#options.limit) return 'full';
    try {
      const watcher = this.#watchDirectory(directory.at, (kind, name) => {
        this.#onEvent(path, kind, name);
      });
      this.#watched.set(path, { identity, watcher, isExplored: false, isMuted: false });
      watcher.on('error', (error: unknown) => {
        this.drop(path);
        if (isExhausted(error)) this.#options.onExhausted(error);
      });
      return 'new';
    } catch (error) {
      if (!isExhausted(error)) return 'failed';
      this.#options.onExhausted(error);
      return 'full';
    }
  }

  /** Forgets a directory and those below it: another one may have its name now. */
  drop(path: string): void {
    if (!this.#watched.has(path)) return;
    const below = path === '/' ? '/' : `${path}/`;
    this.retain((other) => other !== path && !other.startsWith(below));
  }

  retain(isWanted: (path: string) => boolean): void {
    for (const [path, { watcher }] of this.#watched) {
      if (isWanted(path)) continue;
      this.#watched.delete(path);
      watcher.close();
    }
  }

  /** Forgets the directories that were muted, so that they can be watched again; answers which they were. */
  dropMuted(): string[] {
    const muted = Array.from(this.#watched).filter(([, { isMuted }]) => isMuted);
    for (const [path] of muted) this.drop(path);
    return muted.map(([path]) => path);
  }

  close(): void {
    this.retain(() => false);
  }

  #onEvent(path: string, kind: string, name: Buffer | null): void {
    const watched = this.#watched.get(path);
    const isTooMuch = this.#countEvent() > MAX_EVENTS;
    if (isTooMuch && watched !== undefined) {
      watched.isMuted = true;
      watched.watcher.close();
    }
    this.#options.onEvent({
      directory: path,
      name: name === null || isTooMuch ? undefined : decodeName(name),
      isStructural: kind === 'rename' || name === null || isTooMuch,
    });
  }

  /** How many there were in this second. */
  #countEvent(): number {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) this.#events = 0;
    this.#second = second;
    return ++this.#events;
  }
}

/** Numbers of deleted directories are given out again; the time of birth tells such ones apart. */
function identityOf({ stats: { dev, ino, birthtimeMs } }: Entry): string {
  return `${dev}:${ino}:${birthtimeMs}`;
}

function isExhausted(error: unknown): boolean {
  return error instanceof Error && 'code' in error && EXHAUSTED.has(String(error.code));
}
