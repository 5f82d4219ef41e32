import type { Column, Value } from '../source.ts';
import type { Engine } from './engine.ts';
import type { Answer, RunOrder } from './protocol.ts';

type Rows = readonly (readonly Value[])[];
type Batch = Extract<Answer, { is: 'rows' }>;

/** The rows of a statement that an engine runs, as they are asked for. */
export class RowPump {
  readonly columns: readonly Column[];
  readonly #engine: Engine;
  readonly #signal: AbortSignal;
  #batch: Batch;

  private constructor(engine: Engine, signal: AbortSignal, first: Batch) {
    this.#engine = engine;
    this.#signal = signal;
    this.#batch = first;
    this.columns = first.columns ?? [];
  }

  static async start(engine: Engine, order: RunOrder, signal: AbortSignal): Promise<RowPump> {
    const first = await engine.ask({ ask: 'run', ...order }, signal);
    if (first.is !== 'rows') throw new TypeError(`The engine answered ${first.is} instead of rows`);
    return new RowPump(engine, signal, first);
  }

  /** After all: whether there are further rows. */
  get isMore(): boolean {
    return this.#batch.more;
  }

  async *batches(): AsyncGenerator<Rows, void> {
    yield this.#batch.rows;
    while (!this.#batch.done) {
      this.#batch = await this.#engine.ask({ ask: 'more' }, this.#signal);
      yield this.#batch.rows;
    }
  }

  async all(): Promise<Rows> {
    const rows: (readonly Value[])[] = [];
    for await (const batch of this.batches()) rows.push(...batch);
    return rows;
  }
}
