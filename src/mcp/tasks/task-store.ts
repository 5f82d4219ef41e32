import { createHash, randomBytes } from 'node:crypto';
import type { JsonObject } from '../../core/json.ts';
import type { Principal } from '../../core/principal.ts';
import type { Store } from '../../core/store.ts';
import { isOver, type TaskRecord } from './task-record.ts';

/** What whoever answers or cancels a task writes to the process that runs it. */
export type Letter = { readonly cancel: true } | { readonly answers: JsonObject };

export interface ReceivedLetter {
  readonly id: string;
  readonly letter: Letter;
}

/** Seconds that a record lives after a change: of a task that runs, and of one that has ended. */
export interface TaskLifetimes {
  readonly running: number;
  readonly ended: number;
}

// A client can answer each open question once and cancel once; what is more are repetitions.
const MAX_LETTERS = 1000;
const ID_BYTES = 24;
const ID = /^[A-Za-z0-9_-]{32}$/;

/** Unguessable (SEP-2663, "Task ID unguessability"). */
export function newTaskId(): string {
  return randomBytes(ID_BYTES).toString('base64url');
}

/** Hashed, as strangers choose the names of subjects and clients at any length. */
export function fingerprint(...names: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(names)).digest('base64url');
}

/**
 * The tasks of one owner: a subject through a client. The owner is part of every key, so that somebody else's
 * task is as unknown as one that never was.
 */
export class TaskStore {
  readonly #store: Store;
  readonly #owner: string;
  readonly #lifetimes: TaskLifetimes;

  constructor(store: Store, { subject, clientId }: Principal, lifetimes: TaskLifetimes) {
    this.#store = store;
    this.#owner = fingerprint(subject, clientId);
    this.#lifetimes = lifetimes;
  }

  async find(id: string): Promise<TaskRecord | undefined> {
    if (!ID.test(id)) return undefined;
    const stored = await this.#store.get(this.#key(id));
    return stored === undefined ? undefined : (JSON.parse(stored) as TaskRecord);
  }

  async create(record: TaskRecord): Promise<void> {
    await this.#store.put(this.#key(record.id), JSON.stringify(record), this.#lifetimes.running);
  }

  /**
   * Replaces exactly this record by the next; whether it did. A replacement that was made although the store
   * failed to say so counts.
   */
  async replace(previous: TaskRecord, next: TaskRecord): Promise<boolean> {
    const key = this.#key(next.id);
    const value = JSON.stringify(next);
    const lifetime = isOver(next) ? this.#lifetimes.ended : this.#lifetimes.running;
    if (await this.#store.swap(key, JSON.stringify(previous), value, lifetime)) return true;
    return (await this.#store.get(key)) === value;
  }

  async post(id: string, letter: Letter): Promise<void> {
    const bounds = { lifetime: this.#lifetimes.running, maxLength: MAX_LETTERS };
    await this.#store.append(this.#inbox(id), JSON.stringify(letter), bounds);
  }

  /** Those after the one with this id, oldest first. */
  async letters(id: string, after: string | undefined): Promise<ReceivedLetter[]> {
    const events = await this.#store.readAfter(this.#inbox(id), after, MAX_LETTERS);
    return events.map((event) => ({ id: event.id, letter: JSON.parse(event.value) as Letter }));
  }

  #key(id: string): string {
    return `mcp:task:${this.#owner}:${id}`;
  }

  #inbox(id: string): string {
    return `mcp:task-inbox:${this.#owner}:${id}`;
  }
}
