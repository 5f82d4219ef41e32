import type { HealthReport } from '../../../core/health.ts';
import type { Processes } from '../../../core/processes.ts';
import type { Logger } from '../../../core/telemetry.ts';
import type { WorkspaceFiles } from '../../../core/workspace-files.ts';
import type {
  Asking,
  Catalogue,
  CatalogueQuestion,
  ExportTarget,
  FilesSource,
  Page,
  RowStream,
  Statement,
  Value,
} from '../source.ts';
import { aborting } from './aborting.ts';
import { listFiles } from './catalogue.ts';
import type { Engine } from './engine.ts';
import { EnginePool } from './engine-pool.ts';
import { engineVersion } from './engine-version.ts';
import { OpenedFiles } from './opened-files.ts';
import type { EngineOptions } from './options.ts';
import type { RunOrder } from './protocol.ts';
import { RowPump } from './row-pump.ts';
import { againWith, demandSource, Turn } from './turn.ts';
import { outputOf, spillRows } from './writing.ts';

/** As many as there are. */
const ALL = Number.MAX_SAFE_INTEGER;
const PLAN_ROWS = 100;

interface FilesSourceContext {
  readonly files: WorkspaceFiles;
  readonly processes: Processes;
  readonly logger: Logger;
  /** Where rows of other sources pass through on their way into a file. */
  readonly dataDir: string;
}

/** SQL over the files of the workspaces. */
export class DuckDbFiles implements FilesSource {
  readonly name = 'files';
  readonly kind = 'files';
  readonly dialect = 'DuckDB';
  readonly isWritable = false;
  readonly #context: FilesSourceContext;
  readonly #options: EngineOptions;
  readonly #pool: EnginePool;

  constructor(options: EngineOptions, context: FilesSourceContext) {
    this.#options = options;
    this.#context = context;
    this.#pool = new EnginePool(options, context);
  }

  async query(
    asking: Asking,
    statement: Statement,
    { limit, offset }: { readonly limit: number; readonly offset: number },
  ): Promise<Page> {
    const turn = this.#turn(asking, statement);
    return this.#rows(turn, { mode: 'rows', skip: offset, take: limit }, async (pump) => {
      const rows = await pump.all();
      return { columns: pump.columns, rows, more: pump.isMore };
    });
  }

  async explain(asking: Asking, statement: Statement): Promise<string> {
    const turn = this.#turn(asking, statement);
    return this.#rows(turn, { mode: 'explain', skip: 0, take: PLAN_ROWS }, async (pump) => {
      // Each row is a kind of plan and the plan.
      const rows = await pump.all();
      return rows.map((row) => textOf(row.at(-1))).join('\n');
    });
  }

  async stream(asking: Asking, statement: Statement): Promise<RowStream> {
    const turn = this.#turn(asking, statement);
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    // The engine stays taken until the last row, or until nobody wants one any more.
    const pump = await new Promise<RowPump>((resolve, reject) => {
      this.#rows(turn, { mode: 'rows', skip: 0, take: ALL }, async (started) => {
        resolve(started);
        const aborted = aborting(turn.signal);
        await Promise.race([finished, aborted.promise]).finally(() => {
          aborted.forget();
        });
      }).catch(reject);
    });
    return { columns: pump.columns, batches: batchesOf(pump, turn, finish) };
  }

  async catalogue(asking: Asking, question: CatalogueQuestion): Promise<Catalogue> {
    demandSource(asking);
    return listFiles(this.#context.files, asking, question, (sql) =>
      this.query(asking, { sql, params: [] }, { limit: 1000, offset: 0 }),
    );
  }

  async exportTo(
    asking: Asking,
    statement: Statement,
    target: ExportTarget,
  ): Promise<{ readonly rows: number }> {
    const turn = this.#turn(asking, statement, target.maxBytes);
    const { link, write } = outputOf(target);
    return turn.take(() =>
      this.#pool.useWriting(turn, target.maxBytes, (engine) =>
        this.#opened(engine, turn, async ({ places, links }) => {
          const order = {
            places,
            links: [...links, link],
            mode: 'write',
            write,
            skip: 0,
            take: ALL,
          } as const;
          const answer = await engine.ask({ ask: 'run', ...order }, turn.signal);
          return { rows: answer.is === 'written' ? answer.rows : 0 };
        }),
      ),
    );
  }

  async writeRows(asking: Asking, rows: RowStream, target: ExportTarget): Promise<{ readonly rows: number }> {
    const turn = this.#turn(asking, { sql: '', params: [] }, target.maxBytes);
    turn.begin();
    return turn.take(() =>
      spillRows(rows, { target, folder: this.#context.dataDir, signal: turn.signal }, (order) =>
        this.#pool.useWriting(turn, target.maxBytes, async (engine) => {
          const { rows: written } = await engine.ask({ ask: 'copy', ...order }, turn.signal);
          return { rows: written };
        }),
      ),
    );
  }

  async check(): Promise<HealthReport> {
    if ((await this.engineVersion()) === undefined) {
      return { status: 'degraded', detail: 'the engine for files is not installed for this platform' };
    }
    if (process.platform !== 'linux') {
      return { status: 'degraded', detail: 'files can be queried on Linux only' };
    }
    if (!this.#context.processes.canLimit) {
      return {
        status: 'degraded',
        detail: 'nothing bounds the memory of the engine for files: prlimit is missing',
      };
    }
    return { status: 'ok' };
  }

  engineVersion(): Promise<string | undefined> {
    return Promise.resolve(engineVersion());
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  #turn(asking: Asking, statement: Statement, maxBytes?: number): Turn {
    return new Turn(this.#options, asking, statement, maxBytes);
  }

  #rows<T>(
    turn: Turn,
    order: Pick<RunOrder, 'mode' | 'skip' | 'take'>,
    work: (pump: RowPump) => Promise<T>,
  ): Promise<T> {
    return turn.take(() =>
      this.#pool.use(turn, (engine) =>
        this.#opened(engine, turn, async ({ places, links }) =>
          work(await RowPump.start(engine, { ...order, places, links }, turn.signal)),
        ),
      ),
    );
  }

  /** Has the statement judged, and works with its files open. */
  async #opened<T>(engine: Engine, turn: Turn, work: (files: OpenedFiles) => Promise<T>): Promise<T> {
    const { asking, statement, signal } = turn;
    demandSource(asking);
    const { sql, params } = statement;
    const again = againWith(asking, statement);
    const { files: wanted } = await engine.ask({ ask: 'judge', sql, params }, signal);
    const { files, dataDir: folder } = this.#context;
    const opened = await OpenedFiles.open(wanted, {
      ...{ files, folder },
      asking: { principal: asking.principal, signal },
      again: (spelling, path) => again(sql.replaceAll(spelling, path)),
    });
    try {
      return await work(opened);
    } finally {
      await opened.close();
    }
  }
}

async function* batchesOf(pump: RowPump, turn: Turn, finish: () => void): RowStream['batches'] {
  try {
    yield* pump.batches();
  } catch (error) {
    throw turn.explained(error);
  } finally {
    finish();
  }
}

function textOf(value: Value | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
