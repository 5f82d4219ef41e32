import { writeSync } from 'node:fs';
import { type SheetQuestion, TableTooLarge } from './table.ts';
import { readSheet } from './workbook.ts';
import type { Cell } from './workbook-xml.ts';

// A text that many cells share is written for each of them.
const MAX_CSV_BYTES = 256 * 1024 * 1024;
const CHUNK = 1024 * 1024;

/** Writes the rows of a sheet as CSV (RFC 4180), all of them as wide as the widest. */
export function writeSheet({ target, sheet, ...question }: SheetQuestion): void {
  const { rows } = readSheet(question, sheet);
  const width = rows.reduce((widest, row) => Math.max(widest, row.length), 0);
  let [chunk, bytes] = ['', 0];
  const flush = (): void => {
    const data = Buffer.from(chunk);
    bytes += data.length;
    if (bytes > MAX_CSV_BYTES) throw new TableTooLarge('rows');
    for (let at = 0; at < data.length;) at += writeSync(target, data, at);
    chunk = '';
  };
  for (const row of rows) {
    const cells = Array.from({ length: width }, (_, index) => field(row[index]));
    chunk += `${cells.join(',')}\n`;
    if (chunk.length > CHUNK) flush();
  }
  flush();
}

function field(cell: Cell): string {
  return cell !== undefined && /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : (cell ?? '');
}
