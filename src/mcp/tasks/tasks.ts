import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { AppError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Principal } from '../../core/principal.ts';
import type { Store } from '../../core/store.ts';
import type { Logger } from '../../core/telemetry.ts';
import type { Tool } from '../../core/tool.ts';
import type { Answered, Answers, Questions } from '../answered.ts';
import type { CallResult } from '../call-result.ts';
import { requireUse, scopeRequired } from '../admission.ts';
import type { ToolCaller } from '../call-tool.ts';
import type { Hub } from '../hub.ts';
import { InputNeeded } from '../rounds.ts';
import type { CallOrigin } from '../call-origin.ts';
import type { Liveness } from '../sessions/liveness.ts';
import { FollowedTask, STATUS } from './followed-task.ts';
import { LETTER, RunningTask } from './running-task.ts';
import { detailed, type DetailedTask, failed, isOver, type TaskRecord } from './task-record.ts';
import { fingerprint, newTaskId, type ReceivedLetter, type TaskLifetimes, TaskStore } from './task-store.ts';

export interface TasksOptions {
  readonly tasks: {
    readonly ttlMs: number;
    readonly pollIntervalMs: number;
    readonly perPrincipal: number;
    readonly startsPerPrincipal: number;
  };
  readonly askTimeoutMs: number;
  readonly maxCallMs: number;
  readonly concurrency: { readonly queueWaitMs: number };
}

export interface TasksParts {
  readonly store: Store;
  readonly hub: Hub;
  readonly liveness: Liveness;
  readonly caller: ToolCaller;
  readonly logger: Logger;
}

/** A tool call that is to go on after its request. */
export interface TaskCall {
  readonly tool: Tool;
  readonly arguments: unknown;
  readonly origin: CallOrigin;
  /** What the client has declared with the call. */
  readonly capabilities: JsonObject;
  /** What it has answered in rounds before. */
  readonly answered: Answered;
}

/** What a call is answered with that goes on as a task (SEP-2663, "Polymorphic Results"). */
type CreatedTask = DetailedTask & { readonly resultType: 'task' };

interface Running {
  readonly subject: string;
  readonly task: RunningTask;
  ended: Promise<void>;
}

const DIED = 'The server process that ran this task has died before the task ended; start it again.';
const STOPPED = 'The server process that ran this task was stopped before the task ended; start it again.';

/**
 * Tool calls as tasks: started here or in any other process that shares the store, asked for, answered and
 * cancelled in all of them.
 */
export class Tasks {
  readonly #options: TasksOptions;
  readonly #parts: TasksParts;
  readonly #lifetimes: TaskLifetimes;
  readonly #running = new Map<string, Running>();
  #isClosed = false;

  constructor(options: TasksOptions, parts: TasksParts) {
    this.#options = options;
    this.#parts = parts;
    const { ttlMs } = options.tasks;
    // Between two changes of a task lies at most one of these.
    const longestMs = options.maxCallMs + options.askTimeoutMs + options.concurrency.queueWaitMs;
    this.#lifetimes = { running: seconds(longestMs + ttlMs), ended: seconds(ttlMs) };
  }

  /**
   * Starts the call and answers its task as soon as every process can find it. A call that cannot begin is
   * answered with the result that says why.
   *
   * @throws InputNeeded when the client has to answer before the task can begin: rounds come first
   *   (SEP-2663, "Composition with Multi Round-Trip Requests")
   */
  async start(call: TaskCall): Promise<CreatedTask | CallResult> {
    const { tool, origin } = call;
    const { caller } = this.#parts;
    if (!fits(tool, call.arguments)) return caller.call(tool, call.arguments, origin);
    try {
      requireUse(origin.principal, tool);
      await tool.askFirst?.(origin.asker, call.arguments);
      return await this.#start(call);
    } catch (error) {
      if (error instanceof InputNeeded) throw error;
      return caller.refuse(tool, origin, error);
    }
  }

  async get(principal: Principal, id: string): Promise<DetailedTask> {
    const { record, store } = await this.#find(principal, id);
    const { state } = record;
    if (state.status !== 'input_required') return detailed(record, this.#options.tasks);
    const inputRequests = unanswered(state.inputRequests, await store.letters(id, record.seen));
    const isAsking = Object.keys(inputRequests).length > 0;
    return detailed(
      record,
      this.#options.tasks,
      isAsking ? { ...state, inputRequests } : { status: 'working' },
    );
  }

  /** Hands answers to the task; those to questions that are not open are ignored. */
  async answer(principal: Principal, id: string, answers: Answers): Promise<void> {
    const { record, store } = await this.#find(principal, id);
    if (record.state.status !== 'input_required') return;
    const open = unanswered(record.state.inputRequests, await store.letters(id, record.seen));
    const wanted = Object.entries(answers).filter(([key]) => Object.hasOwn(open, key));
    if (wanted.length === 0) return;
    await store.post(id, { answers: Object.fromEntries(wanted) });
    this.#parts.hub.send({ kind: LETTER, key: id });
  }

  async cancel(principal: Principal, id: string): Promise<void> {
    const { record, store } = await this.#find(principal, id);
    if (isOver(record)) return;
    const letters = await store.letters(id, record.seen);
    if (letters.some(({ letter }) => 'cancel' in letter)) return;
    await store.post(id, { cancel: true });
    this.#parts.hub.send({ kind: LETTER, key: id });
  }

  /** Which of these the principal may ask for. */
  async known(principal: Principal, ids: readonly string[]): Promise<string[]> {
    const known: string[] = [];
    for (const id of new Set(ids)) if (await this.#isKnown(principal, id)) known.push(id);
    return known;
  }

  /** Tells how each of these tasks stands, and again whenever its status changes; answers how to stop. */
  follow(principal: Principal, ids: readonly string[], tell: (task: DetailedTask) => void): () => void {
    const { hub, logger } = this.#parts;
    const tasks = ids.map(
      (id) => new FollowedTask(id, { hub, logger, tell, look: () => this.get(principal, id) }),
    );
    return () => {
      for (const task of tasks) task.stop();
    };
  }

  /** Lets what runs end within the limit, and marks the rest as failed. */
  async drain(limitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([this.#allEnded(), limit]);
    clearTimeout(timer);
    await this.close();
  }

  /** Ends what runs, as failed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { task } of this.#running.values()) task.stop(STOPPED);
    await this.#allEnded();
  }

  async #allEnded(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #start(call: TaskCall): Promise<CreatedTask> {
    const { tool, origin, capabilities, answered } = call;
    const { hub, liveness, caller } = this.#parts;
    const { subject, permit } = origin.principal;
    this.#requireRoom(subject);
    const now = Date.now();
    const record: TaskRecord = {
      id: newTaskId(),
      runner: hub.self,
      permit: permit.id,
      scopes: tool.scopes,
      createdAt: now,
      updatedAt: now,
      state: { status: 'working' },
    };
    const store = this.#storeOf(origin.principal);
    const asking = { capabilities, answered, timeoutMs: this.#options.askTimeoutMs };
    const task = new RunningTask({ store, hub, logger: origin.logger }, record, asking);
    const running: Running = { subject, task, ended: Promise.resolve() };
    this.#running.set(record.id, running);
    let release = (): void => undefined;
    const forget = (): void => {
      this.#running.delete(record.id);
      release();
    };
    try {
      await this.#countStart(subject);
      release = await liveness.hold();
      await store.create(record);
    } catch (error) {
      forget();
      throw error;
    }
    running.ended = task.run(origin, (from) => caller.call(tool, call.arguments, from)).finally(forget);
    return { resultType: 'task', ...detailed(record, this.#options.tasks) };
  }

  #requireRoom(subject: string): void {
    if (this.#isClosed) throw new AppError('DRAINING', 'This process is ending and takes no new work.');
    const { perPrincipal } = this.#options.tasks;
    const own = [...this.#running.values()].filter((running) => running.subject === subject).length;
    if (own < perPrincipal) return;
    throw new AppError('BUSY', `${own} tasks of yours are running, which is the limit.`, {
      next: 'wait for one of them to end, or cancel one with tasks/cancel',
    });
  }

  /** What a task leaves in the store lies there for a while: so their number is bounded, over all processes. */
  async #countStart(subject: string): Promise<void> {
    const { startsPerPrincipal } = this.#options.tasks;
    const key = `mcp:task-starts:${fingerprint(subject)}`;
    const { value, expiresAt } = await this.#parts.store.increment(key, 1, this.#lifetimes.ended);
    if (value <= startsPerPrincipal) return;
    throw new AppError('BUSY', `You have started ${startsPerPrincipal} tasks lately, which is the limit.`, {
      retryAfter: Math.max(1, seconds(expiresAt - Date.now())),
    });
  }

  /**
   * @throws ProtocolError −32602 for what is not a task of this principal
   * @throws AppError `SCOPE_REQUIRED` when it may no longer do what the task does
   */
  async #find(principal: Principal, id: string): Promise<{ record: TaskRecord; store: TaskStore }> {
    const store = this.#storeOf(principal);
    const found = await store.find(id);
    const record = found === undefined ? undefined : await this.#upToDate(store, found);
    if (record?.permit !== principal.permit.id) {
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        'Unknown task: there is none with this id, or it is not kept any longer',
      );
    }
    if (!principal.scopes.hasAll(record.scopes)) throw scopeRequired(record, principal.scopes);
    return { record, store };
  }

  async #isKnown(principal: Principal, id: string): Promise<boolean> {
    try {
      await this.#find(principal, id);
      return true;
    } catch (error) {
      if (error instanceof ProtocolError || (error instanceof AppError && error.code === 'SCOPE_REQUIRED')) {
        return false;
      }
      throw error;
    }
  }

  /** A task whose process has died will not say so itself. */
  async #upToDate(store: TaskStore, record: TaskRecord): Promise<TaskRecord | undefined> {
    if (isOver(record) || (await this.#isRun(record))) return record;
    const dead = failed(record, DIED);
    // Where this fails, the record has changed since: it has ended, or somebody else has noticed.
    if (!(await store.replace(record, dead))) return store.find(record.id);
    this.#parts.hub.send({ kind: STATUS, key: record.id });
    return dead;
  }

  #isRun({ id, runner }: TaskRecord): Promise<boolean> {
    const { hub, liveness } = this.#parts;
    return runner === hub.self ? Promise.resolve(this.#running.has(id)) : liveness.isAlive(runner);
  }

  #storeOf(principal: Principal): TaskStore {
    return new TaskStore(this.#parts.store, principal, this.#lifetimes);
  }
}

function fits(tool: Tool, rawArguments: unknown): boolean {
  try {
    tool.bind(rawArguments);
    return true;
  } catch {
    return false;
  }
}

function unanswered(questions: Questions, letters: readonly ReceivedLetter[]): Questions {
  const answered = new Set(
    letters.flatMap(({ letter }) => ('answers' in letter ? Object.keys(letter.answers) : [])),
  );
  return Object.fromEntries(Object.entries(questions).filter(([key]) => !answered.has(key)));
}

function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}
