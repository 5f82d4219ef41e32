import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../core/errors.ts';
import { fileSize } from '../../../core/phrases.ts';
import type { ExportTarget, RowStream, Value } from '../source.ts';
import { ColumnType } from './column-type.ts';
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
 * @throws AppError `FILE_TOO_LARGE`, `SQL_ERROR` for rows without columns
 */
export async function spillRows<T>(
  { columns, batches }: RowStream,
  { target, folder, signal }: Spill,
  copy: (order: CopyOrder) => Promise<T>,
): Promise<T> {
  if (columns.length === 0)
    throw new AppError('SQL_ERROR', 'The statement answers no columns.', { next: 'select some' });
  const file = await openNameless(folder);
  try {
    const types = columns.map(({ type }) => new ColumnType(type));
    const maxLineBytes = await writeLines(file, seenBy(types, batches), target.maxBytes, signal);
    const from = { name: `rows-${randomUUID()}`, target: descriptorPath(file.fd) };
    const { link: to, write } = outputOf(target);
    return await copy({
      ...{ from, to, write, maxLineBytes },
      columns: columns.map(({ name }, index) => ({ name, type: types[index]?.name ?? 'VARCHAR' })),
    });
  } finally {
    await file.close();
  }
}

async function* seenBy(types: readonly ColumnType[], batches: RowStream['batches']): RowStream['batches'] {
  for await (const batch of batches) {
    for (const [index, type] of types.entries()) type.see(batch, index);
    yield batch;
  }
}

/** Answers the bytes of the longest line. */
async function writeLines(
  file: FileHandle,
  batches: RowStream['batches'],
  maxBytes: number,
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0;
  let longest = 0;
  for await (const batch of batches) {
    signal.throwIfAborted();
    const lines = batch.map((row) => lineOf(row));
    for (const line of lines) {
      const size = Buffer.byteLength(line);
      longest = Math.max(longest, size);
      bytes += size;
    }
    if (bytes > maxBytes * MAX_EXPANSION) {
      throw new AppError('FILE_TOO_LARGE', `The result comes to more than ${fileSize(maxBytes)}.`, {
        next: 'select fewer columns or rows, or export it in parts',
      });
    }
    await file.writeFile(lines.join(''));
  }
  return longest;
}

function lineOf(row: readonly Value[]): string {
  return `${JSON.stringify(Object.fromEntries(row.map((value, index) => [`c${index}`, value])))}\n`;
}
