import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Processes, SupervisedProcess } from '../../../core/processes.ts';
import { programBeside } from '../../../core/program-beside.ts';
import type { Logger } from '../../../core/telemetry.ts';
import { aborting } from './aborting.ts';
import { makeEngineFolder } from './engine-folder.ts';
import { EngineFault, EngineGone } from './engine-errors.ts';
import type { Answer, Fault, Request } from './protocol.ts';

const PROGRAM = programBeside(import.meta.url, 'engine-process');
/**
 * Beside the engine's own limit. Of this, V8 and the libraries reserve some 800 MB that they never touch; the
 * rest is for rows on their way out and for what the engine takes without counting, up to which it is held here.
 */
const PROGRAM_MB = 1024;
const THREAD_MB = 16;
const HEAP_MB = 256;
/** Memory that a thread keeps for itself, or an allocator for later, is memory that the next statement lacks. */
const ALLOCATORS = { MALLOC_ARENA_MAX: '2', DUCKDB_JE_MALLOC_CONF: 'retain:false' };
/** How long a statement may take to end by itself: a new process takes longer than most of them. */
const PATIENCE_MS = 100;
/** How long its caller waits for that. */
const CALLER_WAITS_MS = 30;
const MAX_WORDS = 4000;

export interface EngineStart {
  readonly memoryMb: number;
  readonly threads: number;
  /** Bytes that it may write to one file. */
  readonly fileBytes: number;
  readonly processes: Processes;
  readonly logger: Logger;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

type AnswerTo<R extends Request['ask']> = Extract<
  Answer,
  { is: { judge: 'judged'; run: 'rows' | 'written'; more: 'rows'; copy: 'written'; stop: 'stopped' }[R] }
>;

/** One process of the engine. It is asked one thing at a time. */
export class Engine {
  readonly #process: SupervisedProcess;
  readonly #ended: Promise<unknown>;
  #waiting: Waiting | undefined;
  #gone: EngineGone | undefined;
  #words = '';
  #stopping: Promise<void> | undefined;
  #didKill = false;
  #isSpent = false;

  private constructor(process: SupervisedProcess, folder: string, logger: Logger) {
    this.#process = process;
    const { child } = process;
    child.on('message', (answer) => {
      // Our own program is at the other end.
      this.#take(answer as Answer);
    });
    // What a library says as it ends, for the log.
    for (const output of [child.stdout, child.stderr]) {
      output?.on('data', (chunk: Buffer) => {
        this.#words = (this.#words + chunk.toString()).slice(-MAX_WORDS);
      });
    }
    const settle = async (how: string): Promise<void> => {
      this.#gone = new EngineGone(how, this.#words);
      if (!this.#didKill) logger.warn({ how, words: this.#words }, 'the engine for files has ended');
      this.#waiting?.reject(this.#gone);
      this.#waiting = undefined;
      await rm(folder, { recursive: true, force: true });
    };
    this.#ended = process.ended.then(
      ({ exitCode, signal }) => settle(signal ?? `exit code ${exitCode ?? 'unknown'}`),
      (error: unknown) => settle(String(error)),
    );
  }

  /** @throws the signal's reason; EngineGone where it does not start */
  static async start(start: EngineStart, signal: AbortSignal): Promise<Engine> {
    const { memoryMb, threads, fileBytes, processes, logger } = start;
    const folder = await makeEngineFolder();
    const process_ = processes.start({
      command: process.execPath,
      args: [
        `--max-old-space-size=${HEAP_MB}`,
        '--expose-gc',
        '--no-warnings',
        PROGRAM,
        folder,
        `${memoryMb}`,
        `${threads}`,
      ],
      env: { HOME: folder, TZ: 'UTC', LC_ALL: 'C.UTF-8', ...ALLOCATORS },
      cwd: folder,
      limits: { memoryBytes: (memoryMb + PROGRAM_MB + threads * THREAD_MB) * 1024 * 1024, fileBytes },
      messages: true,
    });
    const engine = new Engine(process_, folder, logger);
    try {
      await engine.#ready(signal);
      return engine;
    } catch (error) {
      await engine.end();
      throw error;
    }
  }

  get isUsable(): boolean {
    return this.#gone === undefined && !this.#didKill && !this.#isSpent;
  }

  /** When the last statement has left nothing. */
  get tidied(): Promise<void> {
    return this.#stopping ?? Promise.resolve();
  }

  /**
   * Asks, and stops what was asked when the signal aborts: at once, or by killing it within {@link PATIENCE_MS}.
   *
   * @throws the signal's reason; EngineFault for what the engine refuses; EngineGone when it ends over it
   */
  async ask<R extends Request['ask']>(
    request: Extract<Request, { ask: R }>,
    signal: AbortSignal,
  ): Promise<AnswerTo<R>> {
    signal.throwIfAborted();
    const answered = this.#next();
    const aborted = aborting(signal);
    this.#send(request);
    try {
      const answer = await Promise.race([answered, aborted.promise]);
      if (answer.is === 'fault') throw this.#faulty(answer.fault);
      // What is no fault is what was asked for.
      return answer as AnswerTo<R>;
    } catch (error) {
      if (signal.aborted)
        await Promise.race([this.stop(), delay(CALLER_WAITS_MS, undefined, { ref: false })]);
      throw error;
    } finally {
      aborted.forget();
    }
  }

  /** Ends the statement; kills the process where that takes too long. Afterwards it can be asked again, or is gone. */
  stop(patienceMs = PATIENCE_MS): Promise<void> {
    this.#stopping ??= this.#stop(patienceMs).finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  /** Kills it. Resolves when nothing of it is left. */
  async end(): Promise<void> {
    this.#didKill = true;
    this.#process.kill();
    await this.#ended;
  }

  #faulty(fault: Fault): EngineFault {
    // What is left after such an end is nothing to go on with.
    if (fault.kind === 'memory' || fault.kind === 'broken') this.#isSpent = true;
    return new EngineFault(fault);
  }

  async #stop(patienceMs: number): Promise<void> {
    if (this.#gone !== undefined) return;
    const patience = setTimeout(() => void this.end(), patienceMs);
    try {
      const stopped = this.#next();
      this.#send({ ask: 'stop' });
      await stopped;
    } catch {
      // It is gone, which ends the statement too.
      await this.#ended;
    } finally {
      clearTimeout(patience);
    }
  }

  async #ready(signal: AbortSignal): Promise<void> {
    const aborted = aborting(signal);
    try {
      const answer = await Promise.race([this.#next(), aborted.promise]);
      if (answer.is !== 'ready') throw new EngineGone(`it began with ${answer.is}`, this.#words);
    } finally {
      aborted.forget();
    }
  }

  #next(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#gone === undefined) this.#waiting = { resolve, reject };
      else reject(this.#gone);
    });
  }

  #send(request: Request): void {
    // That it is gone is told by its end.
    this.#process.child.send(request, () => undefined);
  }

  #take(answer: Answer): void {
    // What comes before it was stopped is for nobody.
    if (this.#stopping !== undefined && answer.is !== 'stopped') return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }
}
