import { AppError } from '../../../core/errors.ts';
import { shortened } from '../result/cells.ts';
import type { Asking, DataSource, Page } from '../source.ts';
import type { DescribedTable } from './described-table.ts';

const MAX_TABLES = 10;
const CELL_CHARACTERS = 80;
const PATIENCE_MS = 5000;

/** The tables, the first of them with their first rows; wide values shortened. */
export async function withSamples(
  source: DataSource,
  asking: Asking,
  tables: readonly DescribedTable[],
  rows: number,
): Promise<{ readonly tables: readonly DescribedTable[]; readonly remark: string | undefined }> {
  const until = performance.now() + Math.min(PATIENCE_MS, asking.timeoutMs);
  const sampled: DescribedTable[] = [];
  for (const table of tables.slice(0, MAX_TABLES)) {
    const timeoutMs = Math.floor(until - performance.now());
    if (timeoutMs < 1) break;
    const sample = await sampleOf(source, { ...asking, timeoutMs }, table, rows);
    sampled.push(sample === undefined ? table : { ...table, sample });
  }
  const remark =
    sampled.length < tables.length ? `rows shown of the first ${sampled.length} tables only` : undefined;
  return { tables: [...sampled, ...tables.slice(sampled.length)], remark };
}

async function sampleOf(
  source: DataSource,
  asking: Asking,
  { name }: DescribedTable,
  limit: number,
): Promise<Page | undefined> {
  try {
    const page = await source.query(
      asking,
      { sql: `SELECT * FROM ${name}`, params: [] },
      { limit, offset: 0 },
    );
    const rows = page.rows.map((row) => row.map((value) => shortened(value, CELL_CHARACTERS)));
    return { ...page, rows };
  } catch (error) {
    asking.signal.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
    // A table that cannot be read is described all the same.
    asking.logger.debug({ err: error }, 'rows of a table cannot be shown');
    return undefined;
  }
}
