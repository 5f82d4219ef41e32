import { sqlLiteral } from '../../sql-literal.ts';
import { Refusal } from './faults.ts';

// Compressed files keep the extension of what they hold: orders.csv.gz.
const COMPRESSED = /\.(gz|zst)$/i;

/** A function that the engine does not have here: workbooks reach it as CSV. */
export const WORKBOOK_READER = 'read_xlsx';

const READERS: Readonly<Record<string, string>> = {
  csv: 'read_csv',
  tsv: 'read_csv',
  parquet: 'read_parquet',
  json: 'read_json',
  jsonl: 'read_json',
  ndjson: 'read_json',
  geojson: 'read_json',
  xlsx: WORKBOOK_READER,
};

/**
 * The function that reads files of this name.
 *
 * @throws Refusal for a name that does not tell
 */
export function readerOf(spelling: string): string {
  const extension = extensionOf(spelling);
  const reader = Object.hasOwn(READERS, extension) ? READERS[extension] : undefined;
  if (reader !== undefined) return reader;
  throw new Refusal(
    'SQL_ERROR',
    `There is no table ${JSON.stringify(spelling)}: tables are files here, and this name does not tell of which kind it is.`,
    extension === ''
      ? 'describe_data {"source":"files","detail":"names"} lists the files, named as in FROM'
      : `write FROM read_csv(${sqlLiteral(absolute(spelling))}), or read_parquet, read_json, read_text; describe_data {"source":"files"} lists the files`,
  );
}

function extensionOf(spelling: string): string {
  const name = spelling.replace(COMPRESSED, '');
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
}

/** The name under which columns of the file can be qualified, as the engine itself makes it. */
export function aliasOf(spelling: string): string {
  if (/[*?[\]{}]/.test(spelling)) return '';
  return spelling.slice(spelling.lastIndexOf('/') + 1).split('.')[0] ?? '';
}

function absolute(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
