import * as z from 'zod';

/** A line that matches, or one beside it. */
export interface FoundLine {
  readonly number: number;
  /** Without its line end; of a long line the part around its first match. */
  readonly text: string;
  readonly isMatch: boolean;
}

const textOrBytes = z.union([z.object({ text: z.string() }), z.object({ bytes: z.string() })]);
const lineEvent = z.object({
  type: z.enum(['match', 'context']),
  data: z.object({
    path: z.object({ text: z.string() }),
    lines: textOrBytes,
    line_number: z.number(),
    submatches: z.array(z.object({ start: z.number() })),
  }),
});

// A line of a minified file can have any length; longer events are passed over.
const MAX_EVENT_BYTES = 4 * 1024 * 1024;
const NEWLINE = 0x0a;
const MAX_COLUMNS = 500;
const COLUMNS_BEFORE = 100;

/** Reads ripgrep's JSON Lines (`--json`) as they come. */
export class MatchEvents {
  /** Lines that were too long to be taken. */
  omitted = 0;
  readonly #lines = new Map<string, FoundLine[]>();
  #parts: Buffer[] = [];
  #length = 0;

  /** What was found in the file that was named so, by line numbers. */
  linesOf(path: string): readonly FoundLine[] {
    return this.#lines.get(path) ?? [];
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      if (this.#length <= MAX_EVENT_BYTES) this.#read(Buffer.concat(this.#parts));
      else this.omitted++;
      this.#parts = [];
      this.#length = 0;
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    if (this.#length <= MAX_EVENT_BYTES) this.#parts.push(part);
    else this.#parts = [];
  }

  #read(event: Buffer): void {
    if (event.length === 0) return;
    const parsed = lineEvent.safeParse(JSON.parse(event.toString('utf8')));
    if (!parsed.success) return;
    const { path, lines, line_number: number, submatches } = parsed.data.data;
    const [first] = submatches;
    // Bytes that are not UTF-8 are shown as Latin-1: offsets stay true, and most of such text is readable.
    const isText = 'text' in lines;
    const text = isText ? lines.text : Buffer.from(lines.bytes, 'base64').toString('latin1');
    const column = first === undefined ? 0 : isText ? characters(text, first.start) : first.start;
    const found = this.#lines.get(path.text) ?? [];
    found.push({
      number,
      text: excerpt(text.replace(/\r?\n$/, ''), column),
      isMatch: parsed.data.type === 'match',
    });
    this.#lines.set(path.text, found);
  }
}

/** Characters that the first bytes of a text make. */
function characters(text: string, bytes: number): number {
  // Only where the line is cut does it matter where in it the match stands.
  if (text.length <= MAX_COLUMNS) return 0;
  return Buffer.from(text).toString('utf8', 0, bytes).length;
}

/** A long line around its first match. */
function excerpt(text: string, column: number): string {
  if (text.length <= MAX_COLUMNS) return text;
  const from = Math.max(0, Math.min(column - COLUMNS_BEFORE, text.length - MAX_COLUMNS));
  const to = from + MAX_COLUMNS;
  // A slice would hold on to all of the line; thousands of lines, each of megabytes, are kept at a time.
  const part = Buffer.from(text.slice(from, to)).toString();
  return `${from > 0 ? '…' : ''}${part}${to < text.length ? '…' : ''}`;
}
