import { type Branch, isBranch, type Tree } from './syntax.ts';

type Pair = readonly [sent: Tree | undefined, running: Tree | undefined];

/**
 * Where the parts of the statement that runs stood in the one that was sent: both trees have the same shape,
 * as far as they do.
 */
export function locationsOf(sent: Branch, running: Branch): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  const pairs: Pair[] = [[sent, running]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [a, b] = pair;
    if (Array.isArray(a) && Array.isArray(b)) {
      pairs.push(...a.map((child, index): Pair => [child, b[index]]));
    } else if (isBranch(a) && isBranch(b) && a['type'] === b['type']) {
      note(places, a['query_location'], b['query_location']);
      pairs.push(...Object.entries(a).map(([key, child]): Pair => [child, b[key]]));
    }
  }
  return places;
}

function note(places: Map<number, number>, sent: Tree | undefined, running: Tree | undefined): void {
  if (typeof sent === 'number' && typeof running === 'number') places.set(running, sent);
}
