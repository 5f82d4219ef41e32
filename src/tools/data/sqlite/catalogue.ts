import { identifier } from '../databases/identifier.ts';
import type { Catalogue, CatalogueQuestion, ColumnInfo, ForeignKey, TableInfo } from '../source.ts';
import type { OpenedDatabase } from './opened-database.ts';

const TABLES = `
  SELECT name, type FROM pragma_table_list
  WHERE schema = 'main' AND type IN ('table', 'view', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    AND (? = '' OR lower(name) = lower(?))
  ORDER BY name LIMIT ?`;

export function catalogueOf(database: OpenedDatabase, question: Omit<CatalogueQuestion, 'path'>): Catalogue {
  const table = question.table?.replace(/^main\./i, '').replace(/^"(.*)"$/, '$1') ?? '';
  const found = database.all(TABLES, table, table, question.limit + 1);
  const rows = rowEstimates(database);
  const shown = found.slice(0, question.limit);
  return {
    more: found.length > question.limit,
    tables: shown.map(({ name, type }) => {
      const own = String(name);
      const estimate = rows.get(own);
      return {
        name: identifier(own, '"'),
        kind: type === 'view' ? ('view' as const) : ('table' as const),
        ...(estimate === undefined ? {} : { rows: estimate }),
        ...(question.detail === 'names' ? NOTHING : detailsOf(database, own)),
      };
    }),
  };
}

const NOTHING = { columns: [], primaryKey: [], foreignKeys: [] };

function detailsOf(
  database: OpenedDatabase,
  table: string,
): Pick<TableInfo, 'columns' | 'primaryKey' | 'foreignKeys'> {
  const all = columnsOf(database, table)
    // Hidden columns of virtual tables; generated ones (2 and 3) are shown.
    .filter(({ hidden }) => Number(hidden) !== 1);
  const columns: ColumnInfo[] = all.map(({ name, type, required, pk }) => ({
    name: String(name),
    type: String(type),
    nullable: Number(required) === 0 && Number(pk) === 0,
  }));
  const primaryKey = all
    .filter(({ pk }) => Number(pk) > 0)
    .sort((one, other) => Number(one['pk']) - Number(other['pk']))
    .map(({ name }) => String(name));
  return { columns, primaryKey, foreignKeys: foreignKeysOf(database, table) };
}

/** A view may stand on what is gone, or call what no view may; then nobody can tell its columns. */
function columnsOf(database: OpenedDatabase, table: string): ReturnType<OpenedDatabase['all']> {
  try {
    return database.all(
      'SELECT name, type, "notnull" AS required, pk, hidden FROM pragma_table_xinfo(?)',
      table,
    );
  } catch {
    return [];
  }
}

function foreignKeysOf(database: OpenedDatabase, table: string): ForeignKey[] {
  const rows = database.all(
    'SELECT id, "table" AS target, "from" AS own, "to" AS other FROM pragma_foreign_key_list(?) ORDER BY id, seq',
    table,
  );
  const keys = new Map<number, ForeignKey>();
  for (const { id, target, own, other } of rows) {
    const name = String(target);
    const known = keys.get(Number(id)) ?? { columns: [], table: identifier(name, '"'), references: [] };
    const references = other === null ? primaryKeyOf(database, name, known.references.length) : [text(other)];
    keys.set(Number(id), {
      ...known,
      columns: [...known.columns, text(own)],
      references: [...known.references, ...references],
    });
  }
  return [...keys.values()];
}

/** A foreign key that names no column means the primary key. */
function primaryKeyOf(database: OpenedDatabase, table: string, position: number): string[] {
  const found = database.all('SELECT name FROM pragma_table_info(?) WHERE pk = ?', table, position + 1);
  return found.map(({ name }) => text(name));
}

/** By what ANALYZE has left, where it was run. */
function rowEstimates(database: OpenedDatabase): ReadonlyMap<string, number> {
  const has = database.all("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'").length > 0;
  if (!has) return new Map();
  const stats = database.all('SELECT tbl, max(CAST(stat AS INTEGER)) AS rows FROM sqlite_stat1 GROUP BY tbl');
  return new Map(stats.map(({ tbl, rows }) => [text(tbl), Number(rows)]));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
