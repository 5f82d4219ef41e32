import * as z from 'zod';
import { asType, unwrap } from './settings.ts';

const TRUE = new Set(['true', '1', 'yes']);
const FALSE = new Set(['false', '0', 'no']);

/**
 * Reads a text as the type that the schema asks for: numbers, `true`/`false`/`1`/`0`/`yes`/`no`, and
 * lists with commas. A text that does not fit is answered unchanged, so that the schema refuses it.
 */
export function fromText(schema: z.ZodType, text: string): unknown {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodNumber) return toNumber(text);
  if (inner instanceof z.ZodBoolean) return toBoolean(text);
  if (inner instanceof z.ZodArray) return toList(asType(inner.element), text);
  if (inner instanceof z.ZodLiteral) return [...inner.values].find((value) => String(value) === text) ?? text;
  if (inner instanceof z.ZodUnion) return toFirst(inner.options.map(asType), text);
  return text;
}

function toNumber(text: string): number | string {
  const trimmed = text.trim();
  return /^[+-]?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : text;
}

function toBoolean(text: string): boolean | string {
  const word = text.trim().toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : text;
}

function toList(element: z.ZodType, text: string): unknown[] {
  const items = text.split(',').map((item) => item.trim());
  return items.filter((item) => item !== '').map((item) => fromText(element, item));
}

function toFirst(options: readonly z.ZodType[], text: string): unknown {
  for (const option of options) {
    const value = fromText(option, text);
    if (option.safeParse(value).success) return value;
  }
  return text;
}
