import { hash, randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../core/errors.ts';
import { fileSize } from '../../../core/phrases.ts';
import type { Principal } from '../../../core/principal.ts';
import type { Kept, KeptFile, Scratch } from '../../../core/scratch.ts';
import type { Logger } from '../../../core/telemetry.ts';
import type { HeldFolder } from '../workspace/held-folder.ts';
import { SCRATCH_MOUNT } from '../workspace/mounts.ts';
import type { Root } from '../workspace/root.ts';
import { joinPath, toUri } from '../workspace/virtual-path.ts';
import { errnoOf } from '../workspace/write-error.ts';
import { Areas, DRAFT_PREFIX, LEAST_BYTES } from './areas.ts';
import { fileNameFor, freeName } from './file-name.ts';
import { ScratchRoot } from './scratch-root.ts';

interface Settings {
  readonly directory: string;
  readonly lifetimeMs: number;
  readonly bytesPerSubject: number;
  readonly bytesInTotal: number;
  readonly logger: Logger;
  /** Milliseconds since the epoch. Default: the system's. */
  readonly now?: () => number;
}

interface Draft {
  readonly folder: HeldFolder;
  readonly name: string;
  readonly handle: FileHandle;
}

const MAX_SWEEP_MS = 600_000;
const SWEEPS_IN_A_LIFETIME = 10;
/** How often another process may remove the empty folder between its making and its first file. */
const TRIES = 5;
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Files in a folder for each subject. What a file is called, and that it is there, is all that is known of it: no
 * process keeps a record, so any number of them share the folder, and what one has left over any other removes.
 */
export class ScratchArea implements Scratch {
  readonly #settings: Settings;
  readonly #areas: Areas;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #sweeping: Promise<void> | undefined;

  constructor(settings: Settings) {
    const { directory, lifetimeMs, now = Date.now } = settings;
    this.#settings = settings;
    this.#areas = new Areas(directory, lifetimeMs);
    this.#now = now;
    const everyMs = Math.min(MAX_SWEEP_MS, lifetimeMs / SWEEPS_IN_A_LIFETIME);
    this.#timer = setInterval(() => void this.sweep(), everyMs).unref();
  }

  /** What the subject sees of it. */
  rootOf(subject: string): Root {
    const { directory, lifetimeMs } = this.#settings;
    return new ScratchRoot({
      directory,
      key: keyOf(subject),
      isExpired: ({ mtimeMs }) => this.#now() - mtimeMs > lifetimeMs,
    });
  }

  async keep({ subject }: Pick<Principal, 'subject'>, kept: Kept): Promise<KeptFile> {
    try {
      const draft = await this.#begin(keyOf(subject));
      try {
        return await this.#fill(draft, kept);
      } finally {
        await draft.handle.close();
        await draft.folder.remove(draft.name).catch(() => undefined);
        await draft.folder.close();
      }
    } catch (error) {
      throw meaningOf(error);
    }
  }

  /** Removes what has expired, of everybody. Never rejects. */
  sweep(): Promise<void> {
    return (this.#sweeping ??= this.#areas
      .sweepAll(this.#now())
      .catch((error: unknown) => {
        this.#settings.logger.warn({ err: error }, 'kept results that have expired cannot be removed');
      })
      .finally(() => (this.#sweeping = undefined)));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  async #begin(key: string): Promise<Draft> {
    for (let tries = 1; ; tries++) {
      const folder = await this.#areas.enter(key);
      try {
        await this.#areas.sweep(folder, this.#now());
        const name = `${DRAFT_PREFIX}${randomUUID()}`;
        return { folder, name, handle: await folder.create(name, 0o600) };
      } catch (error) {
        await folder.close();
        if (!isGone(error) || tries === TRIES) throw error;
      }
    }
  }

  async #fill(draft: Draft, { name: wanted, mimeType, content }: Kept): Promise<KeptFile> {
    const { lifetimeMs } = this.#settings;
    // The file counts already, as a small one.
    await write(draft.handle, content, (await this.#room(draft.folder)) + LEAST_BYTES);
    // Others may have written at the same time: what counts is what is there when all of it is.
    await this.#room(draft.folder);
    const { size, mtimeMs } = await draft.handle.stat();
    const name = await publish(draft, fileNameFor(wanted));
    const path = joinPath(SCRATCH_MOUNT, name);
    return { path, uri: toUri(path), name, mimeType, size, expiresAt: Math.floor(mtimeMs + lifetimeMs) };
  }

  /**
   * Bytes that may still be written.
   *
   * @throws AppError `FILE_TOO_LARGE` where it is more than full
   */
  async #room(folder: HeldFolder): Promise<number> {
    const { bytesPerSubject, bytesInTotal } = this.#settings;
    const own = bytesPerSubject - (await this.#areas.used(folder));
    const all = bytesInTotal - (await this.#areas.usedByAll());
    if (own < 0) throw full(`${fileSize(bytesPerSubject)} are kept for one account`);
    if (all < 0) throw full('the room that all share is used up');
    return Math.min(own, all);
  }
}

function keyOf(subject: string): string {
  return hash('sha256', subject, 'base64url');
}

async function write(handle: FileHandle, content: Kept['content'], room: number): Promise<void> {
  let left = room;
  for await (const part of typeof content === 'string' ? [Buffer.from(content)] : partsOf(content)) {
    left -= part.length;
    if (left < 0) throw full(`${fileSize(room)} are left`);
    await handle.writeFile(part);
  }
}

function partsOf(
  content: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> | readonly Uint8Array[] {
  return content instanceof Uint8Array ? [content] : content;
}

/** Gives the file its name: at once, and to no file that there is. */
async function publish({ folder, name: draft }: Draft, wanted: string): Promise<string> {
  const taken = new Set((await folder.entries()).map(({ name }) => name));
  for (;;) {
    const name = freeName(wanted, (one) => taken.has(one));
    try {
      await give(folder, draft, name);
      return name;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      taken.add(name);
    }
  }
}

async function give(folder: HeldFolder, draft: string, name: string): Promise<void> {
  try {
    await folder.link(draft, folder, name);
  } catch (error) {
    if (!NO_LINKS.has(errnoOf(error))) throw error;
    // A file system without second names: the name is taken by an empty file, which is then replaced.
    await (await folder.create(name, 0o600)).close();
    await folder.rename(draft, folder, name);
  }
}

/** Whether the folder was removed meanwhile, as it was empty. */
function isGone(error: unknown): boolean {
  return errnoOf(error) === 'ENOENT' || (error instanceof AppError && error.code === 'PATH_NOT_FOUND');
}

function full(why: string): AppError {
  return new AppError('FILE_TOO_LARGE', `The result cannot be kept: ${why}.`, {
    next: 'ask for less, by a narrower question or a smaller limit; what was kept before makes room when it expires',
  });
}

function meaningOf(error: unknown): unknown {
  if (!['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES'].includes(errnoOf(error))) return error;
  return new AppError('SOURCE_UNAVAILABLE', 'The server has no room to keep results now.', {
    cause: error,
    next: 'ask for less, by a narrower question or a smaller limit',
  });
}
