import { open } from 'node:fs/promises';
import { AppError } from '../../../core/errors.ts';
import type { HealthReport } from '../../../core/health.ts';
import type { Processes } from '../../../core/processes.ts';
import { WarmProcesses } from '../../../core/warm-processes.ts';
import type { Batch } from '../databases/batches.ts';
import { tooManyAffected } from '../databases/change.ts';
import { withDeadline } from '../databases/deadline.ts';
import { PATIENCE_MS } from '../databases/patience.ts';
import { streamRows } from '../databases/row-stream.ts';
import { unavailable } from '../databases/sql-error.ts';
import type { SqliteOptions } from '../options/databases.ts';
import type { Asking, Catalogue, CatalogueQuestion, Change, ChangeRequest, DataSource } from '../source.ts';
import type { Page, RowStream, Statement } from '../source.ts';
import { EngineProcess } from './engine-process.ts';
import { NOT_WRITABLE, type Operation, type Operations } from './protocol.ts';

const HEADER = 'SQLite format 3\0';

/** A database file that the operator has named, read by processes that can be ended at any moment. */
export class SqliteSource implements DataSource {
  readonly kind = 'sqlite';
  readonly dialect: string = `SQLite ${process.versions['sqlite'] ?? ''}`.trim();
  readonly name: string;
  readonly isWritable: boolean;
  readonly #file: string;
  readonly #timeoutMs: number;
  readonly #engines: WarmProcesses<EngineProcess>;

  constructor(options: SqliteOptions, processes: Processes) {
    this.name = options.name;
    this.isWritable = options.writable;
    this.#file = options.path;
    this.#timeoutMs = options.timeoutSeconds * 1000;
    this.#engines = new WarmProcesses(options.maxConnections, () => new EngineProcess(processes));
  }

  query(asking: Asking, { sql, params }: Statement, page: { limit: number; offset: number }): Promise<Page> {
    return this.#ask(asking, 'query', {
      sql,
      params,
      limit: page.limit,
      offset: page.offset,
      file: this.#file,
    });
  }

  explain(asking: Asking, { sql, params }: Statement): Promise<string> {
    return this.#ask(asking, 'explain', { sql, params, file: this.#file });
  }

  catalogue(asking: Asking, { table, detail, limit }: CatalogueQuestion): Promise<Catalogue> {
    return this.#ask(asking, 'catalogue', { table, detail, limit, file: this.#file });
  }

  async modify(asking: Asking, request: ChangeRequest): Promise<Change> {
    if (!this.isWritable) throw new AppError('READ_ONLY', `The source ${this.name} cannot be changed.`);
    const change = await this.#ask(asking, 'modify', { ...request, file: this.#file });
    if (change.affected > request.maxAffected) throw tooManyAffected(change.affected, request.maxAffected);
    return change;
  }

  async stream(asking: Asking, { sql, params }: Statement): Promise<RowStream> {
    await this.#ensureUsable();
    return streamRows<EngineProcess>(asking, {
      acquire: async (taker) => {
        const { process: engine, release } = await this.#engines.acquire(taker);
        return { held: engine, release: () => ended(engine).finally(release) };
      },
      start: async (engine, signal) => {
        const { columns, ...first } = await engine.ask('start', { sql, params, file: this.#file }, signal);
        let coming: Batch | undefined = first;
        const next = async (): Promise<Batch> => {
          const batch = coming ?? (await engine.ask('next', {}, signal));
          coming = undefined;
          return batch;
        };
        return { columns, next };
      },
      told: (error) => Promise.resolve(this.#told(error)),
    });
  }

  async check(): Promise<HealthReport> {
    const problem = await this.#problem();
    return problem === undefined ? { status: 'ok' } : { status: 'degraded', detail: problem };
  }

  close(): Promise<void> {
    this.#engines.close();
    return Promise.resolve();
  }

  async #ask<O extends Operation>(
    asking: Asking,
    operation: O,
    question: Operations[O]['question'],
  ): Promise<Operations[O]['answer']> {
    await this.#ensureUsable();
    return withDeadline(asking, this.#timeoutMs, (signal) =>
      this.#engines.with({ subject: asking.principal.subject, signal }, (engine) =>
        engine.ask(operation, question, signal),
      ),
    ).catch((error: unknown) => {
      throw this.#told(error);
    });
  }

  /** What SQLite says of the file stays in the log: it may name it. */
  #told(error: unknown): unknown {
    if (!(error instanceof AppError) || error.code !== 'SOURCE_UNAVAILABLE') return error;
    const isOurs = error.message === NOT_WRITABLE;
    return unavailable(this.name, isOurs ? NOT_WRITABLE : 'its file cannot be opened or is damaged', error);
  }

  async #ensureUsable(): Promise<void> {
    const problem = await this.#problem();
    if (problem !== undefined) throw unavailable(this.name, problem);
  }

  async #problem(): Promise<string | undefined> {
    if (!(await canGuard())) return 'it needs Node.js 24.15 or later';
    try {
      const header = await firstBytes(this.#file, HEADER.length);
      // An empty file is an empty database.
      return header === '' || header === HEADER ? undefined : 'its file is no SQLite database';
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      return isMissing ? 'its file does not exist' : 'its file cannot be read';
    }
  }
}

/** Whether statements can be asked what they do before they run (24.10), and bounded (24.15). */
async function canGuard(): Promise<boolean> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(':memory:');
  try {
    return 'setAuthorizer' in database && 'limits' in database;
  } finally {
    database.close();
  }
}

async function firstBytes(path: string, length: number): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The stream is, which holds the file; the engine is where it does not answer. */
async function ended(engine: EngineProcess): Promise<void> {
  try {
    await engine.ask('end', {}, AbortSignal.timeout(PATIENCE_MS));
  } catch {
    engine.kill();
  }
}
