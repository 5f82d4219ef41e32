import { readSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { csvLine, MAX_COLUMNS, rowRange, type Table, type TableQuestion, TableTooLarge } from './table.ts';
import { type Cell, parseRelations, parseSheet, parseSheetList, parseStrings } from './workbook-xml.ts';
import { parseDateStyles } from './workbook-dates.ts';

const MAX_FILE_BYTES = 20 * 1024 * 1024;
// What the parts in use may come to; a small archive can claim any size.
const MAX_PARTS_BYTES = 96 * 1024 * 1024;

type Parts = Readonly<Partial<Record<string, Uint8Array>>>;

/** Rows of the first sheet of an Office Open XML workbook (ECMA-376, part 1, clause 18), with the values last computed. */
export function readWorkbook(question: TableQuestion): Table {
  const { rows, names } = readSheet(question);
  return tableOf(question, rows, names);
}

interface Sheet {
  readonly rows: readonly (readonly Cell[])[];
  /** Of all sheets. */
  readonly names: readonly string[];
}

/**
 * The rows of a sheet, the first one where no name is given.
 *
 * @throws UnknownSheet
 */
export function readSheet(
  { descriptor, size }: Pick<TableQuestion, 'descriptor' | 'size'>,
  name?: string,
): Sheet {
  const archive = readWhole(descriptor, size);
  const index = extract(archive, ['xl/workbook.xml', 'xl/_rels/workbook.xml.rels']);
  const { sheets, isDate1904 } = parseSheetList(part(index, 'xl/workbook.xml'));
  const names = sheets.map((sheet) => sheet.name);
  const sheet = name === undefined ? sheets[0] : sheets.find((one) => one.name === name);
  if (sheet === undefined && name !== undefined) throw new UnknownSheet(names);
  if (sheet === undefined) throw new TypeError('The workbook holds no sheet');
  const path = parseRelations(part(index, 'xl/_rels/workbook.xml.rels')).get(sheet.relation);
  if (path === undefined) throw new TypeError('The sheet is not in the archive');
  const parts = extract(archive, [path, 'xl/sharedStrings.xml', 'xl/styles.xml']);
  const strings = parts['xl/sharedStrings.xml'];
  const styles = parts['xl/styles.xml'];
  const rows = parseSheet(part(parts, path), {
    strings: strings === undefined ? [] : parseStrings(strings),
    dateStyles: styles === undefined ? new Set() : parseDateStyles(styles),
    isDate1904,
  });
  return { rows, names };
}

function readWhole(descriptor: number, size: number): Uint8Array {
  if (size > MAX_FILE_BYTES) throw new TableTooLarge('file');
  const archive = new Uint8Array(size);
  for (let at = 0; at < archive.length;) {
    const count = readSync(descriptor, archive, at, archive.length - at, at);
    if (count === 0) throw new RangeError('The file is shorter than it was');
    at += count;
  }
  return archive;
}

/** The workbook has no sheet of that name. */
export class UnknownSheet extends Error {
  override readonly name = 'UnknownSheet';
  readonly sheets: readonly string[];

  constructor(sheets: readonly string[]) {
    super('There is no such sheet');
    this.sheets = sheets;
  }
}

function tableOf(
  question: TableQuestion,
  rows: readonly (readonly Cell[])[],
  names: readonly string[],
): Table {
  const { from, to } = rowRange(question, rows.length);
  const width = rows.reduce((widest, row) => Math.max(widest, row.length), 0);
  const others = names.slice(1, 20).map((name) => JSON.stringify(name));
  return {
    caption: `sheet ${JSON.stringify(names[0])}${others.length === 0 ? '' : `; not shown: ${others.join(', ')}`}`,
    header: undefined,
    rows: rows.slice(from, to).map((row) => csvLine(row.slice(0, MAX_COLUMNS))),
    firstRow: from + 1,
    totalRows: rows.length,
    remarks: width > MAX_COLUMNS ? [`the first ${MAX_COLUMNS} of ${width} columns`] : [],
  };
}

/** Inflates no more than each part declares, and nothing when these sizes are too large. */
function extract(archive: Uint8Array, names: readonly string[]): Parts {
  let total = 0;
  return unzipSync(archive, {
    filter: ({ name, originalSize }) => {
      if (!names.includes(name)) return false;
      total += originalSize;
      if (total > MAX_PARTS_BYTES) throw new TableTooLarge('parts');
      return true;
    },
  });
}

function part(parts: Parts, name: string): Uint8Array {
  const bytes = parts[name];
  if (bytes === undefined) throw new TypeError(`The archive holds no ${name}`);
  return bytes;
}
