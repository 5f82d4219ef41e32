import { AppError } from '../../../core/errors.ts';
import { counted, grouped } from '../../../core/phrases.ts';
import type { Asking, ColumnInfo, DataSource, Value } from '../source.ts';
import type { DescribedKey, DescribedTable } from './described-table.ts';
import { keyCandidates, refersTo, snakeCase } from './key-names.ts';

const MAX_TABLES = 20;
const MAX_REFERENCES = 60;
const MAX_CANDIDATES = 3;
/** Rows of each table that are looked at. */
const SAMPLE_ROWS = 100_000;
/** Values of a column that have to be found in the table it refers to. */
const SAMPLE_VALUES = 1000;
const PATIENCE_MS = 8000;

export interface Inferred {
  readonly tables: readonly DescribedTable[];
  readonly remark: string | undefined;
}

/**
 * Keys of tables that declare none, by names and values: a column called `id`, or after the table, whose values
 * tell all rows apart; and columns named after another table whose values are all found among its keys. A guess,
 * made with bounded work, and marked as one.
 */
export async function inferKeys(
  source: DataSource,
  asking: Asking,
  tables: readonly DescribedTable[],
): Promise<Inferred> {
  const looked = tables.slice(0, MAX_TABLES);
  const look = new Look(source, asking);
  const keyed: DescribedTable[] = [];
  for (const table of looked) keyed.push(await look.withPrimaryKey(table));
  const referring: DescribedTable[] = [];
  for (const table of keyed) referring.push(await look.withReferences(table, keyed));
  return { tables: [...referring, ...tables.slice(MAX_TABLES)], remark: remarkOn(look, tables) };
}

function remarkOn({ isComplete }: Look, tables: readonly DescribedTable[]): string | undefined {
  if (tables.length === 0) return undefined;
  const basis = `keys are inferred from names and values (of the first ${grouped(SAMPLE_ROWS)} rows)`;
  if (!isComplete) return `${basis}; the time for that did not suffice for all of them`;
  return tables.length > MAX_TABLES
    ? `${basis}; looked for in ${MAX_TABLES} of ${counted(tables.length, 'table')}`
    : basis;
}

class Look {
  isComplete = true;
  readonly #source: DataSource;
  readonly #asking: Asking;
  readonly #until: number;
  #references = 0;

  constructor(source: DataSource, asking: Asking) {
    this.#source = source;
    this.#asking = asking;
    this.#until = performance.now() + Math.min(PATIENCE_MS, asking.timeoutMs);
  }

  async withPrimaryKey(table: DescribedTable): Promise<DescribedTable> {
    if (table.primaryKey.length > 0) return table;
    const candidates = keyCandidates(table).slice(0, MAX_CANDIDATES);
    if (candidates.length === 0) return table;
    const names = candidates.map(({ name }) => identifier(name));
    const counts = names.map((name) => `count(${name}), count(DISTINCT ${name})`).join(', ');
    const row = await this.#row(
      `SELECT count(*), ${counts} FROM (SELECT ${names.join(', ')} FROM ${table.name} LIMIT ${SAMPLE_ROWS}) AS first_rows`,
    );
    const [rows = 0] = row;
    const key = candidates.find(
      (_, index) => rows !== 0 && row[1 + 2 * index] === rows && row[2 + 2 * index] === rows,
    );
    return key === undefined ? table : { ...table, primaryKey: [key.name], isPrimaryKeyInferred: true };
  }

  async withReferences(table: DescribedTable, tables: readonly DescribedTable[]): Promise<DescribedTable> {
    const found: DescribedKey[] = [];
    for (const column of table.columns) {
      const reference = await this.#referenceOf(table, column, tables);
      if (reference !== undefined) found.push(reference);
    }
    return found.length === 0 ? table : { ...table, foreignKeys: [...table.foreignKeys, ...found] };
  }

  async #referenceOf(
    table: DescribedTable,
    { name }: ColumnInfo,
    tables: readonly DescribedTable[],
  ): Promise<DescribedKey | undefined> {
    if (table.primaryKey.includes(name)) return undefined;
    if (table.foreignKeys.some(({ columns }) => columns.includes(name))) return undefined;
    const isParent = snakeCase(name) === 'parent_id';
    for (const other of tables) {
      const [key, ...furtherKeys] = other.primaryKey;
      const isMeant = other === table ? isParent : !isParent && refersTo(name, other);
      if (key === undefined || furtherKeys.length > 0 || !isMeant) continue;
      if (await this.#contains(other, key, { table, column: name })) {
        return { columns: [name], table: other.name, references: [key], isInferred: true };
      }
    }
    return undefined;
  }

  async #contains(
    other: DescribedTable,
    key: string,
    { table, column }: { readonly table: DescribedTable; readonly column: string },
  ): Promise<boolean> {
    if (++this.#references > MAX_REFERENCES) {
      this.isComplete = false;
      return false;
    }
    const [name, keyName] = [identifier(column), identifier(key)];
    // As text: a file that was guessed to hold numbers matches one that was not.
    const values = `SELECT DISTINCT CAST(${name} AS VARCHAR) AS v FROM (SELECT ${name} FROM ${table.name} WHERE ${name} IS NOT NULL LIMIT ${SAMPLE_ROWS}) AS first_rows LIMIT ${SAMPLE_VALUES}`;
    const keys = `SELECT DISTINCT CAST(${keyName} AS VARCHAR) AS k FROM ${other.name}`;
    const row = await this.#row(
      `SELECT count(*), count(k) FROM (${values}) AS referring LEFT JOIN (${keys}) AS referred ON v = k`,
    );
    const [all = 0, among] = row;
    return all !== 0 && all === among;
  }

  /** The one row that the statement answers; empty where it could not be had in time. */
  async #row(sql: string): Promise<readonly Value[]> {
    const timeoutMs = Math.floor(this.#until - performance.now());
    if (timeoutMs < 1) {
      this.isComplete = false;
      return [];
    }
    try {
      const statement = { sql, params: [] };
      const page = await this.#source.query({ ...this.#asking, timeoutMs }, statement, {
        limit: 1,
        offset: 0,
      });
      return page.rows[0] ?? [];
    } catch (error) {
      this.#asking.signal.throwIfAborted();
      if (!(error instanceof AppError)) throw error;
      // A file that cannot be counted can be described all the same.
      this.#asking.logger.debug({ err: error }, 'keys of a table cannot be looked for');
      this.isComplete = false;
      return [];
    }
  }
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
