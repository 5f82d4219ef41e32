import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { HeldFolder } from '../workspace/held-folder.ts';
import { SCRATCH_MOUNT } from '../workspace/mounts.ts';
import { errnoOf } from '../workspace/write-error.ts';

/** What a small file counts as: so the number of files is bounded by bytes as well. */
export const LEAST_BYTES = 65_536;
/** Names of files that are being written. */
export const DRAFT_PREFIX = '.';
/** After which a file that is being written counts as left over by a process that is gone. */
const DRAFT_MS = 3_600_000;
const KEY = /^[A-Za-z0-9_-]{43}$/;

/** The folders of all subjects, each by its key. Links are never followed: they are none of ours. */
export class Areas {
  readonly #directory: string;
  readonly #lifetimeMs: number;

  constructor(directory: string, lifetimeMs: number) {
    this.#directory = directory;
    this.#lifetimeMs = lifetimeMs;
  }

  /** Holds a subject's folder, which is made where there is none. Close it. */
  async enter(key: string): Promise<HeldFolder> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const all = await this.#hold();
    try {
      return (await all.ensure(key, 0o700)).folder;
    } finally {
      await all.close();
    }
  }

  /** Bytes that count, with what is still being written. */
  async used(folder: HeldFolder): Promise<number> {
    let used = 0;
    for (const { name } of await folder.entries()) {
      const stats = await folder.look(name);
      if (stats !== undefined) used += Math.max(LEAST_BYTES, Number(stats.size));
    }
    return used;
  }

  async usedByAll(): Promise<number> {
    let used = 0;
    await this.#each(async (folder) => {
      used += await this.used(folder);
    });
    return used;
  }

  /** Removes what has expired from a subject's folder. Several processes may do so at the same time. */
  async sweep(folder: HeldFolder, now: number): Promise<void> {
    for (const { name } of await folder.entries()) {
      const stats = await folder.look(name);
      if (stats === undefined || stats.isDirectory()) continue;
      const lifetime = name.startsWith(DRAFT_PREFIX) ? DRAFT_MS : this.#lifetimeMs;
      if (now - Number(stats.mtimeMs) > lifetime) await unless('ENOENT', folder.remove(name));
    }
  }

  async sweepAll(now: number): Promise<void> {
    await this.#each(async (folder, all, key) => {
      await this.sweep(folder, now);
      await unless('ENOTEMPTY EEXIST ENOENT', all.removeFolder(key));
    });
  }

  async #each(look: (folder: HeldFolder, all: HeldFolder, key: string) => Promise<void>): Promise<void> {
    const all = await unless('ENOENT', this.#hold());
    if (all === undefined) return;
    try {
      for (const { name, kind } of await all.entries()) {
        if (kind !== 'directory' || !KEY.test(name)) continue;
        const folder = await unless('ENOENT ENOTDIR ELOOP', all.enter(name));
        if (folder === undefined) continue;
        try {
          await look(folder, all, name);
        } finally {
          await folder.close();
        }
      }
    } finally {
      await all.close();
    }
  }

  async #hold(): Promise<HeldFolder> {
    const handle = await open(this.#directory, constants.O_RDONLY | constants.O_DIRECTORY);
    return new HeldFolder({
      at: process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : this.#directory,
      realPath: SCRATCH_MOUNT,
      close: () => handle.close(),
    });
  }
}

/** Undefined where the work fails with one of these codes: another process has been faster. */
async function unless<T>(codes: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codes.split(' ').includes(errnoOf(error))) return undefined;
    throw error;
  }
}
