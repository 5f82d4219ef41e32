import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../core/errors.ts';
import { fileSize } from '../../../core/phrases.ts';
import type { ExportTarget, RowStream, Value } from '../source.ts';
import { openNameless } from './nameless-file.ts';
import { descriptorPath } from './opened-files.ts';
import type { CopyOrder, Link, WriteOrder } from './protocol.ts';

/** As JSON, rows take up more than in the file that becomes of them. */
const MAX_EXPANSION = 4;

/** Where an engine writes to, and how. */
export function outputOf({ draft, format }: ExportTarget): {
  readonly link: Link;
  readonly write: WriteOrder;
} {
  const name = `export-${randomUUID()}`;
  return {
    link: { name, target: descriptorPath(draft.handle.fd) },
    write: { name, format, isArray: !/\.(jsonl|ndjson)$/i.test(draft.path) },
  };
}

interface Spill {
  readonly target: ExportTarget;
  /** Of a file that has no name. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Writes rows to a file of which nothing is left whatever happens, and has an engine read it.
 *
 * @throws AppError `FILE_TOO_LARGE`
 */
export async function spillRows<T>(
  { columns, batches }: RowStream,
  { target, folder, signal }: Spill,
  copy: (order: CopyOrder) => Promise<T>,
): Promise<T> {
  const file = await openNameless(folder);
  try {
    await writeLines(file, batches, target.maxBytes, signal);
    const from = { name: `rows-${randomUUID()}`, target: descriptorPath(file.fd) };
    const { link: to, write } = outputOf(target);
    return await copy({
      from,
      to,
      write,
      columns: columns.map(({ name, type }) => ({ name, type: engineType(type) })),
    });
  } finally {
    await file.close();
  }
}

async function writeLines(
  file: FileHandle,
  batches: RowStream['batches'],
  maxBytes: number,
  signal: AbortSignal,
): Promise<void> {
  let bytes = 0;
  for await (const batch of batches) {
    signal.throwIfAborted();
    const lines = batch.map((row) => lineOf(row)).join('');
    bytes += Buffer.byteLength(lines);
    if (bytes > maxBytes * MAX_EXPANSION) {
      throw new AppError('FILE_TOO_LARGE', `The result comes to more than ${fileSize(maxBytes)}.`, {
        next: 'select fewer columns or rows, or export it in parts',
      });
    }
    await file.writeFile(lines);
  }
}

function lineOf(row: readonly Value[]): string {
  return `${JSON.stringify(Object.fromEntries(row.map((value, index) => [`c${index}`, value])))}\n`;
}

const TYPES: readonly (readonly [RegExp, string])[] = [
  [/^(bool|boolean)$/, 'BOOLEAN'],
  [/^(tinyint|smallint|int2|mediumint|int|integer|int4)( unsigned)?$/, 'BIGINT'],
  [/^(bigint|int8|serial|bigserial)$/, 'BIGINT'],
  [/^bigint unsigned$/, 'UBIGINT'],
  [/^(real|float|float4|float8|double|double precision)$/, 'DOUBLE'],
  [/^date$/, 'DATE'],
  [/^(timestamp|datetime)( without time zone)?(\(\d\))?$/, 'TIMESTAMP'],
  [/^(timestamptz|timestamp with time zone)$/, 'TIMESTAMPTZ'],
];

/** What a column of another engine becomes; what has no certain counterpart stays the text that it is. */
function engineType(type: string): string {
  const plain = type.toLowerCase();
  const decimal = /^(?:numeric|decimal)\((\d+),\s*(\d+)\)$/.exec(plain);
  if (decimal !== null && Number(decimal[1]) <= 38) return `DECIMAL(${decimal[1] ?? ''},${decimal[2] ?? ''})`;
  return TYPES.find(([pattern]) => pattern.test(plain))?.[1] ?? 'VARCHAR';
}
