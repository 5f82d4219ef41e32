import { AppError } from '../../../core/errors.ts';
import { tooLong } from '../databases/deadline.ts';
import { sqlError, unavailable, unreachable } from '../databases/sql-error.ts';
import { notReadOnly, positionOf } from '../databases/sql-text.ts';
import type { Told } from '../databases/transactions.ts';
import { outOfMemory } from '../databases/values.ts';

/** What the server says of a statement. */
interface DatabaseError extends Error {
  readonly errno: number;
  readonly sqlMessage: string;
}

// MySQL "Server Error Message Reference", MariaDB "Error Codes".
const READ_ONLY = 1792;
const ACCOUNT = new Set([1044, 1045, 1049, 1130, 1226, 1251, 1698, 1820, 4151]);
const FULL = new Set([1040, 1203]);
const NOT_READY = new Set([1053, 1927, 2006, 2013, 4031]);
const LOCKED = new Set([1205, 1213]);
const TIMES_UP = new Set([1317, 1969, 3024]);
const MEMORY = new Set([1037, 1038, 1041, 1114, 1153, 1301, 3635]);
const UNKNOWN_COLUMN = 1054;
// A table that is not there is denied to who may not see what is.
const UNKNOWN_TABLES = new Set([1146, 1142]);

/** @param error what the driver has thrown */
export function toAppError(error: unknown, told: Told): AppError {
  if (error instanceof AppError) return error;
  if (!isDatabaseError(error)) return unreachable(told.name, error);
  const special = byNumber(error, told);
  if (special !== undefined) return special;
  const missing = missingName(error);
  return sqlError({
    message: said(error),
    position: placeOf(error, told.sql),
    missing: missing && { name: missing.name, candidates: told.candidates },
    cause: error,
  });
}

function byNumber(error: DatabaseError, { name, timeoutMs }: Told): AppError | undefined {
  const { errno, sqlMessage } = error;
  if (errno === READ_ONLY) return notReadOnly(`The statement does more than read: ${sqlMessage}.`, error);
  if (TIMES_UP.has(errno)) return tooLong(timeoutMs);
  if (MEMORY.has(errno)) return outOfMemory(error);
  if (LOCKED.has(errno)) {
    return new AppError('BUSY', 'Another transaction holds what the statement needs.', {
      retryAfter: 2,
      cause: error,
    });
  }
  if (ACCOUNT.has(errno)) return unavailable(name, 'its server refuses the account or the database', error);
  if (FULL.has(errno)) return unavailable(name, 'its server has no connection left', error);
  return NOT_READY.has(errno) ? unavailable(name, 'its server is not ready', error) : undefined;
}

function isDatabaseError(error: unknown): error is DatabaseError {
  return (
    error instanceof Error && 'sqlMessage' in error && 'errno' in error && typeof error.errno === 'number'
  );
}

/** Whether the server has said no, and not only gone. */
export function isRefusal(error: unknown): boolean {
  return isDatabaseError(error) && !NOT_READY.has(error.errno);
}

/** What a statement names and the server does not find. */
export function missingName(
  error: unknown,
): { readonly what: 'table' | 'column'; readonly name: string } | undefined {
  if (!isDatabaseError(error)) return undefined;
  const name = /^[^']*'([^']+)'/.exec(said(error))?.[1] ?? /`([^`]+)`$/.exec(said(error))?.[1];
  if (name === undefined) return undefined;
  if (UNKNOWN_TABLES.has(error.errno)) return { what: 'table', name };
  return error.errno === UNKNOWN_COLUMN ? { what: 'column', name } : undefined;
}

/** Without the name of the account, its address, and the manual. */
function said({ sqlMessage }: DatabaseError): string {
  return sqlMessage
    .replace(/ (?:to|for) user '[^']*'@'[^']*'/, '')
    .replace(/; check the manual that corresponds to .*? for the right syntax to use/, '');
}

/** The server tells a line at most, and the text from there on. */
function placeOf(error: DatabaseError, sql: string): string | undefined {
  const near = /near '([^]+)' at line \d+/.exec(error.sqlMessage)?.[1];
  const text = near ?? missingName(error)?.name.split('.').at(-1);
  if (text === undefined) return undefined;
  const at = sql.indexOf(text);
  return at === -1 || at !== sql.lastIndexOf(text) ? undefined : positionOf(sql, at);
}
