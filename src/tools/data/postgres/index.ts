import type { DatabaseOptions } from '../options/databases.ts';
import type { DataSource } from '../source.ts';
import { PostgresSource } from './postgres-source.ts';

/** Nothing is connected before something is asked. */
export function openPostgres(options: Extract<DatabaseOptions, { kind: 'postgres' }>): DataSource {
  return new PostgresSource(options);
}
