import { readSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet';
import { csvLine, MAX_COLUMNS, rowRange, type Table, type TableQuestion, TableTooLarge } from './table.ts';

const MAX_FOOTER_BYTES = 32 * 1024 * 1024;
// Row groups are decoded as a whole, one column after the other.
const MAX_GROUP_BYTES = 256 * 1024 * 1024;

const COMPRESSORS: Compressors = {
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: length }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: length }),
  ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: length }),
};

export async function readParquet(question: TableQuestion): Promise<Table> {
  const file = openBuffer(question);
  const end = Buffer.from(await file.slice(Math.max(0, question.size - 8)));
  if (end.toString('latin1', 4) !== 'PAR1') throw new TypeError('The file does not end like Parquet');
  const footer = end.readUInt32LE(0);
  if (footer > question.size) throw new TypeError('The footer is longer than the file');
  if (footer > MAX_FOOTER_BYTES) throw new TableTooLarge('footer');
  const metadata = await parquetMetadataAsync(file);
  const all = parquetSchema(metadata).children;
  const columns = all.slice(0, MAX_COLUMNS);
  const names = columns.map(({ element }) => element.name);
  const totalRows = Number(metadata.num_rows);
  const { from, to } = rowRange(question, totalRows);
  if (groupBytes(metadata, from, to) > MAX_GROUP_BYTES) throw new TableTooLarge('row group');
  const rows =
    from < to
      ? await parquetReadObjects({
          file,
          metadata,
          columns: names,
          rowStart: from,
          rowEnd: to,
          compressors: COMPRESSORS,
        })
      : [];
  return {
    caption: `columns: ${columns.map((column) => `${column.element.name} ${typeOf(column)}`).join(', ')}`,
    header: csvLine(names),
    rows: rows.map((row) => csvLine(names.map((name) => row[name] as unknown))),
    firstRow: from + 1,
    totalRows,
    remarks: all.length > columns.length ? [`the first ${columns.length} of ${all.length} columns`] : [],
  };
}

/** Reads through the descriptor that was judged; a path would have to be judged again. */
function openBuffer({ descriptor, size }: TableQuestion): AsyncBuffer {
  return {
    byteLength: size,
    slice(start, end = size) {
      const buffer = new ArrayBuffer(Math.max(0, end - start));
      let filled = 0;
      while (filled < buffer.byteLength) {
        const view = new Uint8Array(buffer, filled);
        const count = readSync(descriptor, view, 0, view.length, start + filled);
        if (count === 0) throw new RangeError('The file is shorter than it was');
        filled += count;
      }
      return buffer;
    },
  };
}

/** Uncompressed bytes of the row groups that hold the rows. */
function groupBytes(metadata: FileMetaData, from: number, to: number): number {
  let [first, bytes] = [0, 0];
  for (const group of metadata.row_groups) {
    const behind = first + Number(group.num_rows);
    if (first < to && behind > from) bytes = Math.max(bytes, Number(group.total_byte_size));
    first = behind;
  }
  return bytes;
}

function typeOf({ element, children }: SchemaTree): string {
  const logical = element.logical_type?.type ?? element.converted_type;
  return (logical ?? element.type ?? `struct of ${children.length}`).toLowerCase();
}
