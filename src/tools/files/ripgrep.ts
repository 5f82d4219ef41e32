import { AppError } from '../../core/errors.ts';
import type { Processes, SupervisedProcess } from '../../core/processes.ts';
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
  /** Whether it runs beside another one of the same call, in that one's place. Default false. */
  readonly isBeside?: boolean;
  /** Gets the output as it comes; answering false ends the process, a number lets it rest for so many milliseconds. */
  onOutput(chunk: Buffer): boolean | number;
}

export interface RipgrepEnd {
  /** `finished` by itself, `stopped` by who listens, or `expired` after its patience. */
  readonly how: 'finished' | 'stopped' | 'expired';
  /** Why it did not do its work; undefined where it did, but for what vanished or may not be read. */
  readonly complaint: string | undefined;
  /** Whether that is its bound of memory: it keeps whole lines there. */
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
// Its exit codes: 0 where something was found, 1 where nothing was, and this one.
const FAILED = 2;
// A file of one long line makes ripgrep take several times its size.
const MAX_MEMORY_BYTES = 512 * 1024 * 1024;
const OUT_OF_MEMORY = /^memory allocation of \d+ bytes failed/m;

/** How a child process names the file that it inherits as one of its `descriptors`. */
export function inheritedPath(index: number): string {
  return `${process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd'}/${index + 3}`;
}

/** The bundled search program, as child processes that are bounded in number and end with the call. */
export class Ripgrep {
  readonly #processes: Processes;
  readonly #slots: Slots;
  readonly #locate: () => Promise<string>;
  #program: Promise<string> | undefined;
  #version: Promise<string> | undefined;

  /** @param locate Where the program is; by default in the package that brings it. */
  constructor(processes: Processes, slots: Slots, locate = locateProgram) {
    this.#processes = processes;
    this.#slots = slots;
    this.#locate = locate;
  }

  /** For example `15.0.0`. Rejects with `SOURCE_UNAVAILABLE` where there is no program for this platform. */
  version(): Promise<string> {
    return (this.#version ??= this.#askVersion());
  }

  /**
   * @throws AppError `SOURCE_UNAVAILABLE` where the program is missing, or somebody else has ended it; `BUSY` when
   *   too many wait for it; the signal's reason when that aborts
   */
  async run(run: RipgrepRun): Promise<RipgrepEnd> {
    const command = await (this.#program ??= this.#locate());
    const release = run.isBeside === true ? undefined : await this.#slots.acquire(run.signal);
    try {
      run.signal.throwIfAborted();
      return await follow(this.#start(command, run), run);
    } finally {
      release?.();
    }
  }

  #start(command: string, { args, cwd, descriptors = [] }: RipgrepRun): SupervisedProcess {
    return this.#processes.start({
      command,
      args: [...ALWAYS, ...args],
      env: {},
      ...(cwd === undefined ? {} : { cwd }),
      limits: { memoryBytes: MAX_MEMORY_BYTES },
      descriptors,
    });
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

type Ended = Awaited<SupervisedProcess['ended']>;

interface Progress {
  how: RipgrepEnd['how'];
  /** Why it is ended, where that is an error. */
  failure: Error | undefined;
  complaint: string;
}

async function follow(supervised: SupervisedProcess, run: RipgrepRun): Promise<RipgrepEnd> {
  const progress: Progress = { how: 'finished', failure: undefined, complaint: '' };
  const end = (how: RipgrepEnd['how'], cause?: Error): void => {
    progress.how = how;
    progress.failure ??= cause;
    supervised.kill();
  };
  const abort = (): void => {
    end('stopped', run.signal.reason as Error);
  };
  const timer =
    run.patienceMs === undefined ? undefined : setTimeout(end, run.patienceMs, 'expired' as const);
  run.signal.addEventListener('abort', abort, { once: true });
  supervised.child.stdout?.on('data', (chunk: Buffer) => {
    if (progress.how !== 'finished') return;
    try {
      const answer = run.onOutput(chunk);
      if (answer === false) end('stopped');
      else if (answer !== true) supervised.rest(answer);
    } catch (error) {
      end('stopped', error as Error);
    }
  });
  supervised.child.stderr?.on('data', (chunk: Buffer) => {
    progress.complaint = (progress.complaint + chunk.toString()).slice(0, MAX_COMPLAINT);
  });
  try {
    const ended = await supervised.ended.catch((cause: unknown) => {
      throw progress.failure ?? unavailable(cause);
    });
    if (progress.failure !== undefined) throw progress.failure;
    return endOf(progress, ended);
  } finally {
    clearTimeout(timer);
    run.signal.removeEventListener('abort', abort);
  }
}

function endOf({ how, complaint }: Progress, { exitCode, signal }: Ended): RipgrepEnd {
  if (how !== 'finished') return { how, complaint: undefined, isOutOfMemory: false };
  const isOutOfMemory = OUT_OF_MEMORY.test(complaint);
  if (signal !== undefined && !isOutOfMemory) throw interrupted(signal);
  const words = complaint.replace(/^rg: /gm, '').trim();
  // What starts it says so when it cannot.
  if (exitCode !== undefined && exitCode > FAILED) throw unavailable(new Error(`${exitCode}: ${words}`));
  const hasFailed = isOutOfMemory || (exitCode === FAILED && words !== '');
  return { how, complaint: hasFailed ? words : undefined, isOutOfMemory };
}

async function locateProgram(): Promise<string> {
  try {
    return (await import('@vscode/ripgrep')).rgPath;
  } catch (cause) {
    throw unavailable(cause);
  }
}

/** For a complaint that no argument of the caller explains: what was told by then is not all. */
export function failed(complaint: string): AppError {
  return new AppError('SOURCE_UNAVAILABLE', 'The search failed on this server.', {
    cause: new Error(complaint),
    next: 'search or list a smaller part, with a narrower path or a glob',
  });
}

function interrupted(signal: string): AppError {
  return new AppError('SOURCE_UNAVAILABLE', 'The search was broken off on this server.', {
    cause: new Error(`ripgrep was ended by ${signal}`),
    next: 'call again',
  });
}

function unavailable(cause: unknown): AppError {
  return new AppError('SOURCE_UNAVAILABLE', 'Searching and listing are not available on this server.', {
    cause,
    next: 'tell the operator that the ripgrep program is missing or cannot be started',
  });
}
