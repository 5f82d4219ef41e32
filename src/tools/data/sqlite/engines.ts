import { AppError } from '../../../core/errors.ts';
import type { Processes } from '../../../core/processes.ts';
import { FairPlaces, type Taker } from '../databases/places.ts';
import { EngineProcess } from './engine-process.ts';

const IDLE_MS = 60_000;

/** The processes of one source: as many as statements run, and for a minute those that have run one. */
export class Engines {
  readonly #processes: Processes;
  readonly #places: FairPlaces;
  readonly #idle = new Map<EngineProcess, NodeJS.Timeout>();
  readonly #all = new Set<EngineProcess>();
  #isClosed = false;

  constructor(processes: Processes, size: number) {
    this.#processes = processes;
    this.#places = new FairPlaces(size);
  }

  /** Release it, whatever came of it. */
  async acquire(taker: Taker): Promise<{ readonly engine: EngineProcess; readonly release: () => void }> {
    const leave = await this.#places.take(taker);
    try {
      let isHeld = true;
      const engine = this.#takeIdle() ?? this.#start();
      return {
        engine,
        release: () => {
          if (isHeld) this.#keep(engine);
          isHeld = false;
          leave();
        },
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  async with<T>(taker: Taker, work: (engine: EngineProcess) => Promise<T>): Promise<T> {
    const { engine, release } = await this.acquire(taker);
    try {
      return await work(engine);
    } finally {
      release();
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#idle.values()) clearTimeout(timer);
    this.#idle.clear();
    for (const engine of this.#all) engine.kill();
    this.#all.clear();
  }

  #start(): EngineProcess {
    if (this.#isClosed) throw new AppError('CANCELLED', 'The server is ending.');
    const engine = new EngineProcess(this.#processes);
    this.#all.add(engine);
    return engine;
  }

  #takeIdle(): EngineProcess | undefined {
    for (const [engine, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(engine);
      if (engine.isAlive) return engine;
      this.#all.delete(engine);
    }
    return undefined;
  }

  #keep(engine: EngineProcess): void {
    if (!engine.isAlive || !this.#all.has(engine)) {
      this.#all.delete(engine);
      return;
    }
    const timer = setTimeout(() => {
      this.#idle.delete(engine);
      this.#all.delete(engine);
      engine.kill();
    }, IDLE_MS);
    this.#idle.set(engine, timer.unref());
  }
}
