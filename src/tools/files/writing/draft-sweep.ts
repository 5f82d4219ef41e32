import { LRUCache } from 'lru-cache';
import { DRAFT_PREFIX } from '../workspace/deny-list.ts';
import { type HeldFolder, removeTree } from '../workspace/held-folder.ts';
import type { Place } from '../workspace/places.ts';

/** Nothing writes for so long without a byte that comes to the disk. */
const ABANDONED_MS = 3_600_000;
const REMEMBERED = 10_000;

/** Removes the drafts that killed processes left in folders that are written to, once for each folder. */
export class DraftSweep {
  readonly #seen = new LRUCache<string, true>({ max: REMEMBERED });

  async visit({ folder, identity: { dev, ino } }: Pick<Place, 'folder' | 'identity'>): Promise<void> {
    const key = `${dev}:${ino}`;
    if (this.#seen.has(key)) return;
    this.#seen.set(key, true);
    try {
      const drafts = (await folder.entries()).filter(({ name }) => name.startsWith(DRAFT_PREFIX));
      for (const { name } of drafts) await this.#removeOld(folder, name);
    } catch {
      // Leftovers are hidden and harmless: what cannot be removed is tried again by the next process.
    }
  }

  async #removeOld(folder: HeldFolder, name: string): Promise<void> {
    const stats = await folder.look(name);
    if (stats !== undefined && Number(stats.mtimeMs) < Date.now() - ABANDONED_MS)
      await removeTree(folder, name);
  }
}
