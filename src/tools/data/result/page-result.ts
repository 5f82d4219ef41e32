import * as z from 'zod';
import { OutputBudget } from '../../../core/budget.ts';
import { type Content, text } from '../../../core/content.ts';
import { counted, fileSize, grouped } from '../../../core/phrases.ts';
import type { KeptFile } from '../../../core/scratch.ts';
import type { ToolCall, ToolResult } from '../../../core/tool.ts';
import type { Column, Page, Value } from '../source.ts';
import { type Fitted, fitRows, roomForJson } from './fit-rows.ts';
import { type Reader, readersFor } from './readers.ts';
import { spill } from './spill.ts';

/** Tokens for what stands around the rows: names of the members, the note, the file. */
const RESERVE = 450;

/** What is there only at times (next_offset, file, note, plan) is not declared: schemas cost every client tokens. */
export const pageOutput = z.looseObject({
  columns: z.array(z.unknown()).describe('Name and type of each.'),
  rows: z.array(z.array(z.unknown())).describe('Values, in their order.'),
  truncated: z.boolean().describe('There are further rows.'),
});

interface PageOutput {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Value[])[];
  /** Rows shown. */
  readonly row_count: number;
  readonly truncated: boolean;
  /** Where further rows begin. */
  readonly next_offset?: number;
  /** All rows of this page, uncut. */
  readonly file?: {
    readonly path: string;
    readonly uri: string;
    readonly rows: number;
    readonly bytes: number;
  };
  readonly plan?: string;
  /** What is not shown, and the call that shows it. */
  readonly note?: string;
}

export interface PageSurroundings {
  readonly call: Pick<ToolCall, 'budget' | 'keep' | 'logger' | 'principal'>;
  readonly offset: number;
  /** Whether the caller can query files: then what is put away is told by a query. */
  readonly canQueryFiles: boolean;
}

/** A page as the result of a tool: as much of it as the budget holds, the whole of it in a file where that is less. */
export async function pageResult(page: Page, surroundings: PageSurroundings): Promise<ToolResult> {
  const { call, offset } = surroundings;
  const fitted = fitRows(page.columns, page.rows, roomForJson(call.budget, RESERVE));
  const shown = fitted.rows.length;
  const isWhole =
    shown === page.rows.length &&
    fitted.columns.length === page.columns.length &&
    fitted.cellCharacters === undefined;
  const readers = readersFor(call.principal, surroundings.canQueryFiles);
  const file = isWhole || readers.length === 0 ? undefined : await spill(call, 'query.ndjson', page);
  const truncated = page.more || shown < page.rows.length;
  const note = noteOn({ page, fitted, offset, readers, ...(file === undefined ? {} : { file }) });
  const output: PageOutput = {
    columns: fitted.columns.map(({ name, type }) => ({ name, type })),
    rows: fitted.rows,
    row_count: shown,
    truncated,
    ...(truncated ? { next_offset: offset + shown } : {}),
    ...(file === undefined ? {} : { file: told(file, page) }),
    ...(note === '' ? {} : { note }),
  };
  return dataResult(output, call, file);
}

/** A plan, as many of its lines as fit. */
export function planResult(plan: string, call: Pick<ToolCall, 'budget'>): ToolResult {
  const room = new OutputBudget(roomForJson(call.budget, RESERVE));
  const lines = plan.trimEnd().split('\n');
  const shown = takeWhile(lines, (line) => room.take(`${line}\\n`, 'json'));
  const note = `lines 1-${shown.length} of ${grouped(lines.length)} of the plan shown`;
  const output: PageOutput = {
    ...{ columns: [], rows: [], row_count: 0, truncated: false, plan: shown.join('\n') },
    ...(shown.length < lines.length ? { note } : {}),
  };
  return dataResult(output, call);
}

function takeWhile<T>(items: readonly T[], takes: (item: T) => boolean): readonly T[] {
  const end = items.findIndex((item) => !takes(item));
  return end === -1 ? items : items.slice(0, end);
}

/** Data, the same as text, and a link to what was put away. */
export function dataResult(data: object, { budget }: Pick<ToolCall, 'budget'>, file?: KeptFile): ToolResult {
  const json = JSON.stringify(data);
  budget.take(json, 'json');
  const content: Content[] = [text(json)];
  if (file !== undefined) {
    const { uri, name, mimeType, size } = file;
    content.push({ type: 'resource_link', uri, name, mimeType, size });
  }
  return { content, structuredContent: { ...data } };
}

function told({ path, uri, size }: KeptFile, page: Page): NonNullable<PageOutput['file']> {
  return { path, uri, rows: page.rows.length, bytes: size };
}

interface Cut {
  readonly page: Page;
  readonly fitted: Fitted;
  readonly offset: number;
  readonly file?: KeptFile;
  readonly readers: readonly Reader[];
}

function noteOn(cut: Cut): string {
  const { page, fitted, file, offset } = cut;
  const { columns, rows, cellCharacters } = fitted;
  const first = grouped(offset + 1);
  const parts: string[] = [];
  if (rows.length < page.rows.length) {
    const range = rows.length === 0 ? 'none' : `rows ${first}-${grouped(offset + rows.length)}`;
    parts.push(`${range} shown of ${first}-${grouped(offset + page.rows.length)}: the rest does not fit`);
  }
  if (columns.length < page.columns.length) {
    parts.push(
      `the first ${grouped(columns.length)} of ${grouped(page.columns.length)} columns shown: select those you need`,
    );
  }
  if (cellCharacters !== undefined) {
    parts.push(`values of more than ${grouped(cellCharacters)} characters are shortened, as their ends tell`);
  }
  if (file !== undefined) parts.push(whereAllIs({ ...cut, file }));
  if (page.more) parts.push(`further rows: the same call with "offset":${offset + page.rows.length}`);
  return parts.join('; ');
}

function whereAllIs({ page, fitted, file, readers }: Required<Cut>): string {
  const what = `all ${counted(page.rows.length, 'row')} whole in ${file.path} (${fileSize(file.size)})`;
  const shown = fitted.rows.length < page.rows.length ? fitted.rows.length : 0;
  const columns = page.columns.length;
  return `${what}: ${readers.map((reader) => reader({ path: file.path, columns, shown })).join(' or ')}`;
}
