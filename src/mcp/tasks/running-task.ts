import { AppError } from '../../core/errors.ts';
import type { Logger } from '../../core/telemetry.ts';
import { type CallResult, renderError } from '../call-result.ts';
import type { Hub } from '../hub.ts';
import type { CallOrigin } from '../call-origin.ts';
import { STATUS } from './followed-task.ts';
import { RecordWriter } from './record-writer.ts';
import { type TaskAsking, TaskQuestions } from './task-questions.ts';
import { failed, type TaskRecord, type TaskState } from './task-record.ts';
import type { TaskStore } from './task-store.ts';

/** Kind of the hints that a letter has been posted; the key is the task's id. */
export const LETTER = 'task-letter';

export interface RunningTaskParts {
  readonly store: TaskStore;
  readonly hub: Hub;
  readonly logger: Logger;
}

const LOOK_EVERY_MS = 1000;
const PROGRESS_EVERY_MS = 1000;
const MAX_MESSAGE_LENGTH = 500;
/** Of a result, as JSON. */
const MAX_RESULT_BYTES = 4_194_304;

/** A task in the process that runs it. */
export class RunningTask {
  readonly #parts: RunningTaskParts;
  readonly #questions: TaskQuestions;
  readonly #writer: RecordWriter;
  readonly #cancelListeners = new Set<() => void>();
  #record: TaskRecord;
  #progressTimer: NodeJS.Timeout | undefined;
  #isReading = false;
  #hasUnread = false;
  #isCancelled = false;
  #stopReason: string | undefined;

  constructor(parts: RunningTaskParts, record: TaskRecord, asking: TaskAsking) {
    this.#parts = parts;
    this.#record = record;
    this.#writer = new RecordWriter(parts.store, record, parts.logger, {
      stateStored: () => {
        parts.hub.send({ kind: STATUS, key: record.id });
      },
      lost: () => {
        this.#cancel();
      },
    });
    this.#questions = new TaskQuestions(asking, () => {
      this.#showQuestions();
    });
  }

  /** Does the work and resolves when its end is stored. */
  async run(origin: CallOrigin, work: (origin: CallOrigin) => Promise<CallResult>): Promise<void> {
    const { hub, logger } = this.#parts;
    const release = hub.on(LETTER, this.#record.id, () => {
      this.#read();
    });
    const reading = setInterval(() => {
      this.#read();
    }, LOOK_EVERY_MS);
    // What fails is told by the result; should anything else fail, the task must not stay open for ever.
    const result = await work(this.#originOf(origin)).catch((error: unknown) => {
      logger.error({ err: error }, 'task failed');
      return renderError(error, origin.requestId);
    });
    release();
    clearInterval(reading);
    clearTimeout(this.#progressTimer);
    this.#questions.end(new AppError('CANCELLED', 'The task has ended.'));
    await this.#writer.write(this.#ended(result, origin.requestId));
  }

  /** Ends the task at once; it is then shown as failed for this reason. */
  stop(reason: string): void {
    this.#stopReason = reason;
    this.#writer.close();
    this.#cancel();
  }

  /** The work outlives the request that started it, and has no stream to tell anything on. */
  #originOf(origin: CallOrigin): CallOrigin {
    return {
      ...origin,
      asker: this.#questions,
      onProgress: (done, total, message) => {
        this.#progress(done, total, message);
      },
      onLog: () => undefined,
      onCancel: (listener) => {
        if (this.#isCancelled) listener();
        this.#cancelListeners.add(listener);
        return () => {
          this.#cancelListeners.delete(listener);
        };
      },
    };
  }

  #progress(done: number, total?: number, message?: string): void {
    const count = total === undefined ? String(done) : `${done} of ${total}`;
    const text = message === undefined ? count : `${message} (${count})`;
    this.#record = { ...this.#record, updatedAt: Date.now(), message: text.slice(0, MAX_MESSAGE_LENGTH) };
    this.#progressTimer ??= setTimeout(() => {
      this.#progressTimer = undefined;
      void this.#writer.write(this.#record);
    }, PROGRESS_EVERY_MS);
  }

  #showQuestions(): void {
    const inputRequests = this.#questions.open;
    const isAsking = Object.keys(inputRequests).length > 0;
    const state: TaskState = isAsking ? { status: 'input_required', inputRequests } : { status: 'working' };
    this.#record = { ...this.#record, updatedAt: Date.now(), state };
    void this.#writer.write(this.#record);
  }

  /** Reads what has been posted since; a hint that comes meanwhile makes it read again. */
  #read(): void {
    this.#hasUnread = true;
    if (!this.#isReading) void this.#readAll();
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    while (this.#hasUnread) {
      this.#hasUnread = false;
      try {
        await this.#readNew();
      } catch (error) {
        this.#parts.logger.debug({ err: error }, 'what was posted to a task could not be read');
      }
    }
    this.#isReading = false;
  }

  async #readNew(): Promise<void> {
    for (const { id, letter } of await this.#parts.store.letters(this.#record.id, this.#record.seen)) {
      this.#record = { ...this.#record, seen: id };
      if ('cancel' in letter) this.#cancel();
      else this.#questions.accept(letter.answers);
    }
  }

  #cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    for (const listener of [...this.#cancelListeners]) listener();
    this.#questions.end(new AppError('CANCELLED', 'The task was cancelled.'));
  }

  #ended(result: CallResult, requestId: string): TaskRecord {
    if (this.#stopReason !== undefined) return failed(this.#record, this.#stopReason);
    const record = { ...this.#record, updatedAt: Date.now(), message: undefined };
    const code = result._meta?.['code'];
    if (this.#isCancelled && code === 'CANCELLED') {
      return { ...record, message: 'Cancelled by its client.', state: { status: 'cancelled' } };
    }
    // What the server itself failed at is no answer of the tool ("Task Execution Errors").
    if (code === 'INTERNAL') {
      return failed(record, String(result._meta?.['message']), { code, request_id: requestId });
    }
    // As the call itself would have been answered ("Task Execution Errors").
    const complete = { ...withinBounds(result, requestId), resultType: 'complete' as const };
    return { ...record, state: { status: 'completed', result: complete } };
  }
}

function withinBounds(result: CallResult, requestId: string): CallResult {
  const bytes = Buffer.byteLength(JSON.stringify(result));
  if (bytes <= MAX_RESULT_BYTES) return result;
  const error = new AppError(
    'BODY_TOO_LARGE',
    `The result has ${bytes} bytes; of a task at most ${MAX_RESULT_BYTES} are kept.`,
    { next: 'ask for less at a time' },
  );
  return renderError(error, requestId);
}
