import { createReadStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Processes, SupervisedProcess } from '../../../core/processes.ts';
import type { Principal } from '../../../core/principal.ts';
import type { Scratch } from '../../../core/scratch.ts';
import type { Logger, Telemetry } from '../../../core/telemetry.ts';
import type { JobOptions } from '../declaration/declaration.ts';
import { InsistentWrite } from './insistent-write.ts';
import { type OutputListener, RunOutput } from './run-output.ts';
import type { EndReason, RunRecord, RunStatus } from './run-record.ts';
import { BEAT_MS, type RunStore } from './run-store.ts';
import { environmentOf, type RunFolder } from './surroundings.ts';

export interface RunParts {
  readonly store: RunStore;
  readonly processes: Processes;
  readonly scratch: Scratch;
  readonly audit: Telemetry['audit'];
  readonly logger: Logger;
}

/** What is to be run, and for whom. */
export interface RunOrder {
  readonly id: string;
  readonly job: JobOptions;
  /** The program's path and its arguments. */
  readonly argv: readonly string[];
  readonly principal: Principal;
  /** The place of the job that the run has taken. */
  readonly place: string;
  readonly folder: RunFolder;
}

const LOOK_EVERY_MS = 1000;
/** How long whoever waits for the end of a run waits for the store as well. */
const STORE_PATIENCE_MS = 2500;
const MB = 1_048_576;
// So much more than its time as a few threads can use.
const THREADS = 4;

/** A run in the process that runs it. */
export class RunningJob {
  /** Resolves when it has ended, nothing of it is left, and its result is stored or will be later. Never rejects. */
  readonly ended: Promise<RunRecord>;
  /** Resolves when the store has its result, or never will. Never rejects. */
  readonly settled: Promise<void>;
  readonly #order: RunOrder;
  readonly #parts: RunParts;
  readonly #output: RunOutput;
  readonly #process: SupervisedProcess;
  readonly #timers: readonly NodeJS.Timeout[];
  #record: RunRecord;
  #reason: EndReason | undefined;
  #beatAt = performance.now();
  #looking: Promise<void> | undefined;
  #storing: InsistentWrite | undefined;
  #isHasty = false;

  private constructor(order: RunOrder, parts: RunParts, env: Readonly<Record<string, string>>) {
    const { id, job } = order;
    this.#order = order;
    this.#parts = parts;
    this.#output = new RunOutput(order.folder.output, {
      program: order.argv[0] ?? '',
      limit: job.outputKb * 1024,
      onLimit: () => {
        this.end('output_limit');
      },
    });
    this.#record = {
      id,
      job: job.name,
      status: 'running',
      startedAt: Date.now(),
      output: this.#output.excerpt(),
    };
    this.#process = this.#spawn(env);
    this.#timers = [
      setTimeout(() => {
        this.end('timed_out');
      }, job.timeoutSeconds * 1000),
      setInterval(() => {
        // One at a time: a store that is slow is not asked ever more.
        this.#looking ??= this.#look()
          .catch((error: unknown) => {
            this.#parts.logger.debug({ err: error, run: id }, 'a run could not be shown to others');
          })
          .finally(() => {
            this.#looking = undefined;
          });
      }, LOOK_EVERY_MS),
    ];
    this.ended = this.#finish();
    this.settled = this.ended.then(() => this.#stored());
  }

  /** Starts the process; whoever asks for the run finds it from then on. */
  static async start(order: RunOrder, parts: RunParts): Promise<RunningJob> {
    const env = await environmentOf(order.job, order.folder.own);
    await parts.store.beat(order.id);
    const run = new RunningJob(order, parts, env);
    try {
      await run.#write();
    } catch (error) {
      // Nobody could ever ask for it.
      run.end('interrupted', 0);
      throw error;
    }
    return run;
  }

  get principal(): Principal {
    return this.#order.principal;
  }

  /** As it stands now. */
  get record(): RunRecord {
    const { progress } = this.#output;
    return {
      ...this.#record,
      output: this.#output.excerpt(),
      ...(progress === undefined ? {} : { progress }),
    };
  }

  listen(listener: OutputListener): () => void {
    return this.#output.listen(listener);
  }

  /** Ends the run; the first reason counts. One that has ended by itself stays so. */
  end(reason: EndReason, graceMs = this.#order.job.graceSeconds * 1000): void {
    if (this.#record.endedAt !== undefined) return;
    const { exitCode, signalCode } = this.#process.child;
    const isOver = exitCode !== null || signalCode !== null;
    // What it has printed may be read to the limit only after its end.
    if (!isOver || reason === 'output_limit') this.#reason ??= reason;
    this.#process.kill(graceMs === 0 ? undefined : graceMs);
  }

  /** From its end on, the store is tried once more and not waited for. */
  async settleAtOnce(): Promise<void> {
    this.#isHasty = true;
    this.#storing?.finish();
    await this.settled;
  }

  #spawn(env: Readonly<Record<string, string>>): SupervisedProcess {
    const { argv, job, folder } = this.#order;
    const [command = '', ...args] = argv;
    const supervised = this.#parts.processes.start({
      ...{ command, args, env, cwd: job.cwd ?? folder.own, contained: true },
      limits: {
        memoryBytes: job.memoryMb * MB,
        fileBytes: job.fileMb * MB,
        cpuSeconds: job.cpuSeconds ?? job.timeoutSeconds * THREADS,
      },
    });
    const { stdout, stderr } = supervised.child;
    if (stdout !== null) this.#output.read(stdout);
    if (stderr !== null) this.#output.read(stderr);
    this.#audit('job.started', 'success', {});
    return supervised;
  }

  async #finish(): Promise<RunRecord> {
    const { job, folder } = this.#order;
    const end = await this.#process.ended.catch((error: unknown) => {
      this.#parts.logger.error({ err: error, job: job.name }, 'a job could not be started');
      return { exitCode: undefined, signal: undefined };
    });
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#output.end();
    const status = this.#reason ?? (end.exitCode === 0 ? 'succeeded' : 'failed');
    const file = await this.#keepOutput();
    await folder.remove().catch((error: unknown) => {
      this.#parts.logger.warn({ err: error, job: job.name }, 'the folder of a run could not be removed');
    });
    this.#record = {
      ...this.record,
      ...{ status, endedAt: Date.now() },
      ...(end.exitCode === undefined ? {} : { exitCode: end.exitCode }),
      ...(end.signal === undefined ? {} : { signal: end.signal }),
      ...(file === undefined ? {} : { file }),
    };
    this.#auditEnd(status);
    this.#storing = new InsistentWrite(() => this.#settle());
    if (this.#isHasty) this.#storing.finish();
    // The timer keeps no process alive.
    await Promise.race([this.#storing.done, delay(STORE_PATIENCE_MS, undefined, { ref: false })]);
    return this.#record;
  }

  /** Writes down how it has ended, then lets go of what the run has held. */
  async #settle(): Promise<void> {
    const { id, place } = this.#order;
    const { store } = this.#parts;
    // It would write after the end that the run goes on, and take its place again.
    await this.#looking;
    await this.#write();
    await store.stopBeating(id);
    await store.leavePlace(place, id);
  }

  async #stored(): Promise<void> {
    if ((await this.#storing?.done) === true) return;
    const error = this.#storing?.error;
    this.#parts.logger.error({ err: error, run: this.#order.id }, 'the end of a run is not stored');
  }

  /** Shows that the run is alive and what it has printed, and looks whether it is to be cancelled. */
  async #look(): Promise<void> {
    const { store } = this.#parts;
    const { id, place } = this.#order;
    if (await store.isCancelRequested(id)) this.end('cancelled');
    if (performance.now() - this.#beatAt >= BEAT_MS) {
      this.#beatAt = performance.now();
      await store.beat(id);
      await store.keepPlace(place, id);
    }
    if (this.#output.takeChange() && this.#record.endedAt === undefined) await this.#write();
  }

  async #write(): Promise<void> {
    const { principal, job } = this.#order;
    await this.#parts.store.write(principal, this.record, job.timeoutSeconds);
  }

  /** Where all of a long output can be read. */
  async #keepOutput(): Promise<string | undefined> {
    if (!this.#output.isLarge) return undefined;
    const { principal, job, id, folder } = this.#order;
    try {
      const kept = await this.#parts.scratch.keep(principal, {
        name: `${job.name}-${id.slice(0, 8)}.log`,
        mimeType: 'text/plain',
        content: createReadStream(folder.output),
      });
      return kept.path;
    } catch (error) {
      this.#parts.logger.warn({ err: error, run: id }, 'the whole output of a run could not be kept');
      return undefined;
    }
  }

  #auditEnd(status: RunStatus): void {
    const { startedAt, endedAt = startedAt, exitCode, signal } = this.#record;
    this.#audit('job.ended', status === 'succeeded' ? 'success' : 'failure', {
      ...{ status, seconds: (endedAt - startedAt) / 1000 },
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  #audit(
    action: 'job.started' | 'job.ended',
    outcome: 'success' | 'failure',
    details: Readonly<Record<string, string | number>>,
  ): void {
    const { id, job, principal } = this.#order;
    const { subject, clientId } = principal;
    this.#parts.audit({
      action,
      outcome,
      subject,
      clientId,
      details: { job: job.name, run: id, ...details },
    });
  }
}
