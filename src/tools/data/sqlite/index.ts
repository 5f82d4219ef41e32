import type { Processes } from '../../../core/processes.ts';
import type { SqliteOptions } from '../options/databases.ts';
import type { DataSource } from '../source.ts';
import { SqliteSource } from './sqlite-source.ts';

export function openSqlite(
  options: SqliteOptions,
  { processes }: { readonly processes: Processes },
): DataSource {
  return new SqliteSource(options, processes);
}
