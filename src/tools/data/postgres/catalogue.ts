import type { Catalogue, CatalogueQuestion, ColumnInfo, ForeignKey, TableInfo } from '../source.ts';
import type { PostgresConnection, Row } from './connection.ts';

/** As a statement names it: without the schema where the search path finds it. */
const SPELLED = (table: string, schema: string): string =>
  `CASE WHEN pg_catalog.pg_table_is_visible(${table}.oid) THEN pg_catalog.quote_ident(${table}.relname)
   ELSE pg_catalog.quote_ident(${schema}.nspname) || '.' || pg_catalog.quote_ident(${table}.relname) END`;

const TABLES = `
  SELECT c.oid, ${SPELLED('c', 'n')}, c.relkind, c.reltuples::bigint, pg_catalog.obj_description(c.oid, 'pg_class')
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND (cardinality($1::text[]) = 0 OR n.nspname = ANY($1))
    AND ($2::text IS NULL OR lower($2) IN (
      lower(c.relname), lower(pg_catalog.quote_ident(c.relname)), lower(n.nspname || '.' || c.relname),
      lower(pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname))))
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))
  ORDER BY NOT pg_catalog.pg_table_is_visible(c.oid), n.nspname, c.relname
  LIMIT $3`;

const COLUMNS = `
  SELECT a.attrelid, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
    pg_catalog.col_description(a.attrelid, a.attnum)
  FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped
    AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
  ORDER BY a.attrelid, a.attnum`;

const NAMES = (table: string, keys: string): string =>
  `(SELECT json_agg(a.attname ORDER BY k.place) FROM unnest(${keys}) WITH ORDINALITY k(attnum, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = ${table} AND a.attnum = k.attnum)`;

const KEYS = `
  SELECT x.conrelid, x.contype, ${NAMES('x.conrelid', 'x.conkey')}, ${SPELLED('t', 'n')},
    ${NAMES('x.confrelid', 'x.confkey')}
  FROM pg_catalog.pg_constraint x
    LEFT JOIN pg_catalog.pg_class t ON t.oid = x.confrelid
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
  WHERE x.conrelid = ANY($1) AND x.contype IN ('p', 'f')
  ORDER BY x.conrelid, x.contype DESC, x.conname`;

/** What the account can read, in a transaction that has begun. */
export async function catalogueOf(
  connection: PostgresConnection,
  schemas: readonly string[],
  { table, detail, limit }: CatalogueQuestion,
  signal: AbortSignal,
): Promise<Catalogue> {
  const found = await connection.run(TABLES, [schemas, table ?? null, limit + 1], signal);
  const shown = found.rows.slice(0, limit);
  const ids = shown.map(([id]) => id);
  const columns = detail === 'names' ? NONE : await grouped(connection, COLUMNS, ids, signal);
  const keys = detail === 'names' ? NONE : await grouped(connection, KEYS, ids, signal);
  return {
    more: found.rows.length > limit,
    tables: shown.map((row) => tableOf(row, columns.get(row[0] ?? '') ?? [], keys.get(row[0] ?? '') ?? [])),
  };
}

const NONE: ReadonlyMap<string, readonly Row[]> = new Map();

async function grouped(
  connection: PostgresConnection,
  sql: string,
  ids: readonly unknown[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Row[]>> {
  const { rows } = await connection.run(sql, [ids], signal);
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const table = row[0] ?? '';
    groups.set(table, [...(groups.get(table) ?? []), row]);
  }
  return groups;
}

function tableOf(
  [, name, kind, rows, comment]: Row,
  columns: readonly Row[],
  keys: readonly Row[],
): TableInfo {
  const isView = kind === 'v' || kind === 'm';
  // -1: nobody has counted yet.
  const hasEstimate = kind !== 'v' && kind !== 'f' && Number(rows) >= 0;
  return {
    name: name ?? '',
    kind: isView ? 'view' : 'table',
    ...(hasEstimate ? { rows: Number(rows) } : {}),
    ...commented(comment),
    columns: columns.map(columnOf),
    primaryKey: namesIn(keys.find(([, type]) => type === 'p')?.[2]),
    foreignKeys: keys.filter(([, type]) => type === 'f').map(foreignKeyOf),
  };
}

function columnOf([, name, type, isRequired, comment]: Row): ColumnInfo {
  return { name: name ?? '', type: type ?? '', nullable: isRequired !== 't', ...commented(comment) };
}

function foreignKeyOf([, , columns, table, references]: Row): ForeignKey {
  return { columns: namesIn(columns), table: table ?? '', references: namesIn(references) };
}

function namesIn(json: string | null | undefined): string[] {
  return JSON.parse(json ?? '[]') as string[];
}

function commented(comment: string | null | undefined): { comment?: string } {
  return typeof comment === 'string' ? { comment } : {};
}

const COLUMN_NAMES = `
  SELECT DISTINCT a.attname FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
  ORDER BY 1 LIMIT 2000`;

/** What could have been meant by a name that was not found. */
export async function candidatesFor(
  connection: PostgresConnection,
  what: 'table' | 'column',
  schemas: readonly string[],
): Promise<string[]> {
  const { rows } =
    what === 'column'
      ? await connection.own(COLUMN_NAMES)
      : await connection.own(TABLES, [schemas, null, 500]);
  return rows.map((row) => (what === 'column' ? row[0] : row[1]) ?? '');
}
