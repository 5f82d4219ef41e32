import { AppError } from '../../../core/errors.ts';
import { decodeName, isName, nameBytes } from './byte-names.ts';

/** The URI of the workspace's root; a file's URI is this and its percent-encoded virtual path. */
export const WORKSPACE_URI = 'fairlead://workspace';

const MAX_PATH_LENGTH = 4096;
const MAX_SHOWN_LENGTH = 300;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const DRIVE = /^[a-z]:(\/|$)/i;
// Controls, separators that break lines, invisible characters and those that turn the reading direction:
// a name with them could pass for something else than a name.
const UNPLAIN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\\]/u;
const EDGE_SPACE = /(^|\/)\s|\s(\/|$)/u;
const UNRESERVED = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/]$/;

/**
 * The one virtual path (`/a/b`, the root is `/`) that a spelling of it means: `/a/b`, `a/b`, `./a//b/`,
 * `a\b`, `/a/x/../b`, `fairlead://workspace/a/b`. Purely textual: what the path leads to is not looked at.
 *
 * @throws AppError `OUTSIDE_WORKSPACE` for one that climbs above the root or names another place,
 *   `INVALID_ARGUMENT` for what is no path
 */
export function virtualPath(spelling: string): string {
  if (spelling.length > MAX_PATH_LENGTH) {
    throw invalid(`A path has at most ${MAX_PATH_LENGTH} characters.`);
  }
  const plain = SCHEME.test(spelling) ? fromUri(spelling) : spelling.replaceAll('\\', '/');
  if (plain.includes('\0')) throw invalid('A path cannot hold a NUL character.');
  if (!isName(plain)) throw invalid('The path is not well-formed Unicode.');
  const segments = DRIVE.test(plain) ? undefined : normalSegments(plain);
  if (segments === undefined) throw outside(spelling);
  return `/${segments.join('/')}`;
}

/** Undefined for a path that climbs above its start. */
function normalSegments(path: string): string[] | undefined {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return undefined;
  }
  return segments;
}

/** The path's URI, which every tool takes as a path as well. */
export function toUri(path: string): string {
  let encoded = '';
  for (const byte of nameBytes(path)) {
    const character = String.fromCharCode(byte);
    encoded += UNRESERVED.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return WORKSPACE_URI + encoded;
}

/** How a path is shown: plainly where that is safe to read and to send back, else as its URI. */
export function shown(path: string): string {
  return isPlain(path) ? path : toUri(path);
}

export function isPlain(name: string): boolean {
  return !UNPLAIN.test(name) && !EDGE_SPACE.test(name);
}

/** A path in the sentence of a message: bounded, quoted. */
export function quoted(path: string): string {
  const text = shown(path);
  return `"${text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text}"`;
}

export function joinPath(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function outside(path: string): AppError {
  return new AppError(
    'OUTSIDE_WORKSPACE',
    `${quoted(path)} lies outside of the workspace, whose root is "/".`,
    { next: 'list_files {"path":"/"} shows what there is' },
  );
}

function fromUri(uri: string): string {
  const rest = uri.slice(WORKSPACE_URI.length);
  const isOurs = uri.slice(0, WORKSPACE_URI.length).toLowerCase() === WORKSPACE_URI;
  if (!isOurs || (rest !== '' && !rest.startsWith('/'))) throw outside(uri);
  if (/%(?![0-9a-f]{2})/i.test(rest)) throw invalid('The URI holds a % that starts no percent-encoded byte.');
  const bytes = rest.split(/(%[0-9a-f]{2})/i).map((part) => {
    return /^%[0-9a-f]{2}$/i.test(part) ? Buffer.from(part.slice(1), 'hex') : nameBytes(part);
  });
  return decodeName(Buffer.concat(bytes));
}

function invalid(message: string): AppError {
  return new AppError('INVALID_ARGUMENT', message, {
    next: 'give the path as list_files shows it, for example "/docs/plan.md"',
  });
}
