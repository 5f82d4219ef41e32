import { parseXml } from './xml.ts';

// ECMA-376, part 1, §18.8.30: the built-in formats that show dates and times.
const BUILT_IN = new Set([14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 46, 47]);
const DAY_MS = 86_400_000;
// Day 0 of each calendar; the 1900 one counts a 29 February 1900 that never was, so it starts a day early.
const EPOCH_1900 = Date.UTC(1899, 11, 30);
const EPOCH_1904 = Date.UTC(1904, 0, 1);

/** Indexes of the cell styles that show a number as a date. */
export function parseDateStyles(xml: Uint8Array): Set<number> {
  const formats = new Set<number>(BUILT_IN);
  const styles = new Set<number>();
  let style = 0;
  let isCellStyles = false;
  parseXml(xml, {
    open(name, attribute) {
      if (name === 'numFmt' && isDateFormat(attribute('formatCode') ?? '')) {
        formats.add(Number(attribute('numFmtId')));
      }
      if (name === 'cellXfs') isCellStyles = true;
      if (name !== 'xf' || !isCellStyles) return;
      if (formats.has(Number(attribute('numFmtId')))) styles.add(style);
      style++;
    },
    close(name) {
      if (name === 'cellXfs') isCellStyles = false;
    },
  });
  return styles;
}

/** ISO 8601, without a time where it is midnight. */
export function dateText(days: number, isDate1904: boolean): string {
  const date = new Date(Math.round((isDate1904 ? EPOCH_1904 : EPOCH_1900) + days * DAY_MS));
  if (Number.isNaN(date.getTime())) return String(days);
  const iso = date.toISOString();
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : iso.slice(0, 19);
}

function isDateFormat(code: string): boolean {
  const bare = code.replace(/"[^"]*"|\\.|_.|\*.|\[(?!h|m|s)[^\]]*\]/gi, '');
  return /[ymdhs]/i.test(bare);
}
