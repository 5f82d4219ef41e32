import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import type { ProcessStart, SupervisedProcess } from '../core/processes.ts';

type End = Awaited<SupervisedProcess['ended']>;

/** How long output is still read that something else than the ended process holds open. */
const OUTPUT_PATIENCE_MS = 2000;

/** @param endRemains Ends what has left the group, once the process itself has ended. */
export function supervise(start: ProcessStart, endRemains?: () => Promise<void>): SupervisedProcess {
  const child = spawnChild(start);
  let patience: NodeJS.Timeout | undefined;
  let waking: NodeJS.Timeout | undefined;
  let patientUntil = Infinity;
  let remains: Promise<void> | undefined;
  // Afterwards its number can be somebody else's.
  let hasExited = false;
  child.once('exit', () => {
    hasExited = true;
    clearTimeout(patience);
    clearTimeout(waking);
    // What it has left behind goes with it.
    signalGroup(child, 'SIGKILL');
    remains = endRemains?.();
  });
  const ended = endOf(child).then(async (end) => {
    await remains;
    return end;
  });
  // Whoever cares looks at it; a process whose end nobody awaits is no fault of the service.
  ended.catch(() => undefined);
  return {
    child,
    ended,
    kill: (patienceMs) => {
      if (hasExited) return;
      if (patienceMs === undefined) {
        signalGroup(child, 'SIGKILL');
        return;
      }
      signalGroup(child, 'SIGTERM');
      // Asked again, it is the shorter patience that counts.
      const until = performance.now() + patienceMs;
      if (until >= patientUntil) return;
      patientUntil = until;
      clearTimeout(patience);
      patience = setTimeout(() => {
        signalGroup(child, 'SIGKILL');
      }, patienceMs);
    },
    rest: (milliseconds) => {
      if (hasExited || process.platform === 'win32') return;
      signalGroup(child, 'SIGSTOP');
      clearTimeout(waking);
      waking = setTimeout(() => {
        signalGroup(child, 'SIGCONT');
      }, milliseconds);
    },
  };
}

function spawnChild(start: ProcessStart): ChildProcess {
  const { command, args, env, cwd, input = false, messages = false, descriptors = [] } = start;
  const stdio: StdioOptions = [input ? 'pipe' : 'ignore', 'pipe', 'pipe'];
  return spawn(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    stdio: [...stdio, ...(messages === false ? [] : (['ipc'] as const)), ...descriptors],
    serialization: messages === 'structured' ? 'advanced' : 'json',
    env,
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
}

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve, reject) => {
    let reading: NodeJS.Timeout | undefined;
    child.once('error', reject);
    child.once('exit', () => {
      reading = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, OUTPUT_PATIENCE_MS);
    });
    child.once('close', (code, signal) => {
      clearTimeout(reading);
      resolve({ exitCode: code ?? undefined, signal: signal ?? undefined });
    });
  });
}

/** The group outlives its first process for as long as one of its members runs. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // All of it has ended.
  }
}
