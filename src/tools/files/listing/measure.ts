import { lstat } from 'node:fs/promises';
import type { Slots } from '../../../core/slots.ts';
import { encodeName } from '../workspace/byte-names.ts';
import { fileError, isAway } from '../workspace/file-error.ts';
import { childOf, type Entry, type Sandbox } from '../workspace/sandbox.ts';
import { joinPath, nameOf } from '../workspace/virtual-path.ts';
import { type FoundEntry, isPassedOver } from './walk.ts';

export interface Measured<E extends FoundEntry> {
  readonly entry: E;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

interface Batch<E> {
  readonly directory: string;
  readonly entries: E[];
}

const AT_ONCE = 8;
const BATCH = 64;

/**
 * Looks up sizes and times of entries below `base`, through held directories and without following
 * links. Answers in the same order; entries that are not there (any more) are left out.
 */
export async function measure<E extends FoundEntry>(
  sandbox: Sandbox,
  base: string,
  entries: readonly E[],
  limits: { readonly slots: Slots; readonly signal: AbortSignal },
): Promise<Measured<E>[]> {
  const measured = new Map<E, Measured<E>>();
  const mounted = new Set(sandbox.mounts.in(base).map(({ mount }) => nameOf(mount)));
  // A workspace shows in the folder above also while it cannot be reached.
  const [mounts, others] = [true, false].map((is) =>
    entries.filter((one) => mounted.has(one.relative) === is),
  );
  for (const entry of mounts ?? []) measured.set(entry, { entry, size: 0, modified: 0 });
  const batches = batchesOf(base, others ?? []);
  const worker = async (): Promise<void> => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
      const release = await limits.slots.acquire(limits.signal);
      try {
        for (const one of await measureBatch(sandbox, batch)) measured.set(one.entry, one);
      } finally {
        release();
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return entries.map((entry) => measured.get(entry)).filter((one) => one !== undefined);
}

function batchesOf<E extends FoundEntry>(base: string, entries: readonly E[]): Batch<E>[] {
  const batches: Batch<E>[] = [];
  const open = new Map<string, Batch<E>>();
  for (const entry of entries) {
    const slash = entry.relative.lastIndexOf('/');
    const directory = slash === -1 ? base : joinPath(base, entry.relative.slice(0, slash));
    let batch = open.get(directory);
    if (batch === undefined || batch.entries.length === BATCH) {
      batch = { directory, entries: [] };
      open.set(directory, batch);
      batches.push(batch);
    }
    batch.entries.push(entry);
  }
  return batches;
}

async function measureBatch<E extends FoundEntry>(sandbox: Sandbox, batch: Batch<E>): Promise<Measured<E>[]> {
  let held: Entry | undefined;
  try {
    const directory = (held = await sandbox.open(batch.directory));
    const looks = batch.entries.map((entry) => look(directory, entry));
    return (await Promise.all(looks)).filter((one) => one !== undefined);
  } catch (error) {
    if (isPassedOver(error) || isAway(error)) return [];
    throw error;
  } finally {
    await held?.close();
  }
}

async function look<E extends FoundEntry>(directory: Entry, entry: E): Promise<Measured<E> | undefined> {
  const name = entry.relative.slice(entry.relative.lastIndexOf('/') + 1);
  try {
    const { size, mtimeMs } = await lstat(encodeName(childOf(directory, name)));
    return { entry, size, modified: mtimeMs };
  } catch (error) {
    const meaning = fileError(error, directory.path);
    if (isPassedOver(meaning)) return undefined;
    throw meaning;
  }
}
