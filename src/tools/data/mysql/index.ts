import type { DatabaseOptions } from '../options/databases.ts';
import type { DataSource } from '../source.ts';
import { MysqlSource } from './mysql-source.ts';

/** Nothing is connected before something is asked. */
export function openMysql(options: Extract<DatabaseOptions, { kind: 'mysql' }>): DataSource {
  return new MysqlSource(options);
}
