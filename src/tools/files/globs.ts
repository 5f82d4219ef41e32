import { AppError } from '../../core/errors.ts';

// What ripgrep reads alike as a glob and as the glob of a type.
const NAME_GLOB = /^[\w.*?{},@+ -]*[\w.*?{},@+-]$/;

/**
 * What is wanted, and with `!` in front what is not, which has the last word. Values are joined to their option, so
 * that none can be taken for an option.
 */
export function globArguments(globs: readonly string[]): string[] {
  if (globs.some((glob) => glob.includes('\0'))) throw unreadable('it holds a NUL character');
  if (globs.some((glob) => /^!?\s*$/.test(glob))) throw unreadable('it is empty');
  // At the beginning of a line of an ignore file, which ripgrep takes a glob for, that is a comment.
  const wanted = globs.filter(isWanted).map((glob) => glob.replace(/^#/, '\\#'));
  const unwanted = globs.filter((glob) => !isWanted(glob));
  const exclusions = unwanted.map((glob) => `--glob=${glob}`);
  if (wanted.length === 0) return exclusions;
  if (outweighsIgnoreFiles(globs)) return [...wanted.map((glob) => `--glob=${glob}`), ...exclusions];
  return [...wanted.map((glob) => `--type-add=wanted:${glob}`), '--type=wanted', ...exclusions];
}

/**
 * Whether ripgrep brings back with these globs what ignore files name. Here a glob is to narrow what there is: so
 * where only names are wanted they are given as a type, which does no more than that.
 */
export function outweighsIgnoreFiles(globs: readonly string[]): boolean {
  return globs.some((glob) => isWanted(glob) && !NAME_GLOB.test(simplified(glob)));
}

// A name at any depth in its shortest spelling: `*.ts` for `**/*.ts`.
export function simplified(glob: string): string {
  return glob.replace(/^(?:\*\*\/)+(?=[^/]+$)/, '');
}

function isWanted(glob: string): boolean {
  return !glob.startsWith('!');
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
