import { createWriteStream, type WriteStream } from 'node:fs';
import { basename } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Readable } from 'node:stream';
import { MAX_LINE_CHARACTERS, type OutputExcerpt, type RunProgress } from './run-record.ts';

/** Characters that the store keeps of each output. */
const HEAD_CHARACTERS = 16_384;
const TAIL_CHARACTERS = 49_152;
/** More than this may not fit into one answer. */
const ANSWER_CHARACTERS = 16_384;
/** A line that does not end is taken in parts of this length. */
const MAX_OPEN_LINE = 16_384;
/** Lines of one piece of output that are told while somebody waits. */
const MAX_TOLD_LINES = 50;
const MAX_TOLD_LENGTH = 1000;
const MAX_MESSAGE_LENGTH = 300;

/** What puts limits on the program, where it cannot start it; it names the whole path then. */
const WRAPPER = /^(?:setpriv|prlimit): /;

const PROGRESS = /^::progress (\d{1,15}(?:\.\d{1,6})?)(?:(%)|\/(\d{1,15}(?:\.\d{1,6})?))?(?: +(.*))?$/;

export interface OutputListener {
  line(text: string): void;
  progress(progress: RunProgress): void;
}

interface OutputLimits {
  /** The path of the program. */
  readonly program: string;
  /** Bytes. */
  readonly limit: number;
  /** Called once when more than the limit has come. */
  readonly onLimit: () => void;
}

/**
 * What a run prints, standard output and error together in the order in which lines came: the whole of it in a
 * file, its beginning and end in memory. Lines `::progress 3/10 message` are taken out and told as progress.
 */
export class RunOutput {
  readonly #file: WriteStream;
  readonly #limits: OutputLimits;
  readonly #listeners = new Set<OutputListener>();
  readonly #sources = new Set<Readable>();
  #head = '';
  #tail = '';
  /** Something between head and tail is gone. */
  #isTrimmed = false;
  /** Complete ones. */
  #lines = 0;
  /** Characters of the line that is not complete. */
  #open = 0;
  #characters = 0;
  #isWide = false;
  #bytes = 0;
  #progress: RunProgress | undefined;
  #isChanged = false;

  /** @param path Of the file, which must not exist. */
  constructor(path: string, limits: OutputLimits) {
    this.#file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    // A full disk costs the file, not the run.
    this.#file.on('error', () => undefined);
    for (const event of ['drain', 'close']) {
      this.#file.on(event, () => {
        for (const source of this.#sources) source.resume();
      });
    }
    this.#limits = limits;
  }

  get progress(): RunProgress | undefined {
    return this.#progress;
  }

  /** Whether an answer cannot show all of it. */
  get isLarge(): boolean {
    return this.#isWide || this.#characters > ANSWER_CHARACTERS;
  }

  /** Answers how to stop listening. */
  listen(listener: OutputListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Whether there is something new since it was last asked. */
  takeChange(): boolean {
    const isChanged = this.#isChanged;
    this.#isChanged = false;
    return isChanged;
  }

  read(source: Readable): void {
    const decoder = new TextDecoder();
    let open = '';
    this.#sources.add(source);
    source.on('data', (chunk: Buffer) => {
      if (!this.#count(chunk.length)) return;
      open += decoder.decode(chunk, { stream: true });
      const whole = open.lastIndexOf('\n') + 1;
      const end = open.length - whole > MAX_OPEN_LINE ? open.length : whole;
      this.#take(open.slice(0, end));
      open = open.slice(end);
    });
    source.once('close', () => {
      this.#sources.delete(source);
      const rest = open + decoder.decode();
      if (rest !== '') this.#take(`${rest}\n`);
    });
    // A pipe that breaks has ended.
    source.on('error', () => undefined);
  }

  excerpt(): OutputExcerpt {
    const all = this.#head + this.#tail;
    const counts = { lines: this.#lines + (this.#open > 0 ? 1 : 0), bytes: this.#bytes };
    if (!this.#isLong()) return { head: all, ...counts };
    return { head: this.#head, tail: lastLines(this.#tail), ...counts };
  }

  /** Resolves when the file is complete. */
  async end(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#file.once('close', resolve);
      this.#file.end();
      if (this.#file.closed) resolve();
    });
  }

  /** Nothing is read any more when more than the limit has come. */
  #count(bytes: number): boolean {
    const wasWithin = this.#bytes <= this.#limits.limit;
    this.#bytes += bytes;
    if (this.#bytes <= this.#limits.limit) return true;
    for (const source of this.#sources) source.destroy();
    if (wasWithin) this.#limits.onLimit();
    return false;
  }

  /** @param block Whole lines. */
  #take(block: string): void {
    if (block === '') return;
    this.#isChanged = true;
    const text = this.#withoutPath(block.includes('::progress ') ? this.#withoutProgress(block) : block);
    if (text === '') return;
    this.#tell(text);
    this.#keep(text);
    if (this.#file.destroyed || this.#file.write(text)) return;
    // The job waits for the disk.
    for (const source of this.#sources) source.pause();
  }

  #keep(text: string): void {
    this.#measure(text);
    const room = HEAD_CHARACTERS - this.#head.length;
    const isBeginning = this.#tail === '' && room > 0;
    const taken = isBeginning ? wholeLines(text, room) : 0;
    this.#head += text.slice(0, taken);
    this.#tail += text.slice(taken);
    // Trimmed now and then only: cutting a long text at each line would cost more than the lines.
    if (this.#tail.length > 4 * TAIL_CHARACTERS) {
      this.#isTrimmed = true;
      this.#tail = this.#tail.slice(-TAIL_CHARACTERS);
    }
  }

  #measure(text: string): void {
    this.#characters += text.length;
    let begin = 0;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', begin)) {
      if (this.#open + at - begin > MAX_LINE_CHARACTERS) this.#isWide = true;
      this.#lines++;
      this.#open = 0;
      begin = at + 1;
    }
    this.#open += text.length - begin;
    if (this.#open > MAX_LINE_CHARACTERS) this.#isWide = true;
  }

  #withoutPath(text: string): string {
    const { program } = this.#limits;
    if (this.#characters > 0 || !WRAPPER.test(text)) return text;
    return text.replaceAll(program, basename(program));
  }

  #isLong(): boolean {
    return this.#isTrimmed || this.#tail.length > TAIL_CHARACTERS;
  }

  #tell(text: string): void {
    if (this.#listeners.size === 0) return;
    const lines = text.split('\n', MAX_TOLD_LINES).filter((line) => line !== '');
    for (const line of lines) {
      const told = stripVTControlCharacters(line.slice(0, MAX_TOLD_LENGTH));
      for (const listener of this.#listeners) listener.line(told);
    }
  }

  #withoutProgress(block: string): string {
    const lines = block.split('\n');
    const others = lines.filter((line) => {
      const match = PROGRESS.exec(line.trimEnd());
      if (match === null) return true;
      this.#setProgress(progressOf(match));
      return false;
    });
    return others.join('\n');
  }

  #setProgress(progress: RunProgress): void {
    this.#progress = progress;
    for (const listener of this.#listeners) listener.progress(progress);
  }
}

/** The end of the text, from the beginning of a line on where there is one. */
function lastLines(text: string): string {
  const end = text.slice(-TAIL_CHARACTERS);
  const line = end.indexOf('\n') + 1;
  // Without a line break, no half of a character either.
  return line > 0 && line < end.length ? end.slice(line) : end.replace(/^[\udc00-\udfff]/, '');
}

/** How much of the text fits into the room without cutting a line. */
function wholeLines(text: string, room: number): number {
  return text.length <= room ? text.length : text.lastIndexOf('\n', room - 1) + 1;
}

function progressOf([, done = '0', percent, total, message]: RegExpExecArray): RunProgress {
  const said = message?.trim() ?? '';
  const text = stripVTControlCharacters(said).slice(0, MAX_MESSAGE_LENGTH);
  const whole = total === undefined ? (percent === undefined ? undefined : 100) : Number(total);
  return {
    done: Number(done),
    ...(whole === undefined ? {} : { total: whole }),
    ...(text === '' ? {} : { message: text }),
  };
}
