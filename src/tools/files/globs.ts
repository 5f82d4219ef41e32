import { AppError } from '../../core/errors.ts';

/** Values are joined to their option, so that none can be taken for an option. */
export function globArguments(globs: readonly string[]): string[] {
  return globs.map((glob) => {
    if (glob.includes('\0')) throw unreadable('it holds a NUL character');
    return `--glob=${glob}`;
  });
}

/** They come last and so outweigh every other glob. */
export function denyArguments(globs: readonly string[]): string[] {
  return globs.map((glob) => `--iglob=!${glob}`);
}

/** @throws AppError `INVALID_ARGUMENT` if ripgrep complains of a glob */
export function refuseGlob(complaint: string): void {
  const problem = /error parsing glob '.*?': (.*)/s.exec(complaint)?.[1];
  if (problem !== undefined) throw unreadable(problem);
}

/** Characters that mean something in a glob, made to stand for themselves. */
export function literalGlob(text: string): string {
  return text.replace(/[*?[\]{}!\\]/g, '\\$&');
}

/**
 * A pattern of the gitignore kind that was written for the folder `prefix` (`a/b`), for use from the
 * root. One with a slash in front of its end is bound to its folder; any other is a name at any depth.
 */
export function rebased(pattern: string, prefix: string): string {
  const [sign, body] = pattern.startsWith('!') ? ['!', pattern.slice(1)] : ['', pattern];
  const base = literalGlob(prefix);
  const isBound = body.slice(0, -1).includes('/');
  return `${sign}/${base}/${isBound ? body.replace(/^\//, '') : `**/${body}`}`;
}

function unreadable(problem: string): AppError {
  return new AppError('INVALID_ARGUMENT', `The glob cannot be read: ${problem}.`, {
    next: 'call again with a glob such as "*.ts", "docs/**" or "*.{json,yaml}"',
  });
}
