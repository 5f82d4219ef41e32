import { accessSync } from 'node:fs';
import type { ProcessLimits, ProcessStart } from '../core/processes.ts';
import { MARK, markLimit } from './remains.ts';

// Both of util-linux.
export const LIMITER = '/usr/bin/prlimit';
const SETTER = '/usr/bin/setpriv';

/** How processes are started on this machine. */
export interface Launcher {
  /** Whether limits are held. */
  readonly canLimit: boolean;
  /** Whether processes end with this one, and contained ones stay the same user's. */
  readonly canContain: boolean;
  /** What is to be started so that the process is held back, and ends when this one dies. */
  wrap(start: ProcessStart, mark: string): ProcessStart;
}

export function createLauncher(): Launcher {
  const isLinux = process.platform === 'linux';
  const canLimit = isLinux && exists(LIMITER);
  const canContain = isLinux && exists(SETTER);
  return {
    canLimit,
    canContain,
    wrap: (start, mark) => {
      const limited = canLimit ? withLimits(start, mark) : start;
      const tied = canContain ? tiedToParent(limited) : limited;
      return start.contained === true ? { ...tied, env: { ...tied.env, [MARK]: mark } } : tied;
    },
  };
}

function withLimits(start: ProcessStart, mark: string): ProcessStart {
  const options = [
    ...(start.limits === undefined ? [] : optionsOf(start.limits)),
    ...(start.contained === true ? [`--rttime=${markLimit(mark)}`] : []),
  ];
  if (options.length === 0) return start;
  return { ...start, command: LIMITER, args: [...options, '--core=0', '--', start.command, ...start.args] };
}

/** The kernel ends it with us, however we end; only itself, not what it has started. */
function tiedToParent(start: ProcessStart): ProcessStart {
  // A program that becomes another user could not be ended by us.
  const privileges = start.contained === true ? ['--no-new-privs'] : [];
  const args = [...privileges, '--pdeathsig', 'KILL', '--', start.command, ...start.args];
  return { ...start, command: SETTER, args };
}

function optionsOf({ memoryBytes, fileBytes, cpuSeconds, openFiles }: ProcessLimits): string[] {
  return [
    ...(memoryBytes === undefined ? [] : [`--data=${memoryBytes}`]),
    ...(fileBytes === undefined ? [] : [`--fsize=${fileBytes}`]),
    // A second between the signal that says why (SIGXCPU) and the end.
    ...(cpuSeconds === undefined ? [] : [`--cpu=${cpuSeconds}:${cpuSeconds + 1}`]),
    ...(openFiles === undefined ? [] : [`--nofile=${openFiles}`]),
  ];
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
