import { JAPANESE, KOREAN, SIMPLIFIED_CHINESE, TRADITIONAL_CHINESE } from './frequent-characters.ts';

/** A guess at the encoding of East Asian text. */
export interface EastAsianGuess {
  /** As iconv-lite names it, in lower case. */
  readonly name: string;
  /** From -1 to 1: how much what the bytes make in it looks like running text. */
  readonly likeness: number;
  /** How much more than in any other of these encodings. */
  readonly lead: number;
  /** Characters that were looked at. */
  readonly count: number;
}

type Look = Pick<EastAsianGuess, 'likeness' | 'count'>;

type Range = readonly [from: number, to: number];

/** An encoding with two bytes for each character that is not ASCII. */
interface Candidate {
  readonly name: string;
  readonly leads: readonly Range[];
  readonly trails: readonly Range[];
  /** First and last code of what is in the basic part of its character set: both bytes lie between those of them. */
  readonly usual: readonly Range[];
  /** The same, for what text is full of. */
  readonly frequent: readonly Range[];
  readonly characters: string;
}

const GRID: Range = [0xa1, 0xfe];
/** Punctuation, and full-width letters, where the sets that are arranged in this grid have them. */
const SIGNS: readonly Range[] = [
  [0xa1a1, 0xa1fe],
  [0xa3a1, 0xa3fe],
];
const CANDIDATES: readonly Candidate[] = [
  {
    name: 'gb18030',
    leads: [[0x81, 0xfe]],
    trails: [
      [0x40, 0x7e],
      [0x80, 0xfe],
    ],
    usual: [...SIGNS, [0xb0a1, 0xd7fe]],
    frequent: [],
    characters: SIMPLIFIED_CHINESE,
  },
  {
    name: 'big5',
    leads: [[0x81, 0xfe]],
    trails: [[0x40, 0x7e], GRID],
    usual: [[0xa140, 0xc6fe]],
    frequent: [],
    characters: TRADITIONAL_CHINESE,
  },
  {
    name: 'shift_jis',
    leads: [
      [0x81, 0x9f],
      [0xe0, 0xfc],
    ],
    trails: [
      [0x40, 0x7e],
      [0x80, 0xfc],
    ],
    usual: [
      [0x8140, 0x82fc],
      [0x8840, 0x98fc],
    ],
    frequent: [
      [0x829f, 0x82f1],
      [0x8340, 0x8396],
    ],
    characters: JAPANESE,
  },
  {
    name: 'euc-jp',
    leads: [GRID],
    trails: [GRID],
    usual: [...SIGNS, [0xb0a1, 0xcffe]],
    frequent: [
      [0xa4a1, 0xa4f3],
      [0xa5a1, 0xa5f6],
    ],
    characters: JAPANESE,
  },
  {
    name: 'euc-kr',
    leads: [GRID],
    trails: [GRID],
    usual: [...SIGNS, [0xb0a1, 0xc8fe]],
    frequent: [],
    characters: KOREAN,
  },
];
/** What no character goes on with. */
const END = Buffer.of(0);
const USUAL = 0.4;
/** A character that stands alone is a letter with an accent rather than one of these. */
const MOST_ALONE = 0.5;

/**
 * What statistics cannot tell of a short text; undefined where it can be of none of these encodings. `isCut`: the
 * last character may not be there as a whole.
 */
export async function guessEastAsian(bytes: Buffer, isCut: boolean): Promise<EastAsianGuess | undefined> {
  const text = isCut ? bytes : Buffer.concat([bytes, END]);
  const scores: (Look & { readonly name: string })[] = [];
  for (const candidate of CANDIDATES) {
    const look = lookAt(text, candidate, await codesOf(candidate));
    if (look !== undefined) scores.push({ name: candidate.name, ...look });
  }
  const [best, second] = scores.sort((a, b) => b.likeness - a.likeness);
  return best && { ...best, lead: best.likeness - (second?.likeness ?? -1) };
}

/** Undefined for bytes that are not of this encoding, or have no two characters of it side by side. */
function lookAt(bytes: Buffer, candidate: Candidate, codes: ReadonlySet<number>): Look | undefined {
  const runs = runsOf(bytes, candidate);
  const alone = runs?.filter((run) => run.length === 1) ?? [];
  const all = runs?.flat() ?? [];
  if (all.length === 0 || alone.length > all.length * MOST_ALONE) return undefined;
  const weights = all.map((code) => {
    if (codes.has(code) || isInGrid(candidate.frequent, code)) return 1;
    return isInGrid(candidate.usual, code) ? USUAL : -1;
  });
  const likeness = weights.reduce((sum, weight) => sum + weight, 0) / all.length;
  return { likeness, count: all.length };
}

/** The codes of its characters, those together that stand side by side. */
function runsOf(bytes: Buffer, { leads, trails }: Candidate): number[][] | undefined {
  const runs: number[][] = [];
  let last = -1;
  for (let at = nextHigh(bytes, 0); at !== -1 && at + 1 < bytes.length; at = nextHigh(bytes, at + 2)) {
    const [first, second] = [bytes.readUInt8(at), bytes.readUInt8(at + 1)];
    if (!isIn(leads, first) || !isIn(trails, second)) return undefined;
    if (at !== last) runs.push([]);
    runs.at(-1)?.push(first * 256 + second);
    last = at + 2;
  }
  return runs;
}

function isHigh(byte: number): boolean {
  return byte > 0x7f;
}

function nextHigh(bytes: Buffer, from: number): number {
  const found = bytes.subarray(from).findIndex(isHigh);
  return found === -1 ? -1 : from + found;
}

function isIn(ranges: readonly Range[], byte: number): boolean {
  return ranges.some(([from, to]) => byte >= from && byte <= to);
}

function isInGrid(ranges: readonly Range[], code: number): boolean {
  return ranges.some(
    ([from, to]) => code >= from && code <= to && code % 256 >= from % 256 && code % 256 <= to % 256,
  );
}

const known = new Map<string, Promise<ReadonlySet<number>>>();

/** The frequent characters of a candidate, in its own codes. */
function codesOf({ name, characters }: Candidate): Promise<ReadonlySet<number>> {
  let codes = known.get(name);
  if (codes === undefined) {
    codes = encodedCodes(name, characters);
    known.set(name, codes);
  }
  return codes;
}

async function encodedCodes(name: string, characters: string): Promise<ReadonlySet<number>> {
  const { default: iconv } = await import('iconv-lite');
  const bytes = iconv.encode(characters, name);
  return new Set(Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readUInt16BE(index * 2)));
}
