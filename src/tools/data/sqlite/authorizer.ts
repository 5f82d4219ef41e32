import { constants } from 'node:sqlite';

/** What SQLite asks before it compiles a part of a statement; it asks again when the schema has changed. */
type Authorizer = (action: number, first: string | null, second: string | null) => number;

/** They tell of tables and change nothing. FTS5 asks for `data_version` itself. */
const PRAGMAS: ReadonlySet<string> = new Set([
  ...['table_info', 'table_xinfo', 'table_list', 'index_list', 'index_info', 'index_xinfo'],
  ...['foreign_key_list', 'data_version'],
]);
/** Load code, hand out addresses of memory, or read around the tables. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...['load_extension', 'fts3_tokenizer', 'readfile', 'writefile', 'edit', 'fsdir', 'rbu_tmp_insert'],
]);
const TABLES: ReadonlySet<string> = new Set(['sqlite_dbpage']);

const READING: ReadonlySet<number> = new Set([
  constants.SQLITE_SELECT,
  constants.SQLITE_RECURSIVE,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_PRAGMA,
]);
const CHANGES: ReadonlySet<number> = new Set([
  constants.SQLITE_INSERT,
  constants.SQLITE_UPDATE,
  constants.SQLITE_DELETE,
]);

/** Lets pass what reads, and where it is `writable` what changes rows of tables. Tells what it has refused. */
export function createAuthorizer(writable: boolean, refused: (what: string) => void): Authorizer {
  const actions = writable ? new Set([...READING, ...CHANGES]) : READING;
  return (action, first, second) => {
    const what = actions.has(action) ? refusal(action, first, second) : nameOf(action);
    if (what === false) return constants.SQLITE_OK;
    refused(what);
    return constants.SQLITE_DENY;
  };
}

const CHECKS: Readonly<Record<number, (first: string, second: string) => string | false>> = {
  [constants.SQLITE_PRAGMA]: (pragma) => !PRAGMAS.has(pragma) && `PRAGMA ${pragma}`,
  [constants.SQLITE_FUNCTION]: (_, name) => FUNCTIONS.has(name) && `${name}()`,
  [constants.SQLITE_READ]: (table) => (TABLES.has(table) || isOtherPragma(table)) && table,
  [constants.SQLITE_INSERT]: inSchema,
  [constants.SQLITE_UPDATE]: inSchema,
  [constants.SQLITE_DELETE]: inSchema,
};

/** A pragma as a table: `pragma_table_info`. */
function isOtherPragma(table: string): boolean {
  return table.startsWith('pragma_') && !PRAGMAS.has(table.slice('pragma_'.length));
}

function inSchema(table: string): string | false {
  return table.startsWith('sqlite_') && `changing ${table}`;
}

function refusal(action: number, first: string | null, second: string | null): string | false {
  return CHECKS[action]?.(first?.toLowerCase() ?? '', second?.toLowerCase() ?? '') ?? false;
}

const NAMES: Readonly<Record<number, string>> = {
  [constants.SQLITE_ATTACH]: 'ATTACH',
  [constants.SQLITE_DETACH]: 'DETACH',
  [constants.SQLITE_TRANSACTION]: 'a transaction',
  [constants.SQLITE_SAVEPOINT]: 'SAVEPOINT',
  [constants.SQLITE_INSERT]: 'INSERT',
  [constants.SQLITE_UPDATE]: 'UPDATE',
  [constants.SQLITE_DELETE]: 'DELETE',
};

function nameOf(action: number): string {
  return NAMES[action] ?? 'a change of the schema';
}
