import { isAscii, isUtf8 } from 'node:buffer';
import { AppError } from '../../../core/errors.ts';
import { guessEastAsian } from './east-asian.ts';
import type { NewlineKind } from './newlines.ts';

export interface Encoding {
  /** As iconv-lite names it, in lower case. */
  readonly name: string;
  /** Bytes of the byte order mark at the start of the file. */
  readonly mark: number;
  /** Whether it was inferred from the bytes alone: with good reason, or because every text has to be read somehow. */
  readonly guess: 'none' | 'likely' | 'doubtful';
}

const UTF8: Encoding = { name: 'utf-8', mark: 0, guess: 'none' };

const MARKS: readonly { readonly bytes: Buffer; readonly name: string }[] = [
  { bytes: Buffer.of(0xef, 0xbb, 0xbf), name: 'utf-8' },
  { bytes: Buffer.of(0xff, 0xfe), name: 'utf-16le' },
  { bytes: Buffer.of(0xfe, 0xff), name: 'utf-16be' },
];
// What a file without any mark and without a clear hint is read as: every byte has a meaning in it.
const FALLBACK = 'windows-1252';
const DETECTION_BYTES = 4096;
const SAMPLE_BYTES = 64 * 1024;
const MIN_CONFIDENCE = 40;
// Of East Asian text: what most short texts have in their own encoding, and next to none in another one.
const MIN_LIKENESS = 0.5;
const MIN_LEAD = 0.25;
// Of two or three characters more is asked.
const MIN_COUNT = 4;
const CLEAR_LIKENESS = 0.9;
// A letter with an accent, or two small ones, beside a letter of ASCII. Two capitals may as well be one Chinese character.
const WESTERN =
  /(?<=[a-z])(?:[\xc0-\xff]|[\xdf-\xff]{2})(?![\x80-\xff])|(?<![\x80-\xff])(?:[\xc0-\xff]|[\xdf-\xff]{2})(?=[a-z])/gi;
const MOST = 0.8;
// Newlines of these are not the byte 0x0A, or other characters hold that byte.
const UNSUPPORTED = /^(utf-?32|utf-?7|ucs-?4|ibm|cp037|ebcdic|base64|hex|binary)/;
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/^utf-?8$/, 'utf-8'],
  [/^(utf-?16(-?le)?|ucs-?2)$/, 'utf-16le'],
  [/^utf-?16-?be$/, 'utf-16be'],
];

/**
 * The encoding of a text whose first bytes are `head`; undefined where that is no text. `isWhole` tells
 * that nothing follows.
 */
export async function detectEncoding(head: Buffer, isWhole: boolean): Promise<Encoding | undefined> {
  const marked = MARKS.find(({ bytes }) => head.subarray(0, bytes.length).equals(bytes));
  if (marked !== undefined) return { name: marked.name, mark: marked.bytes.length, guess: 'none' };
  const wide = wideEncoding(head);
  if (wide !== undefined) return { name: wide, mark: 0, guess: 'likely' };
  if (head.includes(0)) return undefined;
  if (isUtf8(isWhole ? head : wholeCharacters(head))) return UTF8;
  return hasControls(head.subarray(0, SAMPLE_BYTES)) ? undefined : guessLegacy(head);
}

/** The likeliest encoding of bytes that are not UTF-8. */
export async function guessLegacy(bytes: Buffer): Promise<Encoding> {
  const first = bytes.findIndex((byte) => byte > 0x7f);
  const from = Math.max(0, first - 256);
  const sample = bytes.subarray(from, from + DETECTION_BYTES);
  const eastAsian = await guessEastAsian(sample, from + DETECTION_BYTES < bytes.length);
  if (eastAsian === undefined || eastAsian.likeness < MIN_LIKENESS) return guessOther(sample, FALLBACK);
  if (eastAsian.lead < MIN_LEAD) return guessOther(sample, eastAsian.name);
  const isClear = eastAsian.count >= MIN_COUNT || eastAsian.likeness >= CLEAR_LIKENESS;
  return { name: eastAsian.name, mark: 0, guess: isClear ? 'likely' : 'doubtful' };
}

/** @param fallback Where statistics tell nothing. */
async function guessOther(sample: Buffer, fallback: string): Promise<Encoding> {
  const statistical = await guessByStatistics(sample);
  const name = statistical ?? fallback;
  // What the words in ASCII are like tells nothing of the others.
  const isClear =
    (name === FALLBACK && isWestern(sample)) ||
    (statistical !== undefined && statistical === (await guessByStatistics(wordsBeyondAscii(sample))));
  return { name, mark: 0, guess: isClear ? 'likely' : 'doubtful' };
}

/** Whether what is not ASCII are nearly always single letters within words of ASCII, as accents and umlauts are. */
function isWestern(sample: Buffer): boolean {
  const text = sample.toString('latin1');
  const runs = text.match(/[\x80-\xff]+/g)?.length ?? 0;
  return (text.match(WESTERN)?.length ?? 0) >= runs * MOST;
}

async function guessByStatistics(sample: Buffer): Promise<string | undefined> {
  const { default: chardet } = await import('chardet');
  // Of a few bytes it takes some for Unicode that they are known not to be.
  const best = chardet.analyse(sample).find(({ name }) => !name.startsWith('UTF'));
  if (best === undefined || best.confidence < MIN_CONFIDENCE) return undefined;
  const name = best.name.toLowerCase();
  // The WHATWG encoding standard reads the label the same way: the second is a superset of the first.
  return name === 'iso-8859-1' || !(await isKnown(name)) ? FALLBACK : name;
}

function wordsBeyondAscii(sample: Buffer): Buffer {
  const words = sample.toString('latin1').split(/[\0-\x20]+/);
  return Buffer.from(words.filter((word) => /[\x80-\xff]/.test(word)).join(' '), 'latin1');
}

/** @throws AppError `INVALID_ARGUMENT` for a name that nobody knows */
export async function namedEncoding(name: string, head: Buffer): Promise<Encoding> {
  const label = name.trim().toLowerCase();
  const canonical = SPELLINGS.find(([spelling]) => spelling.test(label))?.[1] ?? label;
  if (UNSUPPORTED.test(canonical) || !(await isKnown(canonical))) {
    throw new AppError('INVALID_ARGUMENT', `The encoding ${JSON.stringify(name)} is not known.`, {
      next: 'leave encoding out, or give one such as utf-8, utf-16le, windows-1252, gb18030, shift_jis or euc-kr',
    });
  }
  const marked = MARKS.find((mark) => mark.name === canonical && head.indexOf(mark.bytes) === 0);
  return { name: canonical, mark: marked?.bytes.length ?? 0, guess: 'none' };
}

/** Bytes that make no character become U+FFFD; a character cut off at the end is dropped. */
export async function decode(bytes: Buffer, encoding: string): Promise<string> {
  if (encoding === 'utf-8') return wholeCharacters(bytes).toString('utf8');
  if (encoding === 'utf-16le') return bytes.toString('utf16le');
  const { default: iconv } = await import('iconv-lite');
  return iconv.getDecoder(encoding).write(bytes);
}

export function isValidUtf8(bytes: Buffer): boolean {
  return isUtf8(bytes);
}

export function isPlainAscii(bytes: Buffer): boolean {
  return isAscii(bytes);
}

/** Of an encoding by the name that {@link detectEncoding} or {@link namedEncoding} gives it. */
export function newlineOf(encoding: string): NewlineKind {
  return encoding === 'utf-16le' || encoding === 'utf-16be' ? encoding : 'byte';
}

async function isKnown(name: string): Promise<boolean> {
  const { default: iconv } = await import('iconv-lite');
  return iconv.encodingExists(name);
}

/** UTF-16 without a mark: of text in Latin letters every second byte is zero. */
function wideEncoding(head: Buffer): string | undefined {
  const pairs = Math.floor(Math.min(head.length, DETECTION_BYTES) / 2);
  if (pairs < 2) return undefined;
  let [zeroFirst, zeroSecond] = [0, 0];
  for (let index = 0; index < pairs; index++) {
    if (head[index * 2] === 0) zeroFirst++;
    if (head[index * 2 + 1] === 0) zeroSecond++;
  }
  if (zeroSecond > pairs * 0.6 && zeroFirst < pairs * 0.02) return 'utf-16le';
  return zeroFirst > pairs * 0.6 && zeroSecond < pairs * 0.02 ? 'utf-16be' : undefined;
}

/** Without the bytes of a UTF-8 character that is cut off at the end. */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

/** Whether there are more control characters than any text has; ESC and the white ones are usual. */
function hasControls(head: Buffer): boolean {
  let controls = 0;
  for (const byte of head) {
    if (byte < 0x20 && byte !== 0x1b && (byte < 0x08 || byte > 0x0d)) controls++;
  }
  return controls > head.length * 0.02;
}
