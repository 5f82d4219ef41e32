import { quoted } from '../words.ts';
import type { ParameterOptions } from './parameter.ts';

/** A value as it stands in arguments: several for a list, none for a flag that is not set. */
export type Value = string | readonly string[];

export type ReadValue = { readonly value: Value } | { readonly problem: string };

const MAX_LENGTH = 1000;
const MAX_ITEMS = 20;
/** Of a list: as much as the kernel takes. What is more is not even read. */
const MAX_LIST_CHARACTERS = 131_072;
/** Line breaks, escapes and the like: C0, DEL, C1, and the separators of Unicode. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** Whether a text as a whole fits a pattern. */
export type Matches = (pattern: string, text: string) => boolean;

type Reader = (parameter: ParameterOptions, given: unknown, matches: Matches) => ReadValue;

const READERS: Readonly<Record<ParameterOptions['type'], Reader>> = {
  string: readText,
  integer: readNumber,
  number: readNumber,
  boolean: readBoolean,
  enum: readEnum,
  list: readList,
};

/** Judges one value and writes it as the program gets it. The problem completes a sentence that begins with its name. */
export function readValue(parameter: ParameterOptions, given: unknown, matches: Matches): ReadValue {
  return READERS[parameter.type](parameter, given, matches);
}

function readText(parameter: ParameterOptions, given: unknown, matches: Matches): ReadValue {
  const value = typeof given === 'number' || typeof given === 'boolean' ? String(given) : given;
  if (typeof value !== 'string') return { problem: 'must be a text' };
  const problem = lengthProblem(parameter, value.length) ?? contentProblem(parameter, value, matches);
  return problem === undefined ? { value } : { problem };
}

function lengthProblem({ minLength = 1, maxLength = MAX_LENGTH }: ParameterOptions, length: number) {
  if (length > maxLength) return `must have at most ${maxLength} characters`;
  if (length >= minLength) return undefined;
  return minLength === 1 ? 'must not be empty' : `must have at least ${minLength} characters`;
}

function contentProblem(
  { multiline, pattern }: ParameterOptions,
  value: string,
  matches: Matches,
): string | undefined {
  if (/\p{Surrogate}/u.test(value)) return 'must be well-formed Unicode';
  if (CONTROL.test(multiline ? value.replace(/[\t\r\n]/g, '') : value)) {
    return `must hold no ${multiline ? '' : 'line breaks and no '}control characters`;
  }
  return pattern === undefined || matches(pattern, value) ? undefined : `must match ${pattern}`;
}

function readNumber({ type, min, max }: ParameterOptions, given: unknown): ReadValue {
  const value = numberOf(given);
  const isWhole = type === 'integer';
  if (!(isWhole ? Number.isSafeInteger(value) : Number.isFinite(value))) {
    return { problem: isWhole ? 'must be a whole number' : 'must be a number' };
  }
  const [least, most] = [min ?? Number.MIN_SAFE_INTEGER, max ?? Number.MAX_SAFE_INTEGER];
  if (value < least) return { problem: `must be at least ${least}` };
  if (value > most) return { problem: `must be at most ${most}` };
  return { value: String(value) };
}

/** NaN for what is none. */
function numberOf(given: unknown): number {
  if (typeof given === 'number') return given;
  return typeof given === 'string' && /^-?\d{1,16}(\.\d{1,16})?$/.test(given) ? Number(given) : NaN;
}

function readBoolean({ flag }: ParameterOptions, given: unknown): ReadValue {
  const value = given === 'true' ? true : given === 'false' ? false : given;
  if (typeof value !== 'boolean') return { problem: 'must be true or false' };
  if (flag === undefined) return { value: String(value) };
  return { value: value ? [flag] : [] };
}

function readEnum({ values = [] }: ParameterOptions, given: unknown): ReadValue {
  return typeof given === 'string' && values.includes(given)
    ? { value: given }
    : { problem: `must be one of ${values.map((value) => quoted(value)).join(', ')}` };
}

function readList(parameter: ParameterOptions, given: unknown, matches: Matches): ReadValue {
  const { maxItems = MAX_ITEMS } = parameter;
  const items: unknown[] = Array.isArray(given) ? given : [given];
  if (items.length > maxItems) return { problem: `must have at most ${maxItems} entries` };
  const characters = items.reduce<number>(
    (sum, item) => sum + (typeof item === 'string' ? item.length : 0),
    0,
  );
  if (characters > MAX_LIST_CHARACTERS) {
    return { problem: `must have at most ${MAX_LIST_CHARACTERS} characters in all` };
  }
  const values: string[] = [];
  for (const item of items) {
    const read = readText(parameter, item, matches);
    if ('problem' in read) return { problem: `has an entry that ${read.problem}` };
    if (typeof read.value === 'string') values.push(read.value);
  }
  return { value: values };
}
