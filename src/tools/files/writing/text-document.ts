/**
 * A text with its line endings apart, so that it can be looked at and changed as if each were a plain newline
 * and still be put together byte for byte.
 */
export interface TextDocument {
  /** With `\n` for each line ending. A carriage return that ends no line is a character as any other. */
  readonly text: string;
  /** One character for each newline of the text, `r` for CRLF and `n` for LF; undefined where all are LF. */
  readonly endings: string | undefined;
}

export function documentOf(raw: string): TextDocument {
  if (!raw.includes('\r\n')) return { text: raw, endings: undefined };
  const endings: string[] = [];
  for (let at = raw.indexOf('\n'); at !== -1; at = raw.indexOf('\n', at + 1)) {
    endings.push(raw[at - 1] === '\r' ? 'r' : 'n');
  }
  return { text: plainNewlines(raw), endings: endings.join('') };
}

export function rawOf({ text, endings }: TextDocument): string {
  if (endings === undefined) return text;
  if (!endings.includes('n')) return text.replaceAll('\n', '\r\n');
  const lines = text.split('\n');
  return lines
    .map((line, index) =>
      index === lines.length - 1 ? line : line + (endings[index] === 'r' ? '\r\n' : '\n'),
    )
    .join('');
}

export function plainNewlines(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

/**
 * With `next` in the place of `old`, which stands at each of the positions. What both have in common at their
 * start and end is not touched, line endings included; a new line ends as the one did whose place it takes, or
 * as the line before it.
 */
export function replaceAt(
  document: TextDocument,
  positions: readonly number[],
  old: string,
  next: string,
): TextDocument {
  const start = commonStart(old, next);
  const end = commonEnd(old.slice(start), next.slice(start));
  const middle = { old: old.slice(start, old.length - end), next: next.slice(start, next.length - end) };
  const at = positions.map((position) => position + start);
  return {
    text: spliced(document.text, at, middle.old.length, middle.next),
    endings:
      document.endings === undefined
        ? undefined
        : splicedEndings({ text: document.text, endings: document.endings }, at, [
            countNewlines(middle.old),
            countNewlines(middle.next),
          ]),
  };
}

export function countNewlines(text: string, from = 0, to = text.length): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

function spliced(text: string, positions: readonly number[], length: number, next: string): string {
  const parts: string[] = [];
  let from = 0;
  for (const position of positions) {
    parts.push(text.slice(from, position), next);
    from = position + length;
  }
  parts.push(text.slice(from));
  return parts.join('');
}

/** Answers how many newlines stand before a position, for positions that ascend: one look at the text for all of them. */
export function newlineCounter(text: string): (position: number) => number {
  let [count, next] = [0, text.indexOf('\n')];
  return (position) => {
    for (; next !== -1 && next < position; next = text.indexOf('\n', next + 1)) count++;
    return count;
  };
}

/** @param counts Newlines that go, and newlines that come, at each position. */
function splicedEndings(
  { text, endings }: { readonly text: string; readonly endings: string },
  positions: readonly number[],
  [gone, come]: readonly [number, number],
): string {
  const parts: string[] = [];
  const newlinesBefore = newlineCounter(text);
  let from = 0;
  for (const position of positions) {
    const line = newlinesBefore(position);
    const kept = endings.slice(line, line + Math.min(gone, come));
    const style = endings[gone > 0 ? line : line - 1] ?? endings[line] ?? 'n';
    parts.push(endings.slice(from, line), kept, style.repeat(Math.max(0, come - gone)));
    from = line + gone;
  }
  parts.push(endings.slice(from));
  return parts.join('');
}

/** Characters that both have at their start. */
export function commonStart(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}

/** Characters that both have at their end. */
export function commonEnd(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[a.length - 1 - length] === b[b.length - 1 - length]) length++;
  return length;
}
