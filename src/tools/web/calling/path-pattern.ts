/** Whether one thing fits another. */
type Fits<T> = (part: T, given: T) => boolean;

/**
 * Whether a path fits a pattern, in which `*` stands for what is between two slashes or a part of that, and `**` for
 * any number of such names. What else globs know stands in paths of APIs, as in `/Users(1)`.
 *
 * Agents choose the path: it is gone through without backtracking further than to the last wildcard, so that no
 * pattern takes longer than the product of both lengths.
 */
export function fitsPattern(pattern: string, path: string): boolean {
  const names = pattern.slice(1).split('/');
  return fitsSequence(names, path.slice(1).split('/'), '**', fitsName);
}

function fitsName(pattern: string, name: string): boolean {
  if (pattern === '*') return name !== '';
  return fitsSequence(Array.from(pattern.replace(/\*+/g, '*')), Array.from(name), '*', (a, b) => a === b);
}

/** Whether the parts are those of the pattern, in which the wildcard stands for any number of them. */
function fitsSequence<T>(pattern: readonly T[], given: readonly T[], wildcard: T, fits: Fits<T>): boolean {
  let at = 0;
  let lastWildcard = -1;
  /** Where what follows the last wildcard is tried. */
  let triedFrom = 0;
  for (let index = 0; index < given.length;) {
    const [part, one] = [pattern[at], given[index]];
    if (part === wildcard) {
      lastWildcard = at++;
      triedFrom = index;
    } else if (part !== undefined && one !== undefined && fits(part, one)) {
      at++;
      index++;
    } else if (lastWildcard === -1) return false;
    else {
      at = lastWildcard + 1;
      index = ++triedFrom;
    }
  }
  return pattern.slice(at).every((part) => part === wildcard);
}
