import type { FileHandle } from 'node:fs/promises';
import type { LineIndex } from './line-index.ts';
import { type NewlineKind, NewlineScanner } from './newlines.ts';

export interface LineFileParts {
  readonly handle: FileHandle;
  /** Bytes. What is appended later is not looked at. */
  readonly size: number;
  /** Where the first line starts: behind a byte order mark. */
  readonly start: number;
  readonly newline: NewlineKind;
  readonly index: LineIndex;
  readonly signal: AbortSignal;
}

/** Consecutive lines as bytes. */
export interface Lines {
  readonly bytes: Buffer;
  readonly count: number;
  /** Where the line behind them starts. With `isCut`, where reading stopped. */
  readonly end: number;
  /** Whether there is no whole line: the one line is longer than was asked for. */
  readonly isCut: boolean;
}

interface Chunk {
  readonly bytes: Buffer;
  readonly offset: number;
}

const CHUNK = 256 * 1024;
const FIRST_CHUNK = 32 * 1024;
// Between marks in the index.
const MARK_BYTES = 4 * 1024 * 1024;

/** A text file of any size as lines, found in chunks: memory does not grow with the file. */
export class LineFile {
  readonly size: number;
  readonly #parts: LineFileParts;
  readonly #scanner: NewlineScanner;

  constructor(parts: LineFileParts) {
    this.size = parts.size;
    this.#parts = parts;
    this.#scanner = new NewlineScanner(parts.newline);
  }

  /** Where a line (1 is the first) starts; undefined behind the last, and then the index knows the total. */
  async offsetOf(line: number): Promise<number | undefined> {
    const { index, start } = this.#parts;
    const from = index.nearest(line) ?? { line: 1, offset: start };
    if (from.line === line) return from.offset;
    let [current, marked] = [from.line, from.offset];
    for await (const { bytes, offset } of this.#chunks(from.offset)) {
      const count = this.#scanner.count(bytes);
      const found = current + count < line ? -1 : offset + this.#scanner.after(bytes, line - current);
      if (found !== -1 && found < this.size) {
        index.note(line, found);
        return found;
      }
      current += count;
      const last = offset + this.#scanner.lastBefore(bytes, bytes.length);
      if (last - marked > MARK_BYTES && last < this.size) {
        marked = last;
        index.note(current, marked);
      }
    }
    index.total = current - 1 + (await this.#openEnd());
    return undefined;
  }

  /** Where the `count`th line from the end starts, and how many lines there are from there on: fewer in a short file. */
  async offsetFromEnd(count: number): Promise<{ readonly offset: number; readonly count: number }> {
    const { start } = this.#parts;
    const { width } = this.#scanner;
    const buffer = Buffer.allocUnsafe(CHUNK);
    let end = this.size - ((this.size - start) % width);
    let found = 0;
    while (end > start) {
      const from = Math.max(start, end - CHUNK);
      const bytes = await this.#read(buffer, from, end - from);
      let at = this.#scanner.lastBefore(bytes, bytes.length);
      for (; at !== -1; at = this.#scanner.lastBefore(bytes, at - width)) {
        // A newline at the very end ends the last line and starts none.
        if (from + at < this.size && ++found === count) return { offset: from + at, count };
      }
      end = from;
    }
    return { offset: start, count: found + (this.size > start ? 1 : 0) };
  }

  /** Up to `maxLines` lines from a line's start, of up to `maxBytes`. */
  async take(offset: number, maxLines: number, maxBytes: number): Promise<Lines> {
    const wanted = Math.min(maxBytes - (maxBytes % 2), this.size - offset);
    const parts: Buffer[] = [];
    let [length, lines] = [0, 0];
    while (length < wanted) {
      const room = Math.min(wanted - length, length === 0 ? FIRST_CHUNK : CHUNK);
      const bytes = await this.#read(Buffer.allocUnsafe(room), offset + length, room);
      if (bytes.length === 0) break;
      const end = this.#scanner.after(bytes, maxLines - lines);
      parts.push(end === -1 ? bytes : bytes.subarray(0, end));
      length += end === -1 ? bytes.length : end;
      if (end !== -1)
        return { bytes: Buffer.concat(parts), count: maxLines, end: offset + length, isCut: false };
      lines += this.#scanner.count(bytes);
    }
    return this.#whole(Buffer.concat(parts), lines, offset);
  }

  /** Bytes of the first lines of what was taken. */
  lengthOf(bytes: Buffer, lines: number): number {
    return this.#scanner.after(bytes, lines);
  }

  /** Whether the last of the lines has no newline behind it. */
  isOpenEnded({ bytes, isCut }: Lines): boolean {
    return !isCut && this.#scanner.lastBefore(bytes, bytes.length) !== bytes.length;
  }

  /** Lines from one that starts at the offset up to the end. */
  async linesFrom(offset: number): Promise<number> {
    return (await this.countLines(offset, this.size)) + (await this.#openEnd());
  }

  /** Newlines from one offset up to another. */
  async countLines(from: number, to: number): Promise<number> {
    let count = 0;
    for await (const { bytes } of this.#chunks(from, to)) count += this.#scanner.count(bytes);
    return count;
  }

  /** 1 where the last line has no newline behind it, else 0. */
  async #openEnd(): Promise<0 | 1> {
    const { width } = this.#scanner;
    if (this.size - this.#parts.start < width) return this.size > this.#parts.start ? 1 : 0;
    const last = await this.#read(Buffer.allocUnsafe(width), this.size - width, width);
    return this.#scanner.count(last) === 1 ? 0 : 1;
  }

  #whole(bytes: Buffer, lines: number, offset: number): Lines {
    if (offset + bytes.length >= this.size) {
      const all = { bytes, count: lines, end: this.size, isCut: false };
      return { ...all, count: lines + (bytes.length > 0 && this.isOpenEnded(all) ? 1 : 0) };
    }
    if (lines === 0) return { bytes, count: 1, end: offset + bytes.length, isCut: true };
    const end = this.#scanner.lastBefore(bytes, bytes.length);
    return { bytes: bytes.subarray(0, end), count: lines, end: offset + end, isCut: false };
  }

  /** The file in chunks; the next one is being read while this one is looked at. */
  async *#chunks(from: number, to: number = this.size): AsyncGenerator<Chunk> {
    const buffers = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)] as const;
    let offset = from;
    let turn: 0 | 1 = 0;
    let pending = this.#prefetch(buffers[turn], offset, to);
    try {
      for (;;) {
        const bytes = await pending;
        if (bytes.length === 0) return;
        const chunk = { bytes, offset };
        offset += bytes.length;
        turn = turn === 0 ? 1 : 0;
        pending = this.#prefetch(buffers[turn], offset, to);
        yield chunk;
      }
    } finally {
      // The caller closes the file: not while the system still reads from it.
      await pending.catch(() => undefined);
    }
  }

  #prefetch(buffer: Buffer, offset: number, to: number): Promise<Buffer> {
    const bytes = this.#read(buffer, offset, Math.min(CHUNK, to - offset));
    // A failure is met where the chunk is awaited.
    bytes.catch(() => undefined);
    return bytes;
  }

  async #read(buffer: Buffer, offset: number, length: number): Promise<Buffer> {
    this.#parts.signal.throwIfAborted();
    if (length <= 0) return buffer.subarray(0, 0);
    const { bytesRead } = await this.#parts.handle.read(buffer, 0, length, offset);
    return buffer.subarray(0, bytesRead);
  }
}
