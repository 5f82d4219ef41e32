import { AppError } from '../../../core/errors.ts';
import { callText } from '../../../core/phrases.ts';
import type { WorkspaceFiles } from '../../../core/workspace-files.ts';
import type { Asking, Catalogue, CatalogueQuestion, ColumnInfo, Page, TableInfo } from '../source.ts';
import { sqlLiteral } from '../sql-literal.ts';

// Files of other kinds are found too and left out.
const MAX_FOUND = 5000;
const TABLE = /(\.(csv|tsv|json|jsonl|ndjson)(\.(gz|zst))?|\.parquet|\.xlsx)$/i;
/** Why a single file may not be readable as a table. */
const UNREADABLE: ReadonlySet<string> = new Set(['SQL_ERROR', 'NOT_TEXT', 'FILE_TOO_LARGE', 'MEMORY_LIMIT']);
/** Of the time there is: files that are not looked into by then are told by name, without columns. */
const SHARE_OF_TIME = 1 / 3;

type Select = (sql: string) => Promise<Page>;

/** The files that can be read as tables, in the order of their paths. */
export async function listFiles(
  files: WorkspaceFiles,
  asking: Asking,
  question: CatalogueQuestion,
  select: Select,
): Promise<Catalogue> {
  const { principal, signal } = asking;
  const found = await files.find(principal, patternOf(question), MAX_FOUND, signal);
  const paths = found.paths.filter((path) => TABLE.test(path));
  const tables: TableInfo[] = [];
  const until = performance.now() + asking.timeoutMs * SHARE_OF_TIME;
  for (const path of paths.slice(0, question.limit)) {
    const detail = performance.now() < until ? question.detail : 'names';
    const table = await describe(path, { files, asking, question: { ...question, detail }, select });
    if (table !== undefined) tables.push(table);
  }
  return { tables, more: paths.length > question.limit || found.more };
}

/** The table is a path as well, perhaps quoted as a statement quotes it. */
function patternOf({ table, path }: CatalogueQuestion): string {
  const spelling = table?.replace(/^(['"])(.*)\1$/, '$2') ?? path ?? '/';
  return spelling.startsWith('/') ? spelling : `/${spelling}`;
}

interface Setting {
  readonly files: WorkspaceFiles;
  readonly asking: Asking;
  readonly question: CatalogueQuestion;
  readonly select: Select;
}

/** Undefined for a file that has gone since it was found. */
async function describe(
  path: string,
  { files, asking, question, select }: Setting,
): Promise<TableInfo | undefined> {
  const { principal, signal } = asking;
  const again = (other: string): string => callText('describe_data', { source: 'files', path: other });
  let size: number;
  try {
    const file = await files.open(principal, path, again, signal);
    size = file.size;
    await file.close();
  } catch (error) {
    if (error instanceof AppError && error.code === 'PATH_NOT_FOUND') return undefined;
    throw error;
  }
  const table = {
    name: sqlLiteral(path),
    kind: 'file',
    size,
    columns: [],
    primaryKey: [],
    foreignKeys: [],
  } as const;
  if (question.detail === 'names') return table;
  try {
    return { ...table, columns: await columnsOf(path, select), ...(await rowsOf(path, select)) };
  } catch (error) {
    // One file that is none of what its name says does not hide the others.
    if (error instanceof AppError && UNREADABLE.has(error.code))
      return { ...table, comment: error.message.replace(/ At line \d+, column \d+\./, '') };
    throw error;
  }
}

async function columnsOf(path: string, select: Select): Promise<ColumnInfo[]> {
  const { rows } = await select(`DESCRIBE FROM ${sqlLiteral(path)}`);
  return rows.flatMap(([name, type]) =>
    typeof name === 'string' && typeof type === 'string' ? [{ name, type }] : [],
  );
}

/** Parquet files say how many rows they hold. */
async function rowsOf(path: string, select: Select): Promise<{ readonly rows?: number }> {
  if (!/\.parquet$/i.test(path)) return {};
  const { rows } = await select(`SELECT num_rows FROM parquet_file_metadata(${sqlLiteral(path)})`);
  const count = rows[0]?.[0];
  return typeof count === 'number' ? { rows: count } : {};
}
