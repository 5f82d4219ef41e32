import { callText } from '../../../core/phrases.ts';
import type { Principal } from '../../../core/principal.ts';
import { sqlLiteral } from '../sql-literal.ts';

/** A file of rows, one a line. */
interface Rows {
  readonly path: string;
  readonly columns: number;
  /** Rows from the first one on that are known. */
  readonly shown: number;
}

/** The call that goes on in a file of rows. */
export type Reader = (rows: Rows) => string;

/** The engine reads objects of so many members as maps, unless it is told not to. */
const COLUMNS_OF_A_MAP = 200;

/** How the caller can get at a file that was kept for it: none where it may neither query nor read files. */
export function readersFor({ scopes, permit }: Principal, canQueryFiles: boolean): readonly Reader[] {
  const canRead = scopes.has('files:read') && permit.allowsTool({ name: 'read_file', effect: 'read' });
  return [...(canQueryFiles ? [queried] : []), ...(canRead ? [read] : [])];
}

function queried({ path, columns, shown }: Rows): string {
  const file = sqlLiteral(path);
  const table = columns < COLUMNS_OF_A_MAP ? file : `read_json(${file}, map_inference_threshold = -1)`;
  const sql = `SELECT * FROM ${table}`;
  return callText('query_data', shown === 0 ? { sql } : { sql, offset: shown });
}

function read({ path, shown }: Rows): string {
  return callText('read_file', shown === 0 ? { paths: [path] } : { paths: [path], start_line: shown + 1 });
}
