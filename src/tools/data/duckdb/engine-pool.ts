import type { Release } from '../../../core/fair-limiter.ts';
import { FairPlaces } from '../../../core/fair-places.ts';
import type { Processes } from '../../../core/processes.ts';
import type { Logger } from '../../../core/telemetry.ts';
import { aborting } from './aborting.ts';
import { Engine } from './engine.ts';
import type { EngineOptions } from './options.ts';
import type { Turn } from './turn.ts';

// What a statement has left is given back within this time.
const TIDY_MS = 2000;

interface Surroundings {
  readonly processes: Processes;
  readonly logger: Logger;
}

/** Engines that are started when they are first needed, serve one statement at a time, and end when nobody needs them. */
export class EnginePool {
  readonly #options: EngineOptions;
  readonly #surroundings: Surroundings;
  readonly #places: FairPlaces;
  readonly #idle = new Map<Engine, NodeJS.Timeout>();
  readonly #all = new Set<Engine>();
  #isClosed = false;

  constructor(options: EngineOptions, surroundings: Surroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#places = new FairPlaces(options.processes);
  }

  /**
   * Works with an engine that nobody else uses meanwhile.
   *
   * @throws AppError `BUSY`; the signal's reason; what the work throws
   */
  async use<T>(turn: Turn, work: (engine: Engine) => Promise<T>): Promise<T> {
    const { signal } = turn;
    const release = await this.#place(turn);
    try {
      const engine = (await this.#takeIdle(signal)) ?? (await this.#start(0, signal));
      try {
        return await work(engine);
      } finally {
        this.#putBack(engine);
      }
    } finally {
      release();
    }
  }

  /** The same with one that may write, up to so many bytes, and ends with its work. */
  async useWriting<T>(turn: Turn, maxBytes: number, work: (engine: Engine) => Promise<T>): Promise<T> {
    const release = await this.#place(turn);
    try {
      // The others stay unable to write at all.
      const engine = await this.#start(maxBytes, turn.signal);
      try {
        return await work(engine);
      } finally {
        await this.#end(engine);
      }
    } finally {
      release();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#idle.values()) clearTimeout(timer);
    this.#idle.clear();
    await Promise.all([...this.#all].map((engine) => this.#end(engine)));
  }

  /** In turn with other people. @throws AppError `BUSY`; the signal's reason */
  async #place(turn: Turn): Promise<Release> {
    const { asking, signal } = turn;
    const release = await this.#places.take({ subject: asking.principal.subject, signal });
    turn.begin();
    return release;
  }

  async #start(fileBytes: number, signal: AbortSignal): Promise<Engine> {
    const { memoryMb, threads } = this.#options;
    const engine = await Engine.start({ ...this.#surroundings, memoryMb, threads, fileBytes }, signal);
    this.#all.add(engine);
    if (this.#isClosed) await this.#end(engine);
    return engine;
  }

  /** The one that was used last: the others may come to their end. */
  async #takeIdle(signal: AbortSignal): Promise<Engine | undefined> {
    for (const [engine, timer] of [...this.#idle].reverse()) {
      // Another call may have taken it meanwhile.
      if (!this.#idle.delete(engine)) continue;
      clearTimeout(timer);
      await this.#tidied(engine, signal);
      if (engine.isUsable) return engine;
      await this.#end(engine);
    }
    return undefined;
  }

  async #tidied(engine: Engine, signal: AbortSignal): Promise<void> {
    const aborted = aborting(signal);
    try {
      await Promise.race([engine.tidied, aborted.promise]);
    } catch (error) {
      this.#putBack(engine);
      throw error;
    } finally {
      aborted.forget();
    }
  }

  /** The caller need not wait until the engine has given back what the statement took; the next one does. */
  #putBack(engine: Engine): void {
    if (!engine.isUsable || this.#isClosed) {
      void this.#end(engine);
      return;
    }
    void engine.stop(TIDY_MS);
    const timer = setTimeout(() => {
      this.#idle.delete(engine);
      void this.#end(engine);
    }, this.#options.idleSeconds * 1000);
    this.#idle.set(engine, timer.unref());
  }

  async #end(engine: Engine): Promise<void> {
    this.#all.delete(engine);
    await engine.end();
  }
}
