import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../core/errors.ts';
import { callText } from '../../../core/phrases.ts';
import { DRAFT_PREFIX } from '../workspace/deny-list.ts';
import type { HeldFolder } from '../workspace/held-folder.ts';
import type { Place, Places } from '../workspace/places.ts';
import { versionAt, versionOf } from '../workspace/version.ts';
import { quoted, shown } from '../workspace/virtual-path.ts';
import { writeError } from '../workspace/write-error.ts';
import type { Lock } from './file-locks.ts';
import { alreadyExists, placeNew } from './placing.ts';

/** What a draft may take the place of: nothing, the file in this state, or whatever file there is. */
export type Replaces = 'nothing' | 'anything' | { readonly version: string };

export interface Written {
  /** Bytes. */
  readonly size: number;
  readonly version: string;
}

const PERMISSIONS = 0o777n;

export function draftName(): string {
  return DRAFT_PREFIX + randomBytes(12).toString('base64url');
}

/**
 * A file that is written beside the place that it is to have, under a name that nobody is shown, and then put
 * there at once: who reads sees what was there before, or all of the new.
 */
export class DraftFile {
  readonly handle: FileHandle;
  readonly #places: Places;
  readonly #place: Place;
  readonly #name: string;
  #isOpen = true;

  private constructor(places: Places, place: Place, name: string, handle: FileHandle) {
    this.#places = places;
    this.#place = place;
    this.#name = name;
    this.handle = handle;
  }

  /** Closes the place with the draft. */
  static async begin(places: Places, place: Place): Promise<DraftFile> {
    const name = draftName();
    try {
      // What replaces a private file is private from the start.
      const handle = await place.folder.create(name, place.stats === undefined ? 0o666 : 0o600);
      return new DraftFile(places, place, name, handle);
    } catch (error) {
      await place.close();
      throw writeError(error, place.path);
    }
  }

  /** @throws AppError `STALE_FILE`, `ALREADY_EXISTS`, `BUSY`, `SOURCE_UNAVAILABLE`; the draft is discarded then */
  async commit(replaces: Replaces, lock: Lock): Promise<Written> {
    try {
      await this.#takeOver();
      await this.handle.sync();
      const folder = await this.#places.settle(this.#place);
      try {
        await lock.confirm();
        await this.#install(folder, replaces);
        await folder.sync();
      } finally {
        await folder.close();
      }
      const { size } = await this.handle.stat();
      return { size, version: await versionAt(this.handle) };
    } catch (error) {
      throw writeError(error, this.#place.path);
    } finally {
      await this.discard();
    }
  }

  /** Leaves nothing of it, unless it was put in its place. */
  async discard(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.handle.close().catch(() => undefined);
    await this.#place.folder.remove(this.#name).catch(() => undefined);
    await this.#place.close();
  }

  /** The permissions of the file that is replaced; its owner too, where the service may give files away. */
  async #takeOver(): Promise<void> {
    const { stats } = this.#place;
    if (stats === undefined) return;
    if (process.getuid?.() === 0) await this.handle.chown(Number(stats.uid), Number(stats.gid));
    await this.handle.chmod(Number(stats.mode & PERMISSIONS));
  }

  async #install(folder: HeldFolder, replaces: Replaces): Promise<void> {
    const { folder: own, name, path } = this.#place;
    if (replaces === 'nothing') {
      await placeNew(own, this.#name, { folder, name, path });
      return;
    }
    const there = await folder.look(name);
    if (there?.isDirectory() === true) throw alreadyExists(path);
    if (replaces !== 'anything') {
      const version = there === undefined ? undefined : versionOf(there);
      if (version !== replaces.version) throw staleFile(path, version);
    }
    await own.rename(this.#name, folder, name);
  }
}

/** @param version That the file has now; undefined where there is none any more. */
export function staleFile(path: string, version: string | undefined): AppError {
  if (version === undefined) {
    return new AppError('STALE_FILE', `${quoted(path)} does not exist any more. Nothing was changed.`, {
      next: 'make the call without expected_version to create it anew',
    });
  }
  return new AppError(
    'STALE_FILE',
    `${quoted(path)} was changed since you read it: its version is ${version} now. Nothing was changed.`,
    { next: callText('read_file', { paths: [shown(path)] }) },
  );
}
