/** What the worker is asked: rows of a table file that this process holds open. */
export interface TableQuestion {
  readonly format: 'parquet' | 'workbook';
  /** Descriptor that stays open until the answer. */
  readonly descriptor: number;
  /** Bytes. */
  readonly size: number;
  /** 1 is the first row, -1 the last. */
  readonly startRow: number;
  readonly maxRows: number;
}

/** The worker is to write a sheet of a workbook as CSV. */
export interface SheetQuestion {
  readonly format: 'sheet';
  readonly descriptor: number;
  /** Bytes. */
  readonly size: number;
  /** By name; the first one where none is given. */
  readonly sheet?: string | undefined;
  /** Descriptor to write to, which stays open until the answer. */
  readonly target: number;
}

export interface Table {
  /** One line that says what the rows are of: columns with their types, or the sheet. */
  readonly caption: string;
  /** The header where the format knows one, then the rows; as CSV. */
  readonly header: string | undefined;
  readonly rows: readonly string[];
  /** Number of the first of the rows; 1 is the first of all. */
  readonly firstRow: number;
  readonly totalRows: number;
  /** What is left out, in words. */
  readonly remarks: readonly string[];
}

export type TableAnswer = { readonly table: Table } | TableProblem;

/** A sheet that does not exist is answered with those that do. */
export type SheetAnswer = { readonly written: true } | { readonly sheets: readonly string[] } | TableProblem;

export interface TableProblem {
  readonly problem: 'too-large' | 'damaged';
  readonly detail: string;
}

/** Thrown by readers for what is whole but more than they take on. */
export class TableTooLarge extends Error {
  override readonly name = 'TableTooLarge';
}

export const MAX_COLUMNS = 100;
const MAX_CELL = 500;

/** The half-open range of rows (0 is the first) that a question asks for. */
export function rowRange(
  question: TableQuestion,
  total: number,
): { readonly from: number; readonly to: number } {
  const { startRow, maxRows } = question;
  const from = startRow < 0 ? Math.max(0, total + startRow) : Math.max(0, startRow - 1);
  return { from, to: Math.min(total, from + maxRows) };
}

/** One line of CSV (RFC 4180). */
export function csvLine(cells: readonly unknown[]): string {
  return cells.map((cell) => csvCell(cellText(cell))).join(',');
}

function csvCell(value: string): string {
  const short = value.length > MAX_CELL ? `${value.slice(0, MAX_CELL)}…` : value;
  return /[",\r\n]/.test(short) ? `"${short.replaceAll('"', '""')}"` : short;
}

function cellText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString();
  if (value instanceof Uint8Array) return `0x${Buffer.from(value.subarray(0, 64)).toString('hex')}`;
  const isPlain = typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean';
  return isPlain ? String(value) : JSON.stringify(value, bigintsAsText);
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
