import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../../core/errors.ts';
import { callText } from '../../../core/phrases.ts';
import type { Principal } from '../../../core/principal.ts';
import type { Store } from '../../../core/store.ts';
import type { JobOptions } from '../declaration/declaration.ts';
import { isOver, type RunRecord } from './run-record.ts';
import { CANCEL_CHANNEL, newRunId } from './run-store.ts';
import { RunningJob, type RunParts } from './running-job.ts';
import {
  findProgram,
  makeRunFolder,
  obstacleOf,
  removeForsakenFolders,
  type RunFolder,
} from './surroundings.ts';

export interface RunsOptions {
  readonly maxRuns: number;
  readonly runsPerPrincipal: number;
}

const BUSY_SECONDS = 5;
const POLL_MS = 200;
/** How long whoever cancels a run waits for its end beyond the time that it has for that. */
const CANCEL_MARGIN_MS = 5000;
/** What is left of the patience for jobs when the process ends. */
const LAST_GRACE_MS = 1000;

/** The runs of this process, and the way to those of others. */
export class Runs {
  readonly #options: RunsOptions;
  readonly #parts: RunParts;
  readonly #channel: Store;
  readonly #running = new Map<string, RunningJob>();
  /** Runs that are about to begin. */
  readonly #beginning = new Set<Promise<RunningJob>>();
  /** Who has a place in this process: as many entries as places. */
  readonly #places: string[] = [];
  #listening: Promise<() => Promise<void>> | undefined;
  #isClosed = false;

  constructor(options: RunsOptions, parts: RunParts, channel: Store) {
    this.#options = options;
    this.#parts = parts;
    this.#channel = channel;
  }

  /**
   * Starts a run.
   *
   * @param argv Its first entry is the program as it is declared.
   * @throws AppError `BUSY`, `DRAINING`, `SOURCE_UNAVAILABLE` where the job cannot run on this machine
   */
  async start(principal: Principal, job: JobOptions, argv: readonly string[]): Promise<RunningJob> {
    const release = this.#takePlace(principal);
    try {
      await this.#listen();
      const beginning = this.#begin(principal, job, argv);
      this.#beginning.add(beginning);
      const run = await beginning.finally(() => this.#beginning.delete(beginning));
      void run.ended.then(release);
      return run;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** A run of the subject, in whichever process. */
  async find(principal: Principal, id: string): Promise<RunRecord | undefined> {
    const own = this.#running.get(id);
    if (own?.principal.subject === principal.subject) return own.record;
    return this.#parts.store.find(principal, id);
  }

  /**
   * Has a run ended, and answers how it stands when it has, or after the time that it is given for that.
   *
   * @throws the signal's reason; the run ends nevertheless
   */
  async cancel(
    principal: Principal,
    { id }: RunRecord,
    { graceMs, signal }: { readonly graceMs: number; readonly signal: AbortSignal },
  ): Promise<RunRecord | undefined> {
    const own = this.#running.get(id);
    if (own?.principal.subject === principal.subject) {
      own.end('cancelled');
      return own.ended;
    }
    await this.#parts.store.requestCancel(id);
    const until = performance.now() + graceMs + CANCEL_MARGIN_MS;
    for (;;) {
      const record = await this.#parts.store.find(principal, id);
      if (record === undefined || isOver(record) || performance.now() > until) return record;
      await delay(POLL_MS);
      signal.throwIfAborted();
    }
  }

  /** Ends what was begun under an authority that was revoked. */
  revoked(authority: string): void {
    for (const run of this.#running.values()) {
      if (run.principal.authority === authority) run.end('cancelled');
    }
  }

  /** Takes no new runs, and lets those that run end within the time. */
  async finish(limitMs: number): Promise<void> {
    this.#isClosed = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([this.#allEnded(), late]);
    clearTimeout(timer);
  }

  /** Ends what still runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#beginning);
    for (const run of this.#running.values()) run.end('interrupted', LAST_GRACE_MS);
    await Promise.all([...this.#running.values()].map((run) => run.settleAtOnce()));
    const stop = await this.#listening?.catch(() => undefined);
    await stop?.();
  }

  async #allEnded(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #begin(principal: Principal, job: JobOptions, argv: readonly string[]): Promise<RunningJob> {
    const program = await findProgram(job);
    const obstacle = program === undefined ? 'no program' : await obstacleOf(job);
    if (program === undefined || obstacle !== undefined) throw unavailable(job, obstacle);
    const { store } = this.#parts;
    const id = newRunId();
    const place = await store.takePlace(job.name, job.concurrency, id);
    if (place === undefined) {
      throw new AppError('BUSY', `The job ${job.name} runs as often as it may at the same time.`, {
        retryAfter: BUSY_SECONDS,
      });
    }
    let folder: RunFolder | undefined;
    try {
      folder = await makeRunFolder();
      // The process may have begun to end while the store was asked.
      this.#requireOpen();
      const order = { id, job, principal, place, folder, argv: [program, ...argv.slice(1)] };
      const run = await RunningJob.start(order, this.#parts);
      this.#running.set(id, run);
      // Until every process finds how it has ended, this one tells.
      void run.settled.then(() => this.#running.delete(id));
      return run;
    } catch (error) {
      await folder?.remove();
      // Where the store fails, it lets go of the place by itself.
      await store.leavePlace(place, id).catch(() => undefined);
      throw error;
    }
  }

  /** A place in this process, at once or not at all. */
  #takePlace({ subject }: Principal): () => void {
    this.#requireOpen();
    const { maxRuns, runsPerPrincipal } = this.#options;
    if (this.#places.filter((holder) => holder === subject).length >= runsPerPrincipal) {
      throw new AppError('BUSY', `${runsPerPrincipal} runs of yours are under way, which is the limit.`, {
        retryAfter: BUSY_SECONDS,
        next: this.#runsOf(subject),
      });
    }
    if (this.#places.length >= maxRuns) {
      throw new AppError('BUSY', 'As many jobs are running as may at the same time.', {
        retryAfter: BUSY_SECONDS,
      });
    }
    this.#places.push(subject);
    let isHeld = true;
    return () => {
      if (isHeld) this.#places.splice(this.#places.indexOf(subject), 1);
      isHeld = false;
    };
  }

  /** The calls that tell how they stand. */
  #runsOf(subject: string): string {
    const own = [...this.#running].filter(
      ([, { principal, record }]) => principal.subject === subject && !isOver(record),
    );
    const calls = own.map(([id]) => callText('get_job', { run_id: id }));
    return ['wait for one of them, or end it with cancel_job', ...calls].join('; ');
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new AppError('DRAINING', 'This process is ending and takes no new work.');
  }

  /** Once, before the first run. */
  async #listen(): Promise<void> {
    if (this.#listening === undefined) {
      this.#listening = this.#channel.subscribe(CANCEL_CHANNEL, (id) => {
        this.#running.get(id)?.end('cancelled');
      });
      removeForsakenFolders().catch((error: unknown) => {
        this.#parts.logger.warn({ err: error }, 'folders of runs that were cut short could not be removed');
      });
    }
    try {
      await this.#listening;
    } catch (error) {
      this.#listening = undefined;
      throw error;
    }
  }
}

function unavailable({ name }: JobOptions, obstacle: string | undefined): AppError {
  return new AppError('SOURCE_UNAVAILABLE', `The job ${name} cannot run on this server at present.`, {
    next: 'tell the operator: info {"section":"config"} shows what is missing',
    cause: new Error(obstacle),
  });
}
