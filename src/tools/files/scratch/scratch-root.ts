import type { Stats } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { SCRATCH_MOUNT } from '../workspace/mounts.ts';
import type { Root } from '../workspace/root.ts';

interface Settings {
  /** Of all areas. */
  readonly directory: string;
  /** The area's name in it. */
  readonly key: string;
  isExpired(stats: Pick<Stats, 'mtimeMs'>): boolean;
}

/**
 * One subject's area, to be read. It may not exist: then there is nothing in it. Its place is told by name, so a
 * link in its stead leads out, which the sandbox refuses.
 */
export class ScratchRoot implements Root {
  readonly kind = 'scratch';
  readonly mount = SCRATCH_MOUNT;
  readonly name = SCRATCH_MOUNT.slice(1);
  readonly access = 'read';
  readonly description = 'results that were kept for you';
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  async location(): Promise<string> {
    return join(await realpath(this.#settings.directory), this.#settings.key);
  }

  hasMoved(): Promise<boolean> {
    return Promise.resolve(false);
  }

  isExpired(stats: Stats): boolean {
    return this.#settings.isExpired(stats);
  }
}
