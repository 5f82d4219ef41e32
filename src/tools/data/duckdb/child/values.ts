import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  type DuckDBValue,
  DuckDBVariantValue,
} from '@duckdb/node-api';
import type { Value } from '../../source.ts';

/** A value of the engine as plain JSON: {@link Value}. */
export function toValue(value: DuckDBValue): Value {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  return objectValue(value);
}

/** A 32-bit number as it was written: 0.1, not 0.10000000149011612. */
export function singlePrecision(value: number): Value {
  if (!Number.isFinite(value)) return String(value);
  for (let digits = 6; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

type ObjectValue = Extract<DuckDBValue, object>;

function objectValue(value: ObjectValue): Value {
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(toValue);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([name, member]) => [name, toValue(member)]));
  }
  if (value instanceof DuckDBMapValue) return mapValue(value);
  if (value instanceof DuckDBUnionValue || value instanceof DuckDBVariantValue) return toValue(value.value);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  if (value instanceof DuckDBDateValue) return date(value);
  // Times, intervals, decimals, bits and identifiers say in text what they are.
  return isMoment(value) ? moment(value.toString()) : value.toString();
}

/** The text of an infinite one is the last day that there is, or the first. */
function date(value: DuckDBDateValue): string {
  if (value.isFinite) return value.toString();
  return value.days > 0 ? 'infinity' : '-infinity';
}

/** An object where the keys are texts, else pairs. */
function mapValue({ entries }: DuckDBMapValue): Value {
  if (entries.every(({ key }) => typeof key === 'string')) {
    return Object.fromEntries(entries.map(({ key, value }) => [String(key), toValue(value)]));
  }
  return entries.map(({ key, value }) => ({ key: toValue(key), value: toValue(value) }));
}

function isMoment(value: ObjectValue): boolean {
  return (
    value instanceof DuckDBTimestampValue ||
    value instanceof DuckDBTimestampTZValue ||
    value instanceof DuckDBTimestampSecondsValue ||
    value instanceof DuckDBTimestampMillisecondsValue ||
    value instanceof DuckDBTimestampNanosecondsValue
  );
}

/** `2024-01-02 03:04:05+00` as ISO 8601 has it. Years before the first stay as the engine writes them. */
function moment(text: string): string {
  return text.replace(/^(-?\d+-\d\d-\d\d) (\d)/, '$1T$2').replace(/\+00$/, 'Z');
}
