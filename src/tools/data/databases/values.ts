import { AppError } from '../../../core/errors.ts';
import { fileSize } from '../../../core/phrases.ts';
import type { Value } from '../source.ts';

/** What one page may weigh: it is in memory as a whole. */
export const MAX_PAGE_BYTES = 8_000_000;
/** Of a row on its way from a server, which the drivers keep whole: it can be a gigabyte. */
export const MAX_ROW_BYTES = 64_000_000;
/** What one batch of a stream is about to weigh. */
export const BATCH_BYTES = 1_000_000;
export const BATCH_ROWS = 1000;

/** A whole number as it keeps all of its digits. */
export function wholeNumber(value: bigint | string): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** JSON has neither infinities nor a way to say that something is no number. */
export function realNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** As PostgreSQL writes it: `\x` and two hexadecimal digits for each byte. */
export function bytesText(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}

/** JSON whose numbers keep all of their digits. */
export function jsonValue(text: string): Value {
  try {
    // The third argument holds the number as it was written (ECMA-262, JSON.parse source text access).
    return JSON.parse(text, (...args: readonly unknown[]): unknown => {
      const [, value, context] = args;
      if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
      const { source = '' } = (context ?? {}) as { source?: string };
      return keepsDigits(source, value) ? value : source;
    }) as Value;
  } catch {
    // Called JSON, but none: the text is all there is to tell.
    return text;
  }
}

/** Fifteen digits are never lost (IEEE 754, double precision). */
function keepsDigits(source: string, value: number): boolean {
  const digits = source.replace(/e.*$/i, '').replaceAll(/^-?[0.]*|\./g, '');
  const isWhole = /^-?\d+$/.test(source);
  return Number.isFinite(value) && !isWhole && (digits.length <= 15 || String(value) === source);
}

/** About how many bytes a value takes as JSON. */
export function weightOf(value: Value): number {
  if (typeof value === 'string') return value.length + 3;
  if (typeof value !== 'object' || value === null) return 8;
  return Object.values(value).reduce<number>((sum, item) => sum + weightOf(item) + 8, 2);
}

/** @param bytes that one may have */
export function rowTooLarge(bytes: number, cause?: unknown): AppError {
  return new AppError('MEMORY_LIMIT', `A row is larger than ${fileSize(bytes)}.`, {
    next: 'shorten long values with substr(), or select fewer columns',
    ...(cause === undefined ? {} : { cause }),
  });
}

export function outOfMemory(cause?: unknown): AppError {
  return new AppError('MEMORY_LIMIT', 'The statement needs more memory than it may have.', {
    next: 'ask for less: filter before sorting and joining, or shorten long values',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A parameter as engines take it that know no lists and objects: those as JSON. */
export function plainParameter(value: Value): string | number | boolean | null {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}
