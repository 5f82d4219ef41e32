import { jsonValue, realNumber, wholeNumber } from '../databases/values.ts';
import type { Value } from '../source.ts';

type Decode = (text: string) => Value;

/** What the catalogue of the server tells of a type. */
export interface TypeInfo {
  /** As the server calls it: `timestamp with time zone`. */
  readonly name: string;
  /** Of the elements, where it is an array. */
  readonly element: number | undefined;
  /** Between the elements. */
  readonly delimiter: string;
}

// By the identifiers in pg_type.dat, which never change.
const DECODERS: Readonly<Record<number, Decode>> = {
  16: (text) => text === 't',
  20: wholeNumber,
  21: wholeNumber,
  23: wholeNumber,
  26: wholeNumber,
  700: realValue,
  701: realValue,
  114: jsonValue,
  3802: jsonValue,
  1082: moment,
  1114: moment,
  1184: moment,
};

function realValue(text: string): number | string {
  return realNumber(Number(text));
}

/** ISO 8601: a `T` between date and time, and `Z` or the full offset. What is infinite stays as it is. */
function moment(text: string): string {
  const [, year, day, time, isBefore] = /^(\d+)(-\d\d-\d\d)(?: (\d\S*))?( BC)?$/.exec(text) ?? [];
  if (year === undefined || day === undefined) return text;
  const date = `${isBefore === undefined ? year : yearBeforeChrist(Number(year))}${day}`;
  if (time === undefined) return date;
  return `${date}T${time.replace(/([+-]\d\d)$/, '$1:00').replace(/\+00:00$/, 'Z')}`;
}

/** There is a year 0000 in ISO 8601 (§4.3.2), which is 1 BC. */
function yearBeforeChrist(year: number): string {
  return year === 1 ? '0000' : `-${String(year - 1).padStart(4, '0')}`;
}

export function decoderOf(type: number, types: ReadonlyMap<number, TypeInfo>): Decode {
  const { element, delimiter = ',' } = types.get(type) ?? {};
  if (element !== undefined) return (text) => arrayValue(text, decoderOf(element, types), delimiter);
  return DECODERS[type] ?? ((text) => text);
}

/** PostgreSQL documentation, "Array Input and Output Syntax". */
function arrayValue(text: string, decode: Decode, delimiter: string): Value {
  const items: Value[][] = [[]];
  let at = text.indexOf('{');
  // `int2vector` and `oidvector` count as arrays and are written without braces.
  if (at === -1) return text.split(' ').filter(Boolean).map(decode);
  // Bounds stand before the braces: `[0:1]={a,b}`.
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '{') items.push([]);
    else if (char === '}') close(items);
    else if (char !== delimiter) {
      const { value, end } = element(text, at, delimiter);
      items.at(-1)?.push(value === null ? null : decode(value));
      at = end;
      continue;
    }
    at++;
  }
  return items[0]?.[0] ?? [];
}

function close(items: Value[][]): void {
  const done = items.pop();
  if (done !== undefined) items.at(-1)?.push(done);
}

function element(text: string, start: number, delimiter: string): { value: string | null; end: number } {
  if (text.charAt(start) === '"') {
    const quoted = /"((?:[^"\\]|\\[^])*)"/y;
    quoted.lastIndex = start;
    const inner = quoted.exec(text)?.[1] ?? '';
    return { value: inner.replaceAll(/\\([^])/g, '$1'), end: quoted.lastIndex };
  }
  let end = start;
  while (end < text.length && text.charAt(end) !== delimiter && text.charAt(end) !== '}') end++;
  const value = text.slice(start, end);
  return { value: value === 'NULL' ? null : value, end };
}
