import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../core/telemetry.ts';
import type { TaskRecord } from './task-record.ts';
import type { TaskStore } from './task-store.ts';

export interface WriterEvents {
  /** Others can see another state of the task. */
  stateStored(): void;
  /** The task is no longer this process's own: others took this one for dead. */
  lost(): void;
}

type Writable = Pick<TaskStore, 'replace'>;

const RETRY_MS = 1000;

/**
 * Brings the record of a running task into the store: always the newest, one write at a time. What the store
 * does not take is tried again, as a result that is not written is lost.
 */
export class RecordWriter {
  readonly #store: Writable;
  readonly #logger: Logger;
  readonly #on: WriterEvents;
  #stored: TaskRecord;
  #wanted: TaskRecord;
  #writing: Promise<void> | undefined;
  #isClosing = false;
  #isLost = false;

  constructor(store: Writable, record: TaskRecord, logger: Logger, on: WriterEvents) {
    this.#store = store;
    this.#stored = record;
    this.#wanted = record;
    this.#logger = logger;
    this.#on = on;
  }

  /** Resolves when this record or a newer one is stored, or never can be. */
  async write(record: TaskRecord): Promise<void> {
    this.#wanted = record;
    if (this.#isLost || record === this.#stored) return;
    await (this.#writing ??= this.#writeAll());
  }

  /** From now on each record is tried once. */
  close(): void {
    this.#isClosing = true;
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#wanted !== this.#stored && !this.#isLost) {
        if (await this.#writeOnce(this.#wanted)) continue;
        if (this.#isClosing) return;
        await delay(RETRY_MS, undefined, { ref: false });
      }
    } finally {
      this.#writing = undefined;
    }
  }

  /** Whether the store was heard. */
  async #writeOnce(next: TaskRecord): Promise<boolean> {
    try {
      if (await this.#store.replace(this.#stored, next)) {
        const isOther = next.state !== this.#stored.state;
        this.#stored = next;
        if (isOther) this.#on.stateStored();
      } else {
        this.#isLost = true;
        this.#on.lost();
      }
      return true;
    } catch (error) {
      this.#logger.warn({ err: error, task: next.state.status }, 'the state of a task could not be stored');
      return false;
    }
  }
}
