import * as z from 'zod';
import { maskSecrets } from './mask.ts';
import { nearest } from './nearest.ts';
import { schemaAt, valueAt } from './paths.ts';
import type { Setting } from './settings.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

const FORMATS: Readonly<Record<string, string>> = {
  uri: 'a URL',
  email: 'an email address',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
};

/** The values that a schema takes, in words: `a whole number from 1 to 65535`. */
export function describeType(schema: z.ZodType): string {
  return describe(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
}

function describe(json: JsonSchema): string {
  const choices = json.enum ?? ('const' in json ? [json.const] : undefined);
  if (choices !== undefined) return describeChoices(choices.map(String));
  const alternatives = json.anyOf ?? json.oneOf;
  if (alternatives !== undefined) return alternatives.map(describe).join(', or ');
  const words = typeof json.type === 'string' ? TYPES[json.type] : undefined;
  return words?.(json) ?? 'a valid value';
}

const TYPES: Readonly<Record<string, (json: JsonSchema) => string>> = {
  integer: (json) => `a whole number${describeRange(json)}`,
  number: (json) => `a number${describeRange(json)}`,
  boolean: () => 'true or false',
  array: (json) => `a list${describeItems(json)}`,
  object: ({ properties }) =>
    properties === undefined
      ? 'a map of names to values'
      : `a map with ${Object.keys(properties).join(', ')}`,
  string: describeText,
};

function describeChoices(choices: readonly string[]): string {
  return choices.length === 1 ? choices.join('') : `one of ${choices.join(', ')}`;
}

function describeRange({ minimum, maximum, exclusiveMinimum }: JsonSchema): string {
  const least = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  if (least !== undefined) return ` of at least ${least}`;
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}`;
  return most === undefined ? '' : ` of at most ${most}`;
}

function describeItems({ items }: JsonSchema): string {
  if (typeof items !== 'object' || Array.isArray(items)) return '';
  const entry = describe(items);
  return entry === 'a valid value' || entry === 'text' ? '' : ` whose entries are each ${entry}`;
}

function describeText({ format, minLength, maxLength }: JsonSchema): string {
  const known = format === undefined ? undefined : FORMATS[format];
  if (known !== undefined) return known;
  if (minLength !== undefined && minLength > 1) return `text of at least ${minLength} characters`;
  return maxLength === undefined ? 'text' : `text of at most ${maxLength} characters`;
}

/** The setting's example as it is written in the environment, or in YAML where only the file can hold it. */
export function showExample({ meta: { example }, env }: Pick<Setting, 'meta' | 'env'>): string {
  if (Array.isArray(example) && env !== undefined) return example.join(',');
  return typeof example === 'string' ? example : JSON.stringify(example);
}

/** A default as the documents write it: lists with commas, nothing for what is not set. */
export function showDefault(value: unknown): string {
  if (value === undefined) return 'not set';
  if (Array.isArray(value)) return value.length === 0 ? 'empty' : value.map(showDefault).join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a value is refused for; the value is shown unless it is a secret. */
export function explainIssue(
  issue: z.core.$ZodIssue,
  subject: { readonly schema: z.ZodType; readonly value: unknown },
): string {
  const { schema, secret } = schemaAt(subject.schema, issue.path);
  const value = valueAt(subject.value, issue.path);
  if (value === undefined) return `${String(issue.path.at(-1) ?? 'the value')} is missing`;
  const shown = secret ? 'the value' : abridge(JSON.stringify(maskSecrets(schema, value)));
  if (isOwnMessage(issue))
    return `${shown} ${startsAsVerb(issue.message) ? '' : 'is refused: '}${issue.message}`;
  return `${shown} is not ${describeType(schema)}${secret ? '' : hintFor(issue, value)}`;
}

/** Schemas may carry messages of their own, which say more than the type does. */
function isOwnMessage({ message }: z.core.$ZodIssue): boolean {
  return !/^(Invalid|Too (small|big)|Unrecognized)/.test(message);
}

function startsAsVerb(message: string): boolean {
  return /^(must|may|is|has|holds|names) /.test(message);
}

function abridge(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function hintFor(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    const meant = nearest(value, issue.values.map(String));
    return meant === undefined ? '' : `; did you mean ${meant}?`;
  }
  if (issue.code === 'invalid_type' && issue.expected === 'string' && typeof value !== 'object') {
    return '; put it in quotes';
  }
  return '';
}
