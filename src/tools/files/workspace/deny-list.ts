import picomatch from 'picomatch';
import { AppError } from '../../../core/errors.ts';

/** The service's own folder in a workspace: the trash lies in it. */
export const OWN_FOLDER = '.fairlead';
/** Names of files that are being written. */
export const DRAFT_PREFIX = '.fairlead-draft-';
/** Hidden whatever the operator denies. */
const OWN = [OWN_FOLDER, `${DRAFT_PREFIX}*`];
// What picomatch and ripgrep read alike: ripgrep drops a space at the end, to picomatch `++` is more than itself.
const PLAIN_GLOB = /^[\w.*?@ -]*[\w.*?@-]$/;
/** Each more takes a hundred times as long to fail on a long name that was made for it. */
const MAX_STARS = 3;

/** The files and folders that an operator hides: to every tool and resource they do not exist. */
export class DenyList {
  /** Patterns that ripgrep can leave out by itself, to save work. What is shown is judged by {@link hides}. */
  readonly globs: readonly string[];
  readonly #names: RegExp | undefined;
  readonly #otherNames: RegExp | undefined;
  readonly #paths: RegExp | undefined;

  /** Patterns without a slash (but for a last one) name an entry at any depth, others a path from the root. */
  constructor(patterns: readonly string[]) {
    const all = [...OWN, ...patterns];
    const bare = all.map((pattern) => pattern.replace(/\/+$/, '')).filter((pattern) => pattern !== '');
    const names = bare.filter((pattern) => !pattern.includes('/'));
    this.globs = names.filter((name) => PLAIN_GLOB.test(name));
    this.#names = compiled(names);
    this.#otherNames = compiled(names.filter((name) => !PLAIN_GLOB.test(name)));
    this.#paths = compiled(
      bare.filter((pattern) => pattern.includes('/')).map((path) => path.replace(/^\/+/, '')),
    );
  }

  /** Whether the virtual path, or a folder that it lies in, is denied. */
  hides(path: string): boolean {
    return hidesAnyName(this.#names, path) || this.#hidesPath(path);
  }

  /** {@link hides} for an entry of a folder that is known not to be denied itself. */
  hidesEntry(path: string): boolean {
    return this.#names?.test(path.slice(path.lastIndexOf('/') + 1)) === true || this.#hidesPath(path);
  }

  /** {@link hides} for a path that the {@link globs} do not match. */
  hidesBeyondGlobs(path: string): boolean {
    return hidesAnyName(this.#otherNames, path) || this.#hidesPath(path);
  }

  #hidesPath(path: string): boolean {
    const paths = this.#paths;
    if (paths === undefined) return false;
    const names = path.split('/').filter((name) => name !== '');
    return names.some((_name, index) => paths.test(names.slice(0, index + 1).join('/')));
  }
}

function hidesAnyName(names: RegExp | undefined, path: string): boolean {
  return names !== undefined && path.split('/').some((name) => names.test(name));
}

/** All patterns as one expression: they are tried on each entry of a tree. */
function compiled(patterns: readonly string[]): RegExp | undefined {
  if (patterns.length === 0) return undefined;
  return new RegExp(patterns.map((pattern) => `(?:${sourceOf(pattern)})`).join('|'), 'is');
}

function sourceOf(pattern: string): string {
  if (pattern.split('/').some((name) => name.replaceAll(/\*+/g, '*').split('*').length > MAX_STARS + 1)) {
    throw unusable(pattern, `has more than ${MAX_STARS} stars in one name`);
  }
  const { source } = picomatch.makeRe(pattern, { dot: true, nonegate: true, windows: false });
  // What picomatch cannot read becomes an expression that never matches: that would deny nothing.
  if (source !== '$^') return source;
  throw unusable(pattern, 'cannot be read');
}

function unusable(pattern: string, why: string): AppError {
  return new AppError('CONFIGURATION_INVALID', `The deny pattern ${JSON.stringify(pattern)} ${why}.`, {
    next: 'correct tools.files.deny (FAIRLEAD_TOOLS_FILES_DENY)',
  });
}
