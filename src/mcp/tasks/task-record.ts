import type { JsonObject } from '../../core/json.ts';
import type { Scope } from '../../core/scopes.ts';
import type { Questions } from '../answered.ts';
import type { CallResult } from '../call-result.ts';

/** Where a task stands, with what belongs to its status (SEP-2663, "Task Status"). */
export type TaskState =
  | { readonly status: 'working' | 'cancelled' }
  | { readonly status: 'input_required'; readonly inputRequests: Questions }
  | { readonly status: 'completed'; readonly result: CallResult & { readonly resultType: 'complete' } }
  | { readonly status: 'failed'; readonly error: TaskError };

/** JSON-RPC 2.0 §5.1. */
export interface TaskError {
  readonly code: number;
  readonly message: string;
  readonly data?: JsonObject;
}

/** A task as it lies in the store. Only the process that runs it writes there, unless that has died. */
export interface TaskRecord {
  readonly id: string;
  /** The process that runs it. */
  readonly runner: string;
  /** The id of the permit that it was started under: for whom another decides it is unknown. */
  readonly permit: string;
  /** What its caller was granted for it, and whoever asks for it still has to be. */
  readonly scopes: readonly Scope[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The last letter that has been read. */
  readonly seen?: string;
  readonly message?: string | undefined;
  readonly state: TaskState;
}

export interface TaskTimes {
  /** Milliseconds that a task is kept after its end. */
  readonly ttlMs: number;
  readonly pollIntervalMs: number;
}

/** A task as clients see it. */
export type DetailedTask = TaskState & {
  readonly taskId: string;
  readonly statusMessage?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  /** From `createdAt`. */
  readonly ttlMs: number;
  readonly pollIntervalMs: number;
};

// JSON-RPC 2.0 §5.1.
const INTERNAL_ERROR = -32603;

export function isOver({ state }: TaskRecord): boolean {
  return state.status !== 'working' && state.status !== 'input_required';
}

/** The record of a task that could not be brought to its end. */
export function failed(record: TaskRecord, message: string, data?: JsonObject): TaskRecord {
  const error = { code: INTERNAL_ERROR, message, ...(data === undefined ? {} : { data }) };
  return { ...record, updatedAt: Date.now(), message, state: { status: 'failed', error } };
}

/** @param state what to show, where more is known than stands in the record */
export function detailed(
  record: TaskRecord,
  times: TaskTimes,
  state: TaskState = record.state,
): DetailedTask {
  const { id, createdAt, updatedAt, message } = record;
  // The time counts from the end, and as long as a task runs that has not come.
  const keptFrom = isOver(record) ? updatedAt : Math.max(Date.now(), updatedAt);
  return {
    taskId: id,
    ...state,
    ...(message === undefined ? {} : { statusMessage: message }),
    createdAt: new Date(createdAt).toISOString(),
    lastUpdatedAt: new Date(updatedAt).toISOString(),
    ttlMs: keptFrom - createdAt + times.ttlMs,
    pollIntervalMs: times.pollIntervalMs,
  };
}
