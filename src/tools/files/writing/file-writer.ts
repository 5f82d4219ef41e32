import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../core/errors.ts';
import { fileSize } from '../../../core/phrases.ts';
import type { Place, Places } from '../workspace/places.ts';
import { versionAt } from '../workspace/version.ts';
import { quoted } from '../workspace/virtual-path.ts';
import { writeError } from '../workspace/write-error.ts';
import { DraftFile, type Replaces, type Written } from './draft-file.ts';
import { DraftSweep } from './draft-sweep.ts';
import type { FileLocks, Lock } from './file-locks.ts';

/** A file that is to be replaced, and what is in it. */
export interface Present {
  readonly bytes: Buffer;
  readonly version: string;
}

interface Content {
  readonly bytes: Uint8Array;
  readonly replaces: Replaces;
}

/** Puts whole files in their place, one change at a time. */
export class FileWriter {
  readonly locks: FileLocks;
  readonly #sweep = new DraftSweep();

  constructor(locks: FileLocks) {
    this.locks = locks;
  }

  /**
   * Finds the place of a file, keeps others from changing it, and lets the work look at it and write it.
   *
   * @throws AppError as {@link Places.forFile}, `BUSY`, and what the work throws
   */
  async change<T>(
    places: Places,
    path: string,
    signal: AbortSignal,
    work: (target: Target) => Promise<T>,
  ): Promise<T> {
    const { root, realPath } = await this.#peek(places, path);
    return this.locks.hold(root, realPath, signal, async (lock) => {
      // What has become of the path while this call waited for its turn is what counts.
      const place = await places.forFile(path);
      try {
        if (place.realPath !== realPath) throw movedOn(path);
        await this.#sweep.visit(place);
        return await work(new Target(places, place, lock));
      } finally {
        await place.close();
      }
    });
  }

  /** Begins a file whose writing takes time; others are kept from it only while it is put in its place. */
  async begin(places: Places, path: string): Promise<{ readonly draft: DraftFile; readonly place: Place }> {
    const place = await places.forFile(path);
    await this.#sweep.visit(place);
    return { draft: await DraftFile.begin(places, place), place };
  }

  async #peek(places: Places, path: string): Promise<Pick<Place, 'root' | 'realPath'>> {
    const place = await places.forFile(path);
    await place.close();
    return place;
  }
}

/** The file that a call works on, while it may. */
export class Target {
  readonly place: Place;
  readonly #places: Places;
  readonly #lock: Lock;

  constructor(places: Places, place: Place, lock: Lock) {
    this.#places = places;
    this.place = place;
    this.#lock = lock;
  }

  get exists(): boolean {
    return this.place.stats !== undefined;
  }

  /**
   * What is in the file now; undefined where there is none.
   *
   * @throws AppError `FILE_TOO_LARGE`
   */
  async read(maxBytes: number, next: string): Promise<Present | undefined> {
    if (!this.exists) return undefined;
    const handle = await this.#open();
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw movedOn(this.place.path);
      if (stats.size > maxBytes) throw tooLarge(this.place.path, stats.size, maxBytes, next);
      const version = await versionAt(handle);
      return { bytes: await handle.readFile(), version };
    } finally {
      await handle.close();
    }
  }

  /** Its version now; undefined where there is none. */
  async version(): Promise<string | undefined> {
    if (!this.exists) return undefined;
    const handle = await this.#open();
    try {
      return await versionAt(handle);
    } finally {
      await handle.close();
    }
  }

  /** @throws AppError as `DraftFile.commit` */
  async write({ bytes, replaces }: Content): Promise<Written> {
    const lent = { ...this.place, close: () => Promise.resolve() };
    const draft = await DraftFile.begin(this.#places, lent);
    try {
      await draft.handle.writeFile(bytes);
    } catch (error) {
      await draft.discard();
      throw writeError(error, this.place.path);
    }
    return draft.commit(replaces, this.#lock);
  }

  async #open(): Promise<FileHandle> {
    try {
      return await this.place.folder.read(this.place.name);
    } catch (error) {
      throw writeError(error, this.place.path);
    }
  }
}

function movedOn(path: string): AppError {
  return new AppError('BUSY', `What ${quoted(path)} leads to was changed meanwhile. Nothing was changed.`, {
    retryAfter: 1,
  });
}

function tooLarge(path: string, size: number, most: number, next: string): AppError {
  return new AppError(
    'FILE_TOO_LARGE',
    `${quoted(path)} has ${fileSize(size)}; this works up to ${fileSize(most)}. Nothing was changed.`,
    { next },
  );
}
