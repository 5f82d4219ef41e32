import { bytesText, jsonValue, realNumber, wholeNumber } from '../databases/values.ts';
import type { Column, Value } from '../source.ts';

/** The part of the driver's description of a column that is used here. */
export interface Field {
  readonly name: string;
  readonly columnType?: number | undefined;
  readonly columnLength?: number | undefined;
  readonly characterSet?: number | undefined;
  readonly decimals?: number | undefined;
  readonly flags?: number | string[] | undefined;
  readonly extendedFormat?: string | undefined;
  readonly extendedTypeName?: string | undefined;
}

// MySQL documentation, "Protocol: Column Definition"; 63 is the character set of what is no text.
const BINARY = 63;
const FLOAT = 4;
const DECIMALS = new Set([0, 246]);
const WHOLE = new Set([1, 2, 3, 8, 9]);
const UNSIGNED = 32;
const TIMES = new Set([7, 12]);
const BIT = 16;
const JSON_TYPE = 245;
const NAMES: Readonly<Record<number, string>> = {
  0: 'decimal',
  1: 'tinyint',
  2: 'smallint',
  3: 'int',
  4: 'float',
  5: 'double',
  6: 'null',
  7: 'timestamp',
  8: 'bigint',
  9: 'mediumint',
  10: 'date',
  11: 'time',
  12: 'datetime',
  13: 'year',
  16: 'bit',
  245: 'json',
  246: 'decimal',
  247: 'enum',
  248: 'set',
  255: 'geometry',
};

/** The same numbers stand for text and for bytes. */
const VARYING: Readonly<Record<'text' | 'bytes', Readonly<Record<number, string>>>> = {
  text: { 15: 'varchar', 249: 'text', 250: 'text', 251: 'text', 252: 'text', 253: 'varchar', 254: 'char' },
  bytes: {
    15: 'varbinary',
    249: 'blob',
    250: 'blob',
    251: 'blob',
    252: 'blob',
    253: 'varbinary',
    254: 'binary',
  },
};

export function columnOf(field: Field): Column {
  return { name: field.name, type: typeOf(field) };
}

function typeOf(field: Field): string {
  const { columnType = -1, characterSet, extendedFormat, extendedTypeName } = field;
  if (extendedFormat === 'json') return 'json';
  if (DECIMALS.has(columnType)) return `decimal${digitsOf(field)}`;
  const kind = characterSet === BINARY ? 'bytes' : 'text';
  return extendedTypeName ?? wholeName(field) ?? NAMES[columnType] ?? VARYING[kind][columnType] ?? 'unknown';
}

function wholeName(field: Field): string | undefined {
  const name =
    WHOLE.has(field.columnType ?? -1) && isUnsigned(field) ? NAMES[field.columnType ?? -1] : undefined;
  return name === undefined ? undefined : `${name} unsigned`;
}

function isUnsigned({ flags }: Field): boolean {
  return typeof flags === 'number' && (flags & UNSIGNED) !== 0;
}

/** Precision and scale: what is exported can be a number by them. The length counts the point and the sign. */
function digitsOf(field: Field): string {
  const { columnLength = 0, decimals = 0 } = field;
  const precision = columnLength - (decimals > 0 ? 1 : 0) - (isUnsigned(field) ? 0 : 1);
  return precision > 0 && precision <= 65 && decimals <= precision ? `(${precision},${decimals})` : '';
}

/** Whatever the driver makes of a value, as JSON that has lost no digit. */
export function valueOf(value: unknown, field: Field | undefined): Value {
  if (typeof value === 'string') return textValue(value, field);
  if (typeof value === 'bigint') return wholeNumber(value);
  if (typeof value !== 'number') return objectValue(value, field);
  // Of single precision; the driver widens it.
  return realNumber(field?.columnType === FLOAT ? Number(value.toPrecision(7)) : value);
}

function objectValue(value: unknown, field: Field | undefined): Value {
  if (!Buffer.isBuffer(value)) return jsonValue(JSON.stringify(value ?? null));
  return field?.columnType === BIT ? bits(value) : bytesText(value);
}

function textValue(text: string, field: Field | undefined): Value {
  const type = field?.columnType ?? -1;
  if (type === JSON_TYPE || field?.extendedFormat === 'json') return jsonValue(text);
  if (TIMES.has(type)) return text.replace(' ', 'T');
  return DECIMALS.has(type) && field?.decimals === 0 ? wholeNumber(text) : text;
}

function bits(bytes: Buffer): Value {
  return wholeNumber(BigInt(`0x${bytes.toString('hex') || '0'}`));
}
