/** The pattern that alone stands for every client. */
export const ANY_CLIENT = '*';

/** Characters that a `*` does not stand for: they are what takes an address apart. */
const SEPARATORS = '/?#@:\\';

/**
 * Tells whether one of the patterns names a client. The parts of an address stay apart:
 * `https://*.example.com/*` fits no address that has `.example.com/` in its path, in its query or before an `@`.
 */
export function clientMatcher(patterns: readonly string[]): (clientId: string) => boolean {
  return patterns.includes(ANY_CLIENT) ? () => true : matcherOf(patterns);
}

/** Tells whether one of the patterns names a tool. */
export function toolMatcher(patterns: readonly string[]): (name: string) => boolean {
  return matcherOf(patterns);
}

function matcherOf(patterns: readonly string[]): (value: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const globs = patterns.filter((pattern) => pattern.includes('*'));
  return (value) => exact.has(value) || globs.some((glob) => fits(glob, value));
}

/**
 * Not a regular expression: clients choose their ids, and several wildcards would let one that is long take
 * for ever. Only the last `*` is ever lengthened, so the steps are those of the lengths multiplied.
 */
function fits(glob: string, value: string): boolean {
  let [at, next, star, from] = [0, 0, -1, 0];
  while (at < value.length) {
    if (glob[next] === '*') {
      star = next++;
      from = at;
    } else if (glob[next] === value[at]) {
      next++;
      at++;
    } else if (star >= 0 && !SEPARATORS.includes(value.charAt(from))) {
      next = star + 1;
      at = ++from;
    } else return false;
  }
  while (glob[next] === '*') next++;
  return next === glob.length;
}
