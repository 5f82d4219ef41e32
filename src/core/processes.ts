import type { ChildProcess } from 'node:child_process';

/** What holds a child process back; what is left out is not limited. */
export interface ProcessLimits {
  /** Bytes of memory of its own (`RLIMIT_DATA`). */
  readonly memoryBytes?: number;
  /** Bytes of the largest file it may write (`RLIMIT_FSIZE`). */
  readonly fileBytes?: number;
  /** Seconds of processor time (`RLIMIT_CPU`). */
  readonly cpuSeconds?: number;
  /** Files that it may have open (`RLIMIT_NOFILE`). */
  readonly openFiles?: number;
}

export interface ProcessStart {
  /** An absolute path, or a name that is looked up in `env.PATH`. */
  readonly command: string;
  readonly args: readonly string[];
  /** All of it: nothing is inherited from the service. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly limits?: ProcessLimits;
  /**
   * Whether everything that comes of it ends with it, what has left its group and its session included, and none
   * of it can become another user. Default false: what leaves the group goes on.
   */
  readonly contained?: boolean;
  /** Whether standard input is a pipe; otherwise it is empty. Default false. */
  readonly input?: boolean;
  /** Whether messages are exchanged with it as with `fork`; `structured` ones can hold bytes. Default false. */
  readonly messages?: boolean | 'structured';
  /** Open files that it inherits, as its descriptors 3, 4, … (with `messages`: 4, 5, …). */
  readonly descriptors?: readonly number[];
}

/** A child process in a group of its own, so that whatever it starts ends with it. */
export interface SupervisedProcess {
  readonly child: ChildProcess;
  /**
   * Resolves when it has ended and its output was read to the end; what somebody else still holds open two seconds
   * later is not waited for. Rejects where it could not be started.
   */
  readonly ended: Promise<{ readonly exitCode: number | undefined; readonly signal: string | undefined }>;
  /** Ends the whole group: politely first where a number of milliseconds of patience is given, else at once. */
  kill(patienceMs?: number): void;
  /** Stops the whole group for some milliseconds. On Windows it goes on. */
  rest(milliseconds: number): void;
}

/** Starts child processes that never outlive the service. */
export interface Processes {
  /** Whether limits are held on this machine; where they are not, the operator was told. */
  readonly canLimit: boolean;
  /** Whether a process ends with the service however that ends, and a contained one can become no other user. */
  readonly canContain: boolean;
  start(start: ProcessStart): SupervisedProcess;
  /** How many run now. */
  readonly running: number;
}
