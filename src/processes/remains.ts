import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** What contained processes carry in their environment, and whatever they start inherits. */
export const MARK = 'FAIRLEAD_MARK';

// A mark as a number begins with those of its prefix.
const COUNT_BITS = 24n;
const BEYOND_REACH = 1n << 60n;
const LIMIT = /^Max realtime timeout +(\d+)/m;

/** A mark whose prefix is a UUID: all marks of a process of the server begin so. */
export function markOf(prefix: string, count: number): string {
  return `${prefix}${count}.`;
}

/**
 * The same mark as a limit that nothing comes near (`RLIMIT_RTTIME`, microseconds), which a process cannot raise.
 * It stays with those that empty their environment or forbid to look at it, as agents that hold keys do.
 */
export function markLimit(mark: string): bigint {
  return baseOf(mark) + BigInt(/-(\d+)\.$/.exec(mark)?.[1] ?? 0);
}

function baseOf(prefix: string): bigint {
  return BEYOND_REACH + (BigInt(`0x${prefix.slice(0, 8)}`) << COUNT_BITS);
}

// A process that forks without end is stopped at some round: those that are stopped fork no more.
const MAX_ROUNDS = 200;
/** A process that was killed is not gone at once. */
const PAUSE_MS = 5;

/**
 * Ends every process whose mark begins so, whatever group and session it is in, and resolves when they are gone.
 * They are all stopped before the first is ended: none can start another one meanwhile. Where there is no `/proc`
 * nothing is found.
 */
export async function endMarked(prefix: string): Promise<void> {
  const found = new Set<number>();
  let marked = await findMarked(prefix);
  for (let round = 0; round < MAX_ROUNDS && marked.some((pid) => !found.has(pid)); round++) {
    for (const pid of marked) {
      found.add(pid);
      signal(pid, 'SIGSTOP');
    }
    marked = await findMarked(prefix);
  }
  for (const pid of found) signal(pid, 'SIGKILL');
  for (let round = 0; round < MAX_ROUNDS && marked.length > 0; round++) {
    await delay(PAUSE_MS);
    marked = await findMarked(prefix);
    for (const pid of marked) signal(pid, 'SIGKILL');
  }
}

async function findMarked(prefix: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const isMarked = await Promise.all(
    pids.map(async (pid) => {
      // Unreadable: somebody else's, ended, or one that forbids it.
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      return `\0${environment}`.includes(`\0${MARK}=${prefix}`) || (await isLimited(pid, prefix));
    }),
  );
  return pids.filter((pid, index) => pid !== process.pid && isMarked[index] === true);
}

/** Whether the process, which can be anybody's, carries the mark as a limit. */
async function isLimited(pid: number, prefix: string): Promise<boolean> {
  const limits = await readFile(`/proc/${pid}/limits`, 'latin1').catch(() => '');
  const limit = BigInt(LIMIT.exec(limits)?.[1] ?? 0);
  const isMeant = prefix.endsWith('.')
    ? limit === markLimit(prefix)
    : limit >> COUNT_BITS === baseOf(prefix) >> COUNT_BITS;
  // What has ended keeps its limits until its parent has taken note.
  return isMeant && !/\) [ZX] [^)]*$/.test(await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ') X '));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}
