import { AppError } from '../../../core/errors.ts';
import type { KeptFile } from '../../../core/scratch.ts';
import type { ToolCall } from '../../../core/tool.ts';
import type { Column, Page, Value } from '../source.ts';

const ROWS_AT_ONCE = 100;

/**
 * Puts away all rows of a page, one JSON object a line, as a file that can be read and queried. Undefined where
 * that fails: what there is to show is still worth showing, and the rest can be asked for in smaller parts.
 */
export async function spill(
  call: Pick<ToolCall, 'keep' | 'logger'>,
  name: string,
  page: Page,
): Promise<KeptFile | undefined> {
  try {
    return await call.keep({ name, mimeType: 'application/x-ndjson', content: lines(page) });
  } catch (error) {
    if (!(error instanceof AppError)) call.logger.error({ err: error }, 'rows could not be kept');
    return undefined;
  }
}

async function* lines({ columns, rows }: Page): AsyncGenerator<Uint8Array> {
  const names = distinctNames(columns);
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
    const some = rows.slice(start, start + ROWS_AT_ONCE).map((row) => `${lineOf(names, row)}\n`);
    yield await Promise.resolve(Buffer.from(some.join('')));
  }
}

/** Written by hand: an object would lose names such as `__proto__`, and bring numbers among them to the front. */
function lineOf(names: readonly string[], row: readonly Value[]): string {
  const members = names.map((name, index) => `${JSON.stringify(name)}:${JSON.stringify(row[index] ?? null)}`);
  return `{${members.join(',')}}`;
}

/** Columns of one name are told apart by a number; case does not tell columns apart in SQL. */
function distinctNames(columns: readonly Column[]): string[] {
  const taken = new Set<string>();
  return columns.map(({ name }) => {
    let distinct = name;
    for (let number = 2; taken.has(distinct.toLowerCase()); number++) distinct = `${name}_${number}`;
    taken.add(distinct.toLowerCase());
    return distinct;
  });
}
