import { AppError } from '../../../core/errors.ts';
import type { Slots } from '../../../core/slots.ts';
import type { DirectoryEntry } from '../workspace/directory.ts';
import { isAway } from '../workspace/file-error.ts';
import type { Sandbox } from '../workspace/sandbox.ts';
import { joinPath } from '../workspace/virtual-path.ts';
import { positionOf } from './position.ts';

export interface FoundEntry {
  /** Relative to the directory that is listed, without a slash at either end. */
  readonly relative: string;
  readonly kind: DirectoryEntry['kind'];
}

export interface Walk {
  /** Virtual path of the directory to list. */
  readonly base: string;
  /** Levels to open: 1 is the directory alone. */
  readonly depth: number;
  /** Relative path that the walk goes on behind. */
  readonly after?: string;
  readonly signal: AbortSignal;
  /** Whether an entry is to be told; a directory that is not is not opened either. */
  wants(entry: FoundEntry): boolean;
  /** Whether a directory is told, but not opened. */
  isClosed?(entry: FoundEntry): boolean;
  /** Told of each opened directory's entries that are not wanted, and of directories that cannot be opened. */
  onOmitted(count: number, why: 'unwanted' | 'unreadable'): void;
}

/**
 * Tells a tree in order: names by their bytes, each directory before what it holds. Every directory is
 * judged when it is opened and read through its descriptor, so that nothing from outside shows even
 * while directories are being exchanged. Links are told, never followed. Nothing stays open meanwhile.
 */
export async function* walk(sandbox: Sandbox, slots: Slots, options: Walk): AsyncGenerator<FoundEntry> {
  const goal = options.after === undefined ? undefined : positionOf(options.after);
  // Entries yet to be told, the next one last.
  const stack = await level(sandbox, slots, options, '');
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const position = positionOf(entry.relative);
    const isBehind = goal === undefined || position > goal;
    if (isBehind) yield entry;
    const mayHoldMore = isBehind || goal === position || goal.startsWith(`${position}\0`);
    if (opens(entry, options) && mayHoldMore) {
      stack.push(...(await level(sandbox, slots, options, entry.relative)));
    }
  }
}

function opens(entry: FoundEntry, options: Walk): boolean {
  const isWithin = entry.kind === 'directory' && levelOf(entry.relative) < options.depth;
  return isWithin && options.isClosed?.(entry) !== true;
}

/** The wanted entries of one directory, last first. */
async function level(sandbox: Sandbox, slots: Slots, options: Walk, relative: string): Promise<FoundEntry[]> {
  const entries: FoundEntry[] = [];
  let unwanted = 0;
  for (const { name, kind } of await read(sandbox, slots, options, relative)) {
    const entry = { relative: relative === '' ? name : `${relative}/${name}`, kind };
    if (sandbox.hidesEntry(joinPath(options.base, entry.relative))) continue;
    if (options.wants(entry)) entries.push(entry);
    else unwanted++;
  }
  if (unwanted > 0) options.onOmitted(unwanted, 'unwanted');
  const positions = new Map(entries.map((entry) => [entry, positionOf(entry.relative)]));
  return entries.sort((a, b) => ((positions.get(a) ?? '') < (positions.get(b) ?? '') ? 1 : -1));
}

async function read(
  sandbox: Sandbox,
  slots: Slots,
  options: Walk,
  relative: string,
): Promise<DirectoryEntry[]> {
  const release = await slots.acquire(options.signal);
  try {
    const path = relative === '' ? options.base : joinPath(options.base, relative);
    const directory = await sandbox.open(path);
    try {
      return directory.kind === 'directory' ? await sandbox.entriesOf(directory) : [];
    } finally {
      await directory.close();
    }
  } catch (error) {
    if (!isPassedOver(error) && (relative === '' || !isAway(error))) throw error;
    options.onOmitted(1, 'unreadable');
    return [];
  } finally {
    release();
  }
}

function levelOf(relative: string): number {
  return relative.split('/').length;
}

/** What vanishes, leads out or may not be read while a tree is looked at does not spoil the rest. */
export function isPassedOver(error: unknown): boolean {
  return (
    error instanceof AppError && ['PATH_NOT_FOUND', 'OUTSIDE_WORKSPACE', 'FORBIDDEN'].includes(error.code)
  );
}
