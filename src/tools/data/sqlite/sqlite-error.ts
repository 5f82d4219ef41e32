import { AppError } from '../../../core/errors.ts';
import { sqlError } from '../databases/sql-error.ts';
import { notReadOnly, positionOf, type Token } from '../databases/sql-text.ts';
import { outOfMemory } from '../databases/values.ts';

interface Surroundings {
  readonly sql: string;
  readonly tokens: readonly Token[];
  readonly names: (what: 'table' | 'column') => readonly string[];
}

// https://www.sqlite.org/rescode.html, primary codes.
const BUSY = new Set([5, 6]);
const NO_MEMORY = new Set([7, 18]);
const READ_ONLY = 8;
const CANNOT_OPEN = 14;
const DENIED = 23;
const UNUSABLE = new Set([3, 10, 11, 13, CANNOT_OPEN, 22, 26]);

/** Whether it fails for want of something that it cannot create or write to. */
export function needsFolder(error: unknown): boolean {
  const code = codeOf(error);
  return code === READ_ONLY || code === CANNOT_OPEN;
}

/** Primary; undefined of what SQLite has not said. */
function codeOf(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** @param error what `node:sqlite` has thrown */
export function toAppError(error: unknown, surroundings: Surroundings): AppError {
  if (!(error instanceof Error)) return new AppError('INTERNAL', 'SQLite failed.', { cause: error });
  const code = codeOf(error);
  if (code === undefined) return withoutCode(error);
  if (BUSY.has(code)) {
    return new AppError('BUSY', 'The database is locked by somebody who writes to it.', {
      retryAfter: 2,
      cause: error,
    });
  }
  if (NO_MEMORY.has(code)) return outOfMemory(error);
  if (code === READ_ONLY || code === DENIED) return notReadOnly('The statement does more than read.', error);
  if (UNUSABLE.has(code)) return new AppError('SOURCE_UNAVAILABLE', error.message, { cause: error });
  return describe(error, surroundings);
}

/** What the binding finds wrong itself: arguments that cannot be bound, a file that cannot be opened. */
function withoutCode(error: Error): AppError {
  const isArgument = 'code' in error && String(error.code).startsWith('ERR_INVALID');
  if (isArgument) return sqlError({ message: error.message, cause: error });
  return new AppError('SOURCE_UNAVAILABLE', error.message, { cause: error });
}

function describe(error: Error, { sql, tokens, names }: Surroundings): AppError {
  const message = error.message;
  const name = /^(?:near "(.+)": |no such (?:table|column|function): (.+)|ambiguous column name: (.+))/s
    .exec(message)
    ?.slice(1)
    .find((part: string | undefined) => part !== undefined);
  const missing = /^no such (table|column): (.+)/.exec(message);
  return sqlError({
    message,
    position: message === 'incomplete input' ? positionOf(sql, sql.length) : placeOf(sql, tokens, name),
    missing:
      missing === null
        ? undefined
        : { name: missing[2] ?? '', candidates: names(missing[1] === 'table' ? 'table' : 'column') },
    cause: error,
  });
}

/** Where the name stands, as SQLite tells no place; undefined where it stands several times. */
function placeOf(sql: string, tokens: readonly Token[], name: string | undefined): string | undefined {
  const own = name?.split('.').at(-1);
  const places = tokens.filter(({ text }) => text === own);
  const [place] = places;
  return place === undefined || places.length > 1 ? undefined : positionOf(sql, place.start);
}
