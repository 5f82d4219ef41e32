import { AppError } from '../../../core/errors.ts';
import { fileError } from './file-error.ts';
import { quoted } from './virtual-path.ts';

type Meaning = (path: string, cause: unknown) => AppError;

const forbidden: Meaning = (path, cause) =>
  new AppError('FORBIDDEN', `The server's own account may not change ${quoted(path)}.`, {
    cause,
    next: 'ask the operator to give the server write permission, or write to another folder',
  });
const full: Meaning = (path, cause) =>
  new AppError('SOURCE_UNAVAILABLE', `There is no room left to write ${quoted(path)}. Nothing was changed.`, {
    cause,
    next: 'ask the operator to make room on the disk of the workspace',
  });
const readOnly: Meaning = (path, cause) =>
  new AppError('READ_ONLY', `${quoted(path)} lies on a file system that cannot be written.`, {
    cause,
    next: 'ask the operator for a workspace that can be written',
  });
const inUse: Meaning = (path, cause) =>
  new AppError('FORBIDDEN', `The system keeps ${quoted(path)} in its place, as it does the root of a disk.`, {
    cause,
    next: 'leave it, and take what is in it',
  });
const unnameable: Meaning = (path, cause) =>
  new AppError('INVALID_ARGUMENT', `The file system takes no such name as ${quoted(path)}.`, {
    cause,
    next: 'choose a shorter or plainer name',
  });

const MEANINGS: Readonly<Partial<Record<string, Meaning>>> = {
  EACCES: forbidden,
  EPERM: forbidden,
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: full,
  EROFS: readOnly,
  EBUSY: inUse,
  ENAMETOOLONG: unnameable,
  EINVAL: unnameable,
  EILSEQ: unnameable,
};

/** What a failure of the file system means to a caller that writes: {@link fileError} for the other direction. */
export function writeError(cause: unknown, path: string): unknown {
  return MEANINGS[errnoOf(cause)]?.(path, cause) ?? fileError(cause, path);
}

/** The system's name of a failure, `ENOENT`; empty for what is none of the file system's. */
export function errnoOf(error: unknown): string {
  if (error instanceof AppError) return '';
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
