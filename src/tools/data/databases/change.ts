import { AppError } from '../../../core/errors.ts';
import { counted, grouped } from '../../../core/phrases.ts';

/** Safe writes may wait for other machines. */
export const COMMIT_MS = 60_000;

/** Not `SOURCE_UNAVAILABLE`, as that tells to try again. @param cause the commit's end, of which no server has told */
export function unknownOutcome(cause: unknown): AppError {
  return new AppError(
    'SQL_ERROR',
    'The connection was lost while the change was committed: whether it was applied is not known.',
    { next: 'look with query_data whether it was applied, before you send it again', cause },
  );
}

export function tooManyAffected(affected: number, maxAffected: number): AppError {
  return new AppError(
    'INVALID_ARGUMENT',
    `The statement would change ${counted(affected, 'row')}, more than max_affected=${grouped(maxAffected)}; nothing was changed.`,
    { next: `narrow its WHERE, or set max_affected to ${affected} if all of them are meant` },
  );
}
