import { AppError } from '../../../core/errors.ts';
import { tooLong } from '../databases/deadline.ts';
import { sqlError, unavailable, unreachable } from '../databases/sql-error.ts';
import { notReadOnly, positionOf } from '../databases/sql-text.ts';
import type { Told } from '../databases/transactions.ts';
import { outOfMemory } from '../databases/values.ts';

/** What the server says of a statement. */
interface DatabaseError extends Error {
  /** SQLSTATE; PostgreSQL documentation, "PostgreSQL Error Codes". */
  readonly code: string;
  readonly position?: string;
  readonly hint?: string;
}

/** @param error what the driver has thrown */
export function toAppError(error: unknown, told: Told): AppError {
  if (error instanceof AppError) return error;
  if (!isDatabaseError(error)) return unreachable(told.name, error);
  const special = byCode(error, told);
  if (special !== undefined) return special;
  const missing = missingName(error);
  return sqlError({
    message: error.message,
    position: placeOf(error, told),
    hint: error.hint,
    missing: missing && { name: missing.name, candidates: told.candidates },
    cause: error,
  });
}

function byCode(error: DatabaseError, { name, timeoutMs }: Told): AppError | undefined {
  const { code } = error;
  if (code === '25006') return notReadOnly(`The statement does more than read: ${error.message}.`, error);
  if (code === '57014') return tooLong(timeoutMs);
  if (code === '55P03' || code === '40P01') {
    return new AppError('BUSY', 'Another transaction holds what the statement needs.', {
      retryAfter: 2,
      cause: error,
    });
  }
  if (/^(?:53[124]|54)/.test(code)) return outOfMemory(error);
  const reason = unavailability(code);
  return reason === undefined ? undefined : unavailable(name, reason, error);
}

function unavailability(code: string): string | undefined {
  if (code.startsWith('28')) return 'its server refuses the account';
  if (code === '3D000') return 'its database does not exist';
  if (code === '53300') return 'its server has no connection left';
  return /^(?:08(?!P01)|57P|58|XX)/.test(code) ? 'its server is not ready' : undefined;
}

export function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && 'code' in error && 'severity' in error && typeof error.code === 'string';
}

/** What a statement names and the server does not find; it says so in English unless it is told otherwise. */
export function missingName(
  error: unknown,
): { readonly what: 'table' | 'column'; readonly name: string } | undefined {
  if (!isDatabaseError(error)) return undefined;
  const name = /^(?:column|relation) "?([^" ]+)/.exec(error.message)?.[1];
  if (name === undefined) return undefined;
  if (error.code === '42P01') return { what: 'table', name };
  return error.code === '42703' ? { what: 'column', name } : undefined;
}

/** The server counts characters from 1. */
function placeOf({ position }: DatabaseError, { sql, prefix = 0 }: Told): string | undefined {
  if (position === undefined) return undefined;
  const before = Array.from(sql)
    .slice(0, Number(position) - 1 - prefix)
    .join('');
  return positionOf(sql, before.length);
}
