import type { OutputBudget } from '../../../core/budget.ts';
import { AppError } from '../../../core/errors.ts';
import { counted, fileSize, grouped } from '../../../core/phrases.ts';
import type { OpenFile } from '../workspace/sandbox.ts';
import { quoted } from '../workspace/virtual-path.ts';
import { contentClassOf } from './content-class.ts';
import { decode, type Encoding, guessLegacy, isPlainAscii, isValidUtf8, newlineOf } from './encoding.ts';
import { fitLines } from './fit-lines.ts';
import { LineFile, type Lines } from './line-file.ts';
import type { LineIndex, LineIndexes } from './line-index.ts';

export interface TextRequest {
  readonly file: OpenFile;
  /** Of the file, as of before any of it was read. */
  readonly version: string;
  /** The first bytes of the file. */
  readonly head: Buffer;
  readonly encoding: Encoding;
  /** 1 is the first line, -1 the last. */
  readonly startLine: number;
  readonly maxLines: number;
  readonly budget: OutputBudget;
  /** Tokens that are not to be used. */
  readonly reserve: number;
  readonly indexes: LineIndexes;
  readonly signal: AbortSignal;
  /** The call that reads the same file from another line. */
  again(startLine: number): string;
}

/** Where a page starts. */
interface Place {
  readonly offset: number;
  /** Undefined where telling it would mean to count through a large file. */
  readonly line: number | undefined;
  /** How many lines there are from here to the end; known where it was counted from the end. */
  readonly fromEnd: number | undefined;
}

interface Page {
  readonly place: Place;
  readonly shown: number;
  readonly cut: number;
  /** Offset behind the last shown line. */
  readonly end: number;
  readonly total: number | undefined;
  readonly remarks: readonly string[];
}

// Counting this much takes a few milliseconds: done for the sake of exact line numbers.
const COUNTED_BYTES = 8 * 1024 * 1024;
// At most: UTF-16 prose of four characters a token.
const BYTES_PER_TOKEN = 8;
const MIN_PAGE_BYTES = 4096;

const GUESSES: Readonly<Record<Encoding['guess'], string>> = {
  none: '',
  likely: ' (guessed)',
  doubtful: ' (doubtful: if the text is garbled, name another)',
};

/** A window of lines with a closing note that says which, of how many, and how to go on. */
export async function textPage(request: TextRequest): Promise<string> {
  const { file, version, encoding, indexes, signal } = request;
  const { size } = file.stats;
  if (size <= encoding.mark) return `[empty file; version=${version}]`;
  const newline = newlineOf(encoding.name);
  const index = indexes.of(file.stats, newline);
  const lineFile = new LineFile({ handle: file.handle, size, start: encoding.mark, newline, index, signal });
  const place = await locate(request, lineFile, index);
  const maxBytes = Math.max(MIN_PAGE_BYTES, (request.budget.left - request.reserve) * BYTES_PER_TOKEN);
  const taken = await lineFile.take(place.offset, request.maxLines, maxBytes);
  const decoded = await decodeLines(request, taken);
  const fitted = fitLines(decoded.lines, request.budget, contentClassOf(file.path), request.reserve);
  if (fitted.shown === 0)
    return `[nothing of it fits any more; to read it: ${request.again(request.startLine)}]`;
  const end =
    fitted.shown < taken.count ? place.offset + lineFile.lengthOf(taken.bytes, fitted.shown) : taken.end;
  const page: Page = {
    place,
    shown: fitted.shown,
    cut: Math.max(fitted.cut, taken.isCut ? 1 : 0),
    end,
    total: await totalLines(lineFile, index, place, { shown: fitted.shown, end, isCut: taken.isCut }),
    remarks: [
      ...decoded.remarks,
      ...(end >= size && lineFile.isOpenEnded(taken) ? ['no newline at the end'] : []),
    ],
  };
  return `${fitted.text}[${closing(page, size)}; version=${version}]`;
}

async function locate(request: TextRequest, file: LineFile, index: LineIndex): Promise<Place> {
  const { startLine, encoding } = request;
  if (startLine < 0) return locateFromEnd(file, index, encoding.mark, -startLine);
  const line = Math.max(1, startLine);
  const offset = await file.offsetOf(line);
  if (offset !== undefined) return { offset, line, fromEnd: undefined };
  const total = index.total ?? 0;
  throw new AppError(
    'INVALID_ARGUMENT',
    `start_line=${line} is behind the end: ${quoted(request.file.path)} has ${counted(total, 'line')}.`,
    { next: request.again(Math.max(1, total - request.maxLines + 1)) },
  );
}

async function locateFromEnd(
  file: LineFile,
  index: LineIndex,
  start: number,
  wanted: number,
): Promise<Place> {
  const { offset, count } = await file.offsetFromEnd(wanted);
  if (offset === start) return { offset, line: 1, fromEnd: count };
  if (index.total !== undefined) return { offset, line: index.total - count + 1, fromEnd: count };
  const isNear = offset - start <= COUNTED_BYTES;
  const line = isNear ? (await file.countLines(start, offset)) + 1 : undefined;
  return { offset, line, fromEnd: count };
}

/** Counts the rest of the file where that is quick; remembers what was found out. */
async function totalLines(
  file: LineFile,
  index: LineIndex,
  { line, fromEnd }: Place,
  { shown, end, isCut }: { shown: number; end: number; isCut: boolean },
): Promise<number | undefined> {
  if (line === undefined) return undefined;
  if (fromEnd !== undefined) index.total = line - 1 + fromEnd;
  else if (end >= file.size && !isCut) index.total = line - 1 + shown;
  else {
    const isNear = file.size - end <= COUNTED_BYTES;
    // The end of a line that was cut is found once more.
    const before = line - 1 + shown - (isCut ? 1 : 0);
    if (isNear) index.total ??= before + (await file.linesFrom(end));
  }
  return index.total;
}

async function decodeLines(
  { encoding, head }: TextRequest,
  taken: Lines,
): Promise<{ lines: string[]; remarks: string[] }> {
  let used = encoding;
  // A long beginning in ASCII tells nothing of what stands further down.
  const isUndecided = encoding.name === 'utf-8' && encoding.mark === 0 && isPlainAscii(head);
  if (isUndecided && !taken.isCut && !isValidUtf8(taken.bytes)) used = await guessLegacy(taken.bytes);
  const remarks = used.name === 'utf-8' ? [] : [`encoding ${used.name}${GUESSES[used.guess]}`];
  const lines = await decodedLines(taken, used.name);
  if (lines.some((line) => line.endsWith('\r'))) remarks.push('CRLF line ends');
  return { lines: lines.map((line) => line.replace(/\r$/, '').replaceAll('\0', '\ufffd')), remarks };
}

async function decodedLines({ bytes, count }: Lines, encoding: string): Promise<string[]> {
  if (encoding.startsWith('utf-')) return (await decode(bytes, encoding)).split('\n', count);
  // Line by line, so that a broken character at the end of one cannot swallow the newline.
  const parts: Buffer[] = [];
  for (let start = 0; parts.length < count;) {
    const newline = bytes.indexOf(0x0a, start);
    parts.push(bytes.subarray(start, newline === -1 ? bytes.length : newline));
    start = newline + 1;
  }
  return Promise.all(parts.map((part) => decode(part, encoding)));
}

function closing(page: Page, size: number): string {
  const { place, shown, total, end } = page;
  const parts = [
    place.line === undefined
      ? `${counted(shown, 'line')} from start_line=-${place.fromEnd ?? 0}`
      : range(place.line, shown, total),
  ];
  if (end < size && total === undefined) parts.push(`${fileSize(size - end)} of ${fileSize(size)} follow`);
  if (page.cut > 0)
    parts.push(`${counted(page.cut, 'line')} cut, search_files shows the text around a match`);
  parts.push(...page.remarks);
  const next = nextLine(page, size);
  if (next !== undefined) parts.push(`next start_line=${next}`);
  return parts.join('; ');
}

function range(line: number, shown: number, total: number | undefined): string {
  const lines = shown === 1 ? `line ${grouped(line)}` : `lines ${grouped(line)}-${grouped(line + shown - 1)}`;
  return total === undefined ? lines : `${lines} of ${grouped(total)}`;
}

function nextLine({ place, shown, total, end }: Page, size: number): number | undefined {
  if (place.line === undefined) {
    const left = (place.fromEnd ?? 0) - shown;
    return left > 0 ? -left : undefined;
  }
  const next = place.line + shown;
  const isMore = total === undefined ? end < size : next <= total;
  return isMore ? next : undefined;
}
