import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Value } from '../../source.ts';
import type { Answer, CopyOrder, Link, RunOrder, WriteOrder } from '../protocol.ts';
import { Refusal } from './faults.ts';
import { sqlLiteral } from '../../sql-literal.ts';
import { Instance, type InstanceSettings } from './instance.ts';
import { type FileReference, judge } from './judge.ts';
import { locationsOf } from './locations.ts';
import { nameLater } from './late-names.ts';
import { bindParameters } from './parameters.ts';
import { passedRows, unfitValue } from './passed-rows.ts';
import { ResultRows } from './result-rows.ts';
import { rewrite, wantedBy } from './rewrite.ts';
import { type Branch, Syntax } from './syntax.ts';

// What the rows of one page may come to.
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

interface Judged {
  readonly statement: Branch;
  readonly references: readonly FileReference[];
}

interface Running {
  readonly sql: string;
  /** Of files: its parameters. */
  readonly names: string[];
}

/** One statement after the other, each with an engine of its own. */
export class Session {
  readonly #settings: InstanceSettings;
  readonly #syntax: Syntax;
  readonly #systemTables: ReadonlySet<string>;
  /** For the next statement: opening one takes as long as a small statement. */
  #spare: Promise<Instance>;
  #current: Instance | undefined;
  #judged: Judged | undefined;
  #rows: ResultRows | undefined;
  /** What stands in the engine's folder. */
  readonly #tops: string[] = [];
  #locations: ReadonlyMap<number, number> = new Map();

  private constructor(settings: InstanceSettings, syntax: Syntax, systemTables: ReadonlySet<string>) {
    this.#settings = settings;
    this.#syntax = syntax;
    this.#systemTables = systemTables;
    this.#spare = Instance.open(settings);
  }

  static async open(settings: InstanceSettings): Promise<Session> {
    const guard = await Instance.open({ memoryMb: Math.min(128, settings.memoryMb), threads: 1 });
    await guard.lock([]);
    const syntax = await Syntax.open(guard.connection);
    const session = new Session(settings, syntax, await systemTablesOf(guard.connection));
    await session.#spare;
    return session;
  }

  /** Bytes into the statement as it was sent. */
  place(position: number): number | undefined {
    return this.#locations.get(position);
  }

  async judge(sql: string, params: readonly Value[]): Promise<Answer> {
    const statement = await this.#syntax.parse(sql);
    bindParameters(statement, params);
    const references = judge(statement, this.#systemTables);
    this.#judged = { statement, references };
    const wanted = references.flatMap((reference) =>
      wantedBy(reference).map((one) => [one.key, one] as const),
    );
    return { is: 'judged', files: [...new Map(wanted).values()] };
  }

  async run(order: RunOrder): Promise<Answer> {
    const running = await this.#running(order);
    const { connection } = await this.#begin([...order.links]);
    if (order.mode === 'write' && order.write !== undefined) return written(connection, running, order.write);
    const { sql, names } = running;
    const result = await connection.stream(order.mode === 'explain' ? `EXPLAIN ${sql}` : sql, names);
    this.#rows = new ResultRows(result, { skip: order.skip, take: order.take, ...pageBound(order) });
    return this.more(true);
  }

  async more(isFirst = false): Promise<Answer> {
    const rows = this.#rows;
    if (rows === undefined) return { is: 'rows', rows: [], done: true, more: false };
    return { is: 'rows', ...(isFirst ? { columns: rows.columns } : {}), ...(await rows.next()) };
  }

  async copy(order: CopyOrder): Promise<Answer> {
    const { connection } = await this.#begin([order.from, order.to]);
    try {
      return await written(connection, { sql: passedRows(order), names: [] }, order.write);
    } catch (error) {
      throw (await unfitValue(connection, error, order)) ?? error;
    }
  }

  interrupt(): void {
    this.#current?.connection.interrupt();
  }

  /** Forgets the statement and all that it left; answers whether it had come to run. Nothing may be under way. */
  reset(): boolean {
    this.#judged = this.#rows = undefined;
    this.#locations = new Map();
    // With their folders: the next statement may have a file of that name.
    for (const name of this.#tops.splice(0)) rmSync(name, { recursive: true, force: true });
    if (this.#current === undefined) return false;
    this.#current.close();
    this.#current = undefined;
    this.#spare = Instance.open(this.#settings);
    // Who needs it is told.
    this.#spare.catch(() => undefined);
    return true;
  }

  /** What runs is what was judged: the text that came of the tree is judged again, with its parameters. */
  async #running({ places, links }: RunOrder): Promise<Running> {
    const judged = this.#judged;
    if (judged === undefined) throw new TypeError('Nothing was judged');
    const names = nameLater(judged.statement, rewrite(judged.references, places));
    const sql = await this.#syntax.print(judged.statement);
    const running = await this.#syntax.parse(sql);
    bindParameters(running, names);
    const allowed = new Set(links.map(({ name }) => name));
    const named = judge(running, this.#systemTables).flatMap(({ spellings }) => spellings);
    if (!named.every((name) => allowed.has(name)))
      throw new Refusal('SQL_ERROR', 'The statement cannot be run.');
    this.#locations = locationsOf(judged.statement, running);
    return { sql, names };
  }

  async #begin(links: readonly Link[]): Promise<Instance> {
    for (const { name, target } of links) {
      const [top = name] = name.split('/');
      if (!this.#tops.includes(top)) this.#tops.push(top);
      mkdirSync(dirname(name), { recursive: true });
      symlinkSync(target, name);
    }
    const instance = await this.#spare;
    this.#current = instance;
    await instance.lock(links.map(({ name }) => name));
    return instance;
  }
}

function pageBound({ take }: RunOrder): { maxBytes?: number } {
  return Number.isFinite(take) && take < Number.MAX_SAFE_INTEGER ? { maxBytes: MAX_PAGE_BYTES } : {};
}

async function written(
  connection: DuckDBConnection,
  { sql, names }: Running,
  write: WriteOrder,
): Promise<Answer> {
  const { format, isArray, name } = write;
  // Into the file itself: it is the draft of one, and nothing else may be written.
  const options = [`FORMAT ${format}`, 'USE_TMP_FILE false'];
  if (format === 'csv') options.push('HEADER true');
  if (format === 'json' && isArray) options.push('ARRAY true');
  const result: DuckDBResult = await connection.run(
    `COPY (${sql}) TO ${sqlLiteral(name)} (${options.join(', ')})`,
    names,
  );
  return { is: 'written', rows: result.rowsChanged };
}

async function systemTablesOf(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const reader = await connection.runAndReadAll('SELECT lower(view_name) FROM duckdb_views() WHERE internal');
  return new Set(reader.getRows().map(([name]) => String(name)));
}
