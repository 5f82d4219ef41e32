import { dateText } from './workbook-dates.ts';
import { parseXml } from './xml.ts';

export type Cell = string | undefined;

interface SheetContext {
  readonly strings: readonly string[];
  /** Indexes of styles that show dates. */
  readonly dateStyles: ReadonlySet<number>;
  readonly isDate1904: boolean;
}

const MAX_COLUMN = 16_384;

/** The sheets in the order of their tabs, and the calendar that dates count from. */
export function parseSheetList(xml: Uint8Array): {
  readonly sheets: readonly { readonly name: string; readonly relation: string }[];
  readonly isDate1904: boolean;
} {
  const sheets: { name: string; relation: string }[] = [];
  let isDate1904 = false;
  parseXml(xml, {
    open(name, attribute) {
      if (name === 'sheet') sheets.push({ name: attribute('name') ?? '', relation: attribute('id') ?? '' });
      if (name === 'workbookPr') isDate1904 = /^(1|true)$/.test(attribute('date1904') ?? '');
    },
  });
  return { sheets, isDate1904 };
}

/** Paths in the archive by relation id. */
export function parseRelations(xml: Uint8Array): Map<string, string> {
  const targets = new Map<string, string>();
  parseXml(xml, {
    open(name, attribute) {
      const target = attribute('Target');
      if (name !== 'Relationship' || target === undefined) return;
      targets.set(attribute('Id') ?? '', target.startsWith('/') ? target.slice(1) : `xl/${target}`);
    },
  });
  return targets;
}

/** The shared strings, without their formatting. */
export function parseStrings(xml: Uint8Array): string[] {
  const strings: string[] = [];
  let [value, isText, phonetic] = ['', false, 0];
  parseXml(xml, {
    open(name) {
      if (name === 'si') value = '';
      if (name === 'rPh') phonetic++;
      isText = name === 't' && phonetic === 0;
    },
    text(part) {
      if (isText) value += part;
    },
    close(name) {
      isText = false;
      if (name === 'rPh') phonetic--;
      if (name === 'si') strings.push(value);
    },
  });
  return strings;
}

/** The rows that there are, each as its cells from column A on. */
export function parseSheet(xml: Uint8Array, context: SheetContext): Cell[][] {
  const rows: Cell[][] = [];
  let row: Cell[] = [];
  let cell = { column: 0, type: '', style: -1, value: '' };
  let isValue = false;
  parseXml(xml, {
    open(name, attribute) {
      if (name === 'row') row = [];
      if (name === 'c') {
        const column = columnOf(attribute('r')) ?? row.length;
        cell = { column, type: attribute('t') ?? 'n', style: Number(attribute('s') ?? -1), value: '' };
      }
      isValue = name === 'v' || name === 't';
    },
    text(part) {
      if (isValue) cell.value += part;
    },
    close(name) {
      isValue = false;
      if (name === 'c' && cell.column < MAX_COLUMN) setCell(row, cell.column, valueOf(cell, context));
      if (name === 'row') rows.push(row);
    },
  });
  return rows;
}

function setCell(row: Cell[], column: number, value: string): void {
  while (row.length < column) row.push(undefined);
  row[column] = value;
}

function valueOf(
  { type, style, value }: { readonly type: string; readonly style: number; readonly value: string },
  { strings, dateStyles, isDate1904 }: SheetContext,
): string {
  if (type === 's') return strings[Number(value)] ?? '';
  if (type === 'b') return value === '1' ? 'TRUE' : 'FALSE';
  const isDate = type === 'n' && value !== '' && dateStyles.has(style);
  return isDate ? dateText(Number(value), isDate1904) : value;
}

/** Column index of a reference such as `BC12`; A is 0. */
function columnOf(reference: string | undefined): number | undefined {
  const letters = /^[A-Z]{1,3}/.exec(reference ?? '')?.[0];
  if (letters === undefined) return undefined;
  return Array.from(letters).reduce((index, letter) => index * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}
