import { counted, grouped } from '../../../core/phrases.ts';
import type { OpenFile } from '../workspace/sandbox.ts';
import { shown } from '../workspace/virtual-path.ts';
import type { FoundLine } from './match-events.ts';
import type { FileMatches, OpenedSearch } from './opened-search.ts';
import type { SearchPage } from './query.ts';

/** Where a report stopped for want of room: in which file, and how many of its matches are through. */
interface Stop {
  readonly file: OpenFile;
  readonly skip: number;
}

/** What a search has found so far, as text. */
export interface Report {
  readonly text: string;
  /** Files that were shown. */
  readonly files: number;
  /** Files of which not all matches were shown. */
  readonly crowded: number;
  /** How many results may still be added. */
  readonly room: number;
  /** How many results it shows of one file at most. */
  readonly perFile: number;
  readonly summary: string;
  /** Searches open files and adds what is found; answers where it stopped if not everything had room. */
  add(files: readonly OpenFile[], search: OpenedSearch): Promise<Stop | undefined>;
}

const PER_FILE = 20;
/** Tokens kept back for the closing line. */
const CLOSING_TOKENS = 400;

/** `start`: the file that the page starts with, and how many of its matches earlier pages have shown. */
export function reportFor(
  page: SearchPage,
  isDirectory: boolean,
  start: { readonly path: string; readonly skip: number },
): Report {
  if (page.query.mode !== 'matches') return new CountReport(page);
  return new MatchReport(page, isDirectory ? PER_FILE : page.maxResults, start);
}

class MatchReport implements Report {
  text = '';
  files = 0;
  crowded = 0;
  room: number;
  readonly #page: SearchPage;
  readonly perFile: number;
  readonly #start: { readonly path: string; readonly skip: number };
  #matches = 0;

  constructor(page: SearchPage, perFile: number, start: { readonly path: string; readonly skip: number }) {
    this.#page = page;
    this.perFile = perFile;
    this.#start = start;
    this.room = page.maxResults;
  }

  get summary(): string {
    return `${counted(this.#matches, 'match', 'matches')} in ${counted(this.files, 'file')}`;
  }

  async add(files: readonly OpenFile[], search: OpenedSearch): Promise<Stop | undefined> {
    const skipped = files.some(({ path }) => path === this.#start.path) ? this.#start.skip : 0;
    const maxCount = skipped + this.perFile + 1;
    for (const found of await search.lines(files, this.#page.query, maxCount)) {
      const skip = found.file.path === this.#start.path ? this.#start.skip : 0;
      const stop = this.room === 0 ? 0 : this.#addFile(found, skip);
      if (stop !== undefined) return { file: found.file, skip: stop };
    }
    return undefined;
  }

  /** Answers how many of the file's matches are through if the page is full, else undefined. */
  #addFile({ file, lines }: FileMatches, skip: number): number | undefined {
    const matches = matchBlocks(lines, this.#page.query.context);
    const room = Math.min(this.perFile, this.room);
    const isCrowded = matches.length > skip + room;
    let heading = `${shown(file.path)}${isCrowded && room < this.room ? '  +' : ''}\n`;
    let told = 0;
    for (const block of matches.slice(skip, skip + room)) {
      if (!this.#tell(heading, block)) {
        this.room = 0;
        return skip + told;
      }
      heading = '';
      told++;
    }
    if (!isCrowded) return undefined;
    if (this.room === 0) return skip + told;
    this.crowded++;
    return undefined;
  }

  #tell(heading: string, { isGap, before, line, after }: MatchBlock): boolean {
    const gap = isGap && heading === '' ? '--\n' : '';
    const whole = `${heading}${gap}${[...before, line, ...after].map(lineText).join('')}`;
    // A page shows one match at least, or paging would not get past it.
    const least = this.#matches === 0 ? `${heading}${lineText(line)}` : whole;
    const text = [whole, least].find((one) => this.#page.call.budget.take(one, 'code', CLOSING_TOKENS));
    if (text === undefined) return false;
    this.text += text;
    if (heading !== '') this.files++;
    this.#matches++;
    this.room--;
    return true;
  }
}

/** A match with the context that belongs to it alone. */
interface MatchBlock {
  readonly line: FoundLine;
  readonly before: readonly FoundLine[];
  readonly after: FoundLine[];
  /** Whether lines are left out between the block before and this one. */
  readonly isGap: boolean;
}

function matchBlocks(lines: readonly FoundLine[], context: number): MatchBlock[] {
  const blocks: MatchBlock[] = [];
  let before: FoundLine[] = [];
  let told = 0;
  for (const line of lines) {
    const last = blocks.at(-1);
    if (line.isMatch) {
      const first = before[0] ?? line;
      blocks.push({ line, before, after: [], isGap: last !== undefined && first.number > told + 1 });
      before = [];
      told = line.number;
    } else if (last !== undefined && line.number <= last.line.number + context) {
      last.after.push(line);
      told = line.number;
    } else before.push(line);
  }
  return blocks;
}

function lineText({ number, text, isMatch }: FoundLine): string {
  return `${number}${isMatch ? ':' : '-'} ${text}\n`;
}

class CountReport implements Report {
  text = '';
  files = 0;
  readonly crowded = 0;
  readonly perFile = 1;
  room: number;
  readonly #page: SearchPage;
  #matches = 0;

  constructor(page: SearchPage) {
    this.#page = page;
    this.room = page.maxResults;
  }

  get summary(): string {
    const files = counted(this.files, 'file');
    return this.#page.query.mode === 'files' ? files : `${grouped(this.#matches)} matching lines in ${files}`;
  }

  async add(files: readonly OpenFile[], search: OpenedSearch): Promise<Stop | undefined> {
    const { query, call } = this.#page;
    const isCount = query.mode === 'count';
    for (const { file, count } of await search.counts(files, query, isCount ? undefined : 1)) {
      const line = isCount ? `${shown(file.path)}  ${grouped(count)}\n` : `${shown(file.path)}\n`;
      if (this.room === 0 || !call.budget.take(line, 'code', CLOSING_TOKENS)) {
        this.room = 0;
        return { file, skip: 0 };
      }
      this.text += line;
      this.files++;
      this.#matches += count;
      this.room--;
    }
    return undefined;
  }
}
