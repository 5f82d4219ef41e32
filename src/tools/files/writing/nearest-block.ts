import { setImmediate as yieldTurn } from 'node:timers/promises';

/** Lines of a text that are most like what was looked for. */
export interface NearestBlock {
  /** Counted from 1. */
  readonly first: number;
  readonly lines: readonly string[];
  /** What tells them from what was looked for, as a clause. */
  readonly difference: string;
}

/** Lines after which others get their turn. */
const LINES_AT_ONCE = 5000;
const MOST_PLACES = 50;
/** Share of the words of a line that have to be in another one for it to count as like it. */
const LIKENESS = 0.4;
const QUOTES = /[\u2018\u2019\u201a\u201b]/g;
const DOUBLE_QUOTES = /[\u201c\u201d\u201e\u201f]/g;
const SPACES = /[\u00a0\u2000-\u200b\u202f\u3000]/g;
const DASHES = /[\u2010-\u2015\u2212]/g;

const DIFFERENCES: readonly (readonly [(line: string) => string, string])[] = [
  [(line) => line.trimEnd(), 'only white space at line ends differs'],
  [(line) => line.trimStart(), 'only the indentation differs'],
  [collapsed, 'only white space differs'],
  [(line) => typed(line), 'only typographic quotes, dashes or spaces differ'],
  [(line) => collapsed(typed(line)).toLowerCase(), 'only upper and lower case differ'],
];

/** Undefined where nothing is like it. */
export async function nearestBlock(text: string, wanted: string): Promise<NearestBlock | undefined> {
  const lines = text.split('\n');
  const looked = withoutBlankEdges(wanted.split('\n'));
  if (looked.length === 0) return undefined;
  const first = (await byEqualLines(lines, looked)) ?? (await byWords(lines, looked));
  if (first === undefined) return undefined;
  const from = Math.max(0, first);
  const block = lines.slice(from, Math.max(from + 1, first + looked.length));
  return { first: from + 1, lines: block, difference: differenceOf(block, looked) };
}

/** Where most of the lines stand in the same order, white space and case aside. */
async function byEqualLines(
  lines: readonly string[],
  looked: readonly string[],
): Promise<number | undefined> {
  const places = new Map<string, number[]>();
  looked.forEach((line, index) => {
    const key = keyOf(line);
    if (key === '') return;
    const known = places.get(key) ?? [];
    if (known.length < MOST_PLACES) places.set(key, [...known, index]);
  });
  const votes = new Map<number, number>();
  for (const [index, line] of lines.entries()) {
    if (index % LINES_AT_ONCE === LINES_AT_ONCE - 1) await yieldTurn();
    const key = keyOf(line);
    for (const place of places.get(key) ?? []) {
      votes.set(index - place, (votes.get(index - place) ?? 0) + key.length);
    }
  }
  let best: readonly [number, number] | undefined;
  for (const vote of votes) if (best === undefined || vote[1] > best[1]) best = vote;
  return best?.[0];
}

/** Where a line has most of the words of the longest one that was looked for. */
async function byWords(lines: readonly string[], looked: readonly string[]): Promise<number | undefined> {
  const longest = looked.reduce(
    (best, line, index) => (line.length > (looked[best]?.length ?? 0) ? index : best),
    0,
  );
  const words = new Set(wordsOf(looked[longest] ?? ''));
  if (words.size === 0) return undefined;
  let [best, most] = [-1, LIKENESS];
  for (const [index, line] of lines.entries()) {
    if (index % LINES_AT_ONCE === LINES_AT_ONCE - 1) await yieldTurn();
    const there = new Set(wordsOf(line));
    let common = 0;
    for (const word of there) if (words.has(word)) common++;
    const likeness = common / Math.max(words.size, there.size);
    if (likeness > most) [best, most] = [index, likeness];
  }
  return best === -1 ? undefined : best - longest;
}

function differenceOf(block: readonly string[], looked: readonly string[]): string {
  for (const [view, name] of DIFFERENCES) {
    if (
      block.length === looked.length &&
      block.every((line, index) => view(line) === view(looked[index] ?? ''))
    ) {
      return name;
    }
  }
  const same = block.filter((line, index) => line === looked[index]).length;
  return `${same} of ${looked.length} lines are the same`;
}

function withoutBlankEdges(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line.trim() !== '');
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return first === -1 ? [] : lines.slice(first, last + 1);
}

function keyOf(line: string): string {
  return collapsed(line).toLowerCase();
}

function collapsed(line: string): string {
  return line.trim().replace(/\s+/g, ' ');
}

function typed(line: string): string {
  return line.replace(QUOTES, "'").replace(DOUBLE_QUOTES, '"').replace(SPACES, ' ').replace(DASHES, '-');
}

function wordsOf(line: string): string[] {
  return line.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
}
