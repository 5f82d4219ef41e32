import { identifier } from '../databases/identifier.ts';
import type { Catalogue, CatalogueQuestion, ForeignKey, TableInfo } from '../source.ts';
import type { MysqlConnection, Row } from './connection.ts';

const SYSTEM = `('information_schema', 'performance_schema', 'mysql', 'sys')`;

/** What the account can read: the server shows nothing else of it. */
export async function catalogueOf(
  connection: MysqlConnection,
  schemas: readonly string[],
  { table = '', detail, limit }: CatalogueQuestion,
  signal: AbortSignal,
): Promise<Catalogue> {
  const spelled = table.replaceAll('`', '').toLowerCase();
  const wanted =
    spelled === '' ? '' : 'AND ? IN (lower(table_name), lower(concat(table_schema, ".", table_name)))';
  const found = await connection.run(
    `SELECT table_schema, table_name, table_type, table_rows, table_comment, table_schema = database()
     FROM information_schema.tables WHERE table_schema NOT IN ${SYSTEM} ${among(schemas)}
       ${wanted.replaceAll('"', "'")}
     ORDER BY table_schema <> database(), table_schema, table_name LIMIT ?`,
    [...schemas, ...(spelled === '' ? [] : [spelled]), limit + 1],
    signal,
  );
  const shown = found.rows.slice(0, limit);
  const names = shown.map((row) => [text(row[0]), text(row[1])] as const);
  const details =
    detail === 'names' || names.length === 0 ? undefined : await detailsOf(connection, names, signal);
  return {
    more: found.rows.length > limit,
    tables: shown.map((row) => tableOf(row, details)),
  };
}

interface Details {
  readonly columns: ReadonlyMap<string, readonly Row[]>;
  readonly keys: ReadonlyMap<string, readonly Row[]>;
}

async function detailsOf(
  connection: MysqlConnection,
  names: readonly (readonly [string, string])[],
  signal: AbortSignal,
): Promise<Details> {
  const pairs = names.map(() => '(?, ?)').join(', ');
  const columns = await connection.run(
    `SELECT table_schema, table_name, column_name, column_type, is_nullable, column_comment
     FROM information_schema.columns WHERE (table_schema, table_name) IN (${pairs})
     ORDER BY table_schema, table_name, ordinal_position`,
    names.flat(),
    signal,
  );
  const keys = await connection.run(
    `SELECT table_schema, table_name, constraint_name, column_name,
       referenced_table_schema, referenced_table_name, referenced_column_name,
       referenced_table_schema = database()
     FROM information_schema.key_column_usage WHERE (table_schema, table_name) IN (${pairs})
       AND (constraint_name = 'PRIMARY' OR referenced_table_name IS NOT NULL)
     ORDER BY table_schema, table_name, constraint_name, ordinal_position`,
    names.flat(),
    signal,
  );
  return { columns: grouped(columns.rows), keys: grouped(keys.rows) };
}

function tableOf([schema, name, type, rows, comment, isHere]: Row, details: Details | undefined): TableInfo {
  const key = `${text(schema)}.${text(name)}`;
  const isView = text(type).includes('VIEW');
  const keys = details?.keys.get(key) ?? [];
  return {
    name: spelledIn(schema, name, isHere),
    kind: isView ? 'view' : 'table',
    ...(isView || rows === null ? {} : { rows: Number(rows) }),
    // Of a view the server writes this instead.
    ...(isView ? {} : commented(comment)),
    columns: (details?.columns.get(key) ?? []).map(([, , column, columnType, isNullable, remark]) => ({
      name: text(column),
      type: text(columnType),
      nullable: isNullable === 'YES',
      ...commented(remark),
    })),
    primaryKey: keys.filter((row) => row[2] === 'PRIMARY').map((row) => text(row[3])),
    foreignKeys: foreignKeysIn(keys),
  };
}

function foreignKeysIn(keys: readonly Row[]): ForeignKey[] {
  const found = new Map<string, ForeignKey>();
  for (const [, , constraint, column, schema, table, other, isHere] of keys) {
    if (table === null) continue;
    const name = text(constraint);
    const known = found.get(name) ?? { columns: [], table: spelledIn(schema, table, isHere), references: [] };
    found.set(name, {
      ...known,
      columns: [...known.columns, text(column)],
      references: [...known.references, text(other)],
    });
  }
  return [...found.values()];
}

/** What could have been meant by a name that was not found. */
export async function candidatesFor(
  connection: MysqlConnection,
  what: 'table' | 'column',
): Promise<string[]> {
  const view = what === 'table' ? 'tables' : 'columns';
  const found = await connection.texts(
    `SELECT DISTINCT ${what}_name FROM information_schema.${view} WHERE table_schema NOT IN ${SYSTEM} LIMIT 2000`,
  );
  return found.map((name) => identifier(name, '`'));
}

/** One table that cannot be rolled back, if the account sees any. */
export async function lastingTable(connection: MysqlConnection): Promise<string | undefined> {
  const [found] = await connection.texts(
    `SELECT concat(t.table_name, ' (', t.engine, ')') FROM information_schema.tables t
       LEFT JOIN information_schema.engines e ON e.engine = t.engine
     WHERE t.table_type = 'BASE TABLE' AND t.table_schema NOT IN ${SYSTEM} AND coalesce(e.transactions, 'NO') <> 'YES'
     LIMIT 1`,
  );
  return found;
}

function among(schemas: readonly string[]): string {
  return schemas.length === 0 ? '' : `AND table_schema IN (${schemas.map(() => '?').join(', ')})`;
}

function grouped(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${text(row[0])}.${text(row[1])}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

function spelledIn(schema: unknown, name: unknown, isHere: unknown): string {
  const own = identifier(text(name), '`');
  return Number(isHere) === 1 ? own : `${identifier(text(schema), '`')}.${own}`;
}

function commented(comment: unknown): { comment?: string } {
  return text(comment) === '' ? {} : { comment: text(comment) };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
