/** How a run stands. All but the first are ends. */
export type RunStatus =
  | 'running'
  /** Exit code 0. */
  | 'succeeded'
  /** Another exit code, or a signal. */
  | 'failed'
  | 'timed_out'
  | 'cancelled'
  /** It printed more than it may. */
  | 'output_limit'
  /** The server was stopped. */
  | 'interrupted'
  /** The process of the server that ran it is gone. */
  | 'lost';

/** Why a run is ended before it has ended by itself. */
export type EndReason = Extract<RunStatus, 'timed_out' | 'cancelled' | 'output_limit' | 'interrupted'>;

/** So much of a line is shown. */
export const MAX_LINE_CHARACTERS = 2000;

export interface RunProgress {
  readonly done: number;
  readonly total?: number;
  readonly message?: string;
}

/** The lines that are at hand: all of them, or the first and the last. */
export interface OutputExcerpt {
  readonly head: string;
  /** Undefined as long as `head` is all of it. */
  readonly tail?: string;
  /** All that there were, one that is not yet complete among them. */
  readonly lines: number;
  readonly bytes: number;
}

/** A run as it lies in the store. Only the process that runs it writes there. */
export interface RunRecord {
  readonly id: string;
  readonly job: string;
  readonly status: RunStatus;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly progress?: RunProgress;
  readonly output: OutputExcerpt;
  /** The virtual path of the whole output, where an answer cannot show all of it. */
  readonly file?: string;
}

export function isOver({ status }: RunRecord): boolean {
  return status !== 'running';
}
