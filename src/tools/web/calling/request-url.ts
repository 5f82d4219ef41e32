import { AppError } from '../../../core/errors.ts';
import { fitsPattern } from './path-pattern.ts';

const MAX_PATH_LENGTH = 2000;
const MAX_QUERY_LENGTH = 8000;

/**
 * What a server or a proxy on the way could take for another path than the one that was judged: other separators,
 * escapes of separators, dots and percent signs, and control characters.
 */
const AMBIGUOUS =
  /[^!-~\u00a0-\uffff]|[\\?#]|%(?![0-9a-f]{2})|%(2f|5c|2e|25|3f|3b|23|0[0-9a-f]|1[0-9a-f]|7f)/i;

/** Where the requests of one API go: below its base, to the paths that the operator has listed, and nowhere else. */
export class RequestUrls {
  readonly #base: URL;
  readonly #folder: string;
  readonly #patterns: readonly string[];

  constructor(baseUrl: string, patterns: readonly string[]) {
    this.#base = new URL(baseUrl);
    this.#folder = this.#base.pathname.replace(/\/+$/, '');
    this.#patterns = patterns;
  }

  get hostname(): string {
    return this.#base.hostname;
  }

  /** @throws AppError `INVALID_ARGUMENT` for a path that is ambiguous or not among those of the operator */
  build(path: string, query: Readonly<Record<string, unknown>>, next: string): URL {
    const refuse = (what: string): AppError => new AppError('INVALID_ARGUMENT', what, { next });
    const problem = problemOf(path);
    if (problem !== undefined) throw refuse(problem);
    const url = new URL(this.#base.href);
    url.pathname = `${this.#folder}${path}`;
    const own = url.pathname.slice(this.#folder.length);
    const told = plainly(own);
    // Whatever the parser makes of it, it has to be the path that was judged.
    if (url.origin !== this.#base.origin || told === undefined || told !== plainly(path)) {
      throw refuse('path is not a plain path.');
    }
    if (!this.#patterns.some((pattern) => fitsPattern(pattern, told))) {
      throw refuse(`path is none that may be called: ${this.#patterns.slice(0, 20).join(', ')}.`);
    }
    const parameters = parametersOf(query);
    if (parameters === undefined)
      throw refuse('query holds what is no text, number, boolean or list of these.');
    url.search = parameters.toString();
    if (url.search.length > MAX_QUERY_LENGTH)
      throw refuse(`query is longer than ${MAX_QUERY_LENGTH} characters.`);
    return url;
  }
}

function problemOf(path: string): string | undefined {
  if (!path.startsWith('/')) return 'path must begin with a slash: it is relative to the base of the API.';
  if (path.length > MAX_PATH_LENGTH) return `path is longer than ${MAX_PATH_LENGTH} characters.`;
  if (AMBIGUOUS.test(path)) {
    return 'path may hold no white space, backslash, "?", "#" or escaped separator; parameters belong into query.';
  }
  const segments = path.slice(1).split('/');
  if (segments.slice(0, -1).includes('')) return 'path may hold no empty part between slashes.';
  // Some servers take off what stands behind a semicolon, and only then look for dots.
  return segments.some((segment) => /^\.{1,2}(;|$)/.test(segment)) ? 'path may not lead upwards.' : undefined;
}

/** Without escapes, as patterns are written. */
function plainly(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function parametersOf(query: Readonly<Record<string, unknown>>): URLSearchParams | undefined {
  const parameters = new URLSearchParams();
  for (const [name, given] of Object.entries(query)) {
    for (const value of Array.isArray(given) ? (given as unknown[]) : [given]) {
      if (value === null || value === undefined) continue;
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
        return undefined;
      parameters.append(name, String(value));
    }
  }
  return parameters;
}
