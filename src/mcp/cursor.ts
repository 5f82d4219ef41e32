import { AppError } from '../core/errors.ts';

/**
 * A position in a list as text for a client to bring back: opaque to it, the same in every process and after
 * a restart. It grants nothing, and so is not sealed: what it leads to is what its bearer may see anyway.
 *
 * @param list the method that lists; the cursor of one list is none of another
 */
export function writeCursor(list: string, ...position: readonly string[]): string {
  return Buffer.from(JSON.stringify([list, ...position])).toString('base64url');
}

/** @throws AppError `INVALID_ARGUMENT` for a cursor that no page of this list has given. */
export function readCursor(list: string, cursor: string): string[] {
  const parsed = parsedJson(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!Array.isArray(parsed) || !parsed.every((part) => typeof part === 'string')) throw foreignCursor();
  const [of, ...position] = parsed;
  if (of !== list || writeCursor(list, ...position) !== cursor) throw foreignCursor();
  return position;
}

/** What an invalid cursor is answered with: −32602 to clients (server/utilities/pagination, "Error Handling"). */
export function foreignCursor(): AppError {
  return new AppError('INVALID_ARGUMENT', 'The cursor is not one that a page of this list has given.', {
    next: 'list again from the start, without a cursor',
  });
}

function parsedJson(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}
