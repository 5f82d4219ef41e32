import { AppError } from '../../../core/errors.ts';
import { quoted } from './virtual-path.ts';

const AWAY: ReadonlySet<string> = new Set(['SOURCE_UNAVAILABLE', 'FORBIDDEN', 'PATH_NOT_FOUND']);

type Meaning = (path: string, cause: unknown) => AppError;

const missing: Meaning = (path, cause) =>
  new AppError('PATH_NOT_FOUND', `There is no ${quoted(path)}.`, { cause });
const forbidden: Meaning = (path, cause) =>
  new AppError('FORBIDDEN', `The server's own account may not read ${quoted(path)}.`, {
    cause,
    next: 'ask the operator to give the server read permission, or go on without this file',
  });
const busy: Meaning = (_path, cause) =>
  new AppError('BUSY', 'The server has no file descriptor left.', { cause, retryAfter: 1 });
const unavailable: Meaning = (path, cause) =>
  new AppError('SOURCE_UNAVAILABLE', `${quoted(path)} cannot be reached now.`, {
    cause,
    next: 'try again later, or tell the operator that the disk of the workspace fails',
  });

const MEANINGS: Readonly<Partial<Record<string, Meaning>>> = {
  ENOENT: missing,
  ENOTDIR: missing,
  ELOOP: missing,
  ENAMETOOLONG: missing,
  EACCES: forbidden,
  EPERM: forbidden,
  EMFILE: busy,
  ENFILE: busy,
  EIO: unavailable,
  ENXIO: unavailable,
  ENODEV: unavailable,
  ESTALE: unavailable,
  // Of file systems that lie elsewhere, and of damaged ones.
  ENOTCONN: unavailable,
  EHOSTDOWN: unavailable,
  ETIMEDOUT: unavailable,
  EUCLEAN: unavailable,
};

/** Whether the file system says that there is no such thing. */
export function isMissing(error: unknown): boolean {
  return MEANINGS[codeOf(error)] === missing;
}

/** Whether a workspace cannot be reached or read now, which is no reason for the others not to be. */
export function isAway(error: unknown): boolean {
  return error instanceof AppError && AWAY.has(error.code);
}

/** What a failure of the file system means to a caller. The system's own text names places of the machine, so it stays the cause. */
export function fileError(cause: unknown, path: string): unknown {
  if (cause instanceof AppError) return cause;
  return MEANINGS[codeOf(cause)]?.(path, cause) ?? cause;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
