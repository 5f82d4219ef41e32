import { type ChildProcess, spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { AppError } from '../../core/errors.ts';
import type { Slots } from '../../core/slots.ts';

export interface RipgrepRun {
  /** Works below this folder, best a descriptor's path. */
  readonly cwd?: string;
  readonly args: readonly string[];
  /** Open files that the process inherits, as its descriptors 3, 4, … */
  readonly descriptors?: readonly number[];
  readonly signal: AbortSignal;
  /** Milliseconds after which it is ended without that being an error. */
  readonly patienceMs?: number;
  /** Gets the output as it comes; answering false ends the process. */
  onOutput(chunk: Buffer): boolean;
}

export interface RipgrepEnd {
  /** `finished` by itself, `stopped` by who listens, or `expired` after its patience. */
  readonly how: 'finished' | 'stopped' | 'expired';
  /** 0: something found, 1: nothing found, 2: something went wrong. Only of what finished. */
  readonly exitCode: number;
  /** What it said of errors, without places of the machine. */
  readonly complaint: string;
  /** Whether it was stopped by its bound of memory: it keeps whole lines there. */
  readonly isOutOfMemory: boolean;
}

// Nothing outside of the workspace steers it: no configuration file, no ignore files of parent folders, of
// the account or of git's own folder. Hidden files are files; what must stay hidden is on the deny list.
const ALWAYS = [
  '--no-config',
  '--no-messages',
  '--color=never',
  '--hidden',
  '--no-follow',
  '--no-require-git',
  '--no-ignore-global',
  '--no-ignore-parent',
  '--no-ignore-exclude',
];
const MAX_COMPLAINT = 4000;
// Both of util-linux. A file of one long line makes ripgrep take several times its size; where these are missing,
// nothing holds it back, and it outlives a server that is killed.
const MAX_MEMORY_BYTES = 512 * 1024 * 1024;
const WRAPPERS: readonly (readonly [program: string, ...args: string[]])[] = [
  ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'],
  ['/usr/bin/prlimit', `--data=${MAX_MEMORY_BYTES}`, '--'],
];

interface Program {
  readonly command: string;
  readonly prefix: readonly string[];
}

/** How a child process names the file that it inherits as one of its `descriptors`. */
export function inheritedPath(index: number): string {
  return `${process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd'}/${index + 3}`;
}

/** The bundled search program, as child processes that are bounded in number and end with the call. */
export class Ripgrep {
  readonly #slots: Slots;
  readonly #running = new Set<ChildProcess>();
  #program: Promise<Program> | undefined;
  #version: Promise<string> | undefined;

  constructor(slots: Slots) {
    this.#slots = slots;
  }

  /** Processes that run now. */
  get running(): number {
    return this.#running.size;
  }

  /** For example `15.0.0`. Rejects with `SOURCE_UNAVAILABLE` where there is no program for this platform. */
  version(): Promise<string> {
    return (this.#version ??= this.#askVersion());
  }

  /**
   * @throws AppError `SOURCE_UNAVAILABLE` where the program is missing, `BUSY` when too many wait for it;
   *   the signal's reason when that aborts
   */
  async run(run: RipgrepRun): Promise<RipgrepEnd> {
    const program = await (this.#program ??= locateProgram());
    const release = await this.#slots.acquire(run.signal);
    try {
      run.signal.throwIfAborted();
      return await this.#supervise(program, run);
    } finally {
      release();
    }
  }

  close(): void {
    for (const child of this.#running) kill(child);
  }

  #supervise(program: Program, run: RipgrepRun): Promise<RipgrepEnd> {
    const child = this.#start(program, run);
    let how: RipgrepEnd['how'] = 'finished';
    let complaint = '';
    let failure: Error | undefined;
    const end = (reason: RipgrepEnd['how'], cause?: Error): void => {
      how = reason;
      failure ??= cause;
      kill(child);
    };
    const abort = (): void => {
      end('stopped', run.signal.reason as Error);
    };
    const timer =
      run.patienceMs === undefined ? undefined : setTimeout(end, run.patienceMs, 'expired' as const);
    run.signal.addEventListener('abort', abort, { once: true });
    child.stdout?.on('data', (chunk: Buffer) => {
      if (how !== 'finished') return;
      try {
        if (!run.onOutput(chunk)) end('stopped');
      } catch (error) {
        end('stopped', error as Error);
      }
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(0, MAX_COMPLAINT);
    });
    return new Promise((resolve, reject) => {
      const settle = (exitCode: number, cause: Error | undefined): void => {
        this.#running.delete(child);
        clearTimeout(timer);
        run.signal.removeEventListener('abort', abort);
        if (cause !== undefined) reject(cause);
        else resolve({ how, exitCode, ...read(complaint) });
      };
      child.on('error', (cause) => {
        settle(2, failure ?? unavailable(cause));
      });
      child.on('close', (code) => {
        settle(code ?? 2, failure);
      });
    });
  }

  #start(program: Program, run: RipgrepRun): ChildProcess {
    const child = spawn(program.command, [...program.prefix, ...ALWAYS, ...run.args], {
      ...(run.cwd === undefined ? {} : { cwd: run.cwd }),
      stdio: ['ignore', 'pipe', 'pipe', ...(run.descriptors ?? [])],
      env: {},
      // A group of its own, so that whatever it starts ends with it.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    this.#running.add(child);
    return child;
  }

  async #askVersion(): Promise<string> {
    let said = '';
    await this.run({
      args: ['--version'],
      signal: new AbortController().signal,
      patienceMs: 10_000,
      onOutput: (chunk) => {
        said += chunk.toString();
        return true;
      },
    });
    return /^ripgrep (\S+)/.exec(said)?.[1] ?? 'unknown';
  }
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

function read(complaint: string): Pick<RipgrepEnd, 'complaint' | 'isOutOfMemory'> {
  return {
    complaint: complaint.replace(/^rg: /gm, '').trim(),
    isOutOfMemory: /^memory allocation of \d+ bytes failed/m.test(complaint),
  };
}

async function locateProgram(): Promise<Program> {
  const wrappers = await Promise.all(
    WRAPPERS.map(async (wrapper) =>
      access(wrapper[0]).then(
        () => wrapper,
        () => [],
      ),
    ),
  );
  try {
    const { rgPath } = await import('@vscode/ripgrep');
    const [command, ...prefix] = [...wrappers.flat(), rgPath];
    return { command, prefix };
  } catch (cause) {
    throw unavailable(cause);
  }
}

function unavailable(cause: unknown): AppError {
  return new AppError('SOURCE_UNAVAILABLE', 'Searching and listing are not available on this server.', {
    cause,
    next: 'tell the operator that the ripgrep program is missing or cannot be started',
  });
}
