import * as z from 'zod';
import { AppError } from './errors.ts';

/**
 * Names that models use for a parameter out of habit, and the parameter that they mean. An alias applies
 * where the tool has the meant parameter, lacks one of the alias's own name, and the caller left the
 * meant one out.
 */
export type Aliases = Readonly<Record<string, string>>;

const COMMON_ALIASES: Aliases = {
  file_path: 'path',
  filepath: 'path',
  file: 'path',
  filename: 'path',
  directory: 'path',
  dir: 'path',
  folder: 'path',
  project_path: 'path',
  files: 'paths',
  file_paths: 'paths',
  query: 'sql',
  regexp: 'pattern',
  search: 'pattern',
  old_string: 'old_text',
  new_string: 'new_text',
  offset: 'start_line',
  limit: 'max_lines',
  timeout: 'wait_s',
};

// A caller's own words are repeated to it, but never at any length.
const MAX_PROBLEMS_NAMED = 10;
const MAX_KEYS_NAMED = 5;
const MAX_KEY_LENGTH = 64;

type Fields = Readonly<Record<string, z.ZodType>>;

/**
 * Strict about meaning, lenient about form: drops what clients add for themselves (`_meta`, `_*`),
 * applies aliases, coerces what can mean one thing only, then parses strictly.
 */
export class ArgumentParser<I extends z.ZodObject> {
  readonly #tool: string;
  readonly #schema: z.ZodObject;
  readonly #fields: Fields;
  readonly #aliases: Aliases;
  readonly #exact: ReadonlySet<string>;
  readonly #list: ListParameter | undefined;

  /** @param exact parameters that are taken as written: no alias stands for them, nothing is coerced */
  constructor(tool: string, schema: I, aliases: Aliases = {}, exact: readonly string[] = []) {
    this.#tool = tool;
    this.#exact = new Set(exact);
    this.#schema = schema.strict();
    this.#fields = schema.shape;
    this.#aliases = { ...COMMON_ALIASES, ...aliases };
    this.#list = onlyList(this.#fields);
  }

  /** @throws AppError `INVALID_ARGUMENT` that lists every problem and names the nearest valid key. */
  parse(raw: unknown): z.infer<I> {
    const result = this.#schema.safeParse(this.#normalise(this.#object(raw)));
    if (result.success) return result.data as z.infer<I>;
    const problems = result.error.issues.flatMap((issue) => this.#describe(issue));
    const more = problems.length - MAX_PROBLEMS_NAMED;
    const list = problems.slice(0, MAX_PROBLEMS_NAMED).join('; ') + (more > 0 ? `; and ${more} more` : '');
    throw new AppError('INVALID_ARGUMENT', `${this.#tool}: ${list}${list.endsWith('?') ? '' : '.'}`, {
      next: `call ${this.#tool} again with ${this.#usage()}`,
    });
  }

  #object(raw: unknown): object {
    const given = typeof raw === 'string' ? parsedJson(raw) : (raw ?? {});
    if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given;
    throw new AppError('INVALID_ARGUMENT', `${this.#tool}: the arguments must be a JSON object.`, {
      next: `call ${this.#tool} again with ${this.#usage()}`,
    });
  }

  #normalise(given: object): Record<string, unknown> {
    const reading = { fields: this.#fields, aliases: this.#aliases, exact: this.#exact };
    return normalise(reading, this.#list === undefined ? given : gathered(reading, this.#list, given));
  }

  #describe(issue: z.core.$ZodIssue): string[] {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.slice(0, MAX_KEYS_NAMED).map((given) => {
        const key = given.slice(0, MAX_KEY_LENGTH);
        const nearest = nearestName(key, Object.keys(fieldsAt(this.#schema, issue.path)));
        const question = nearest === undefined ? '' : `, did you mean "${nearest}"?`;
        const place = issue.path.length === 0 ? '' : ` in "${issue.path.map(String).join('.')}"`;
        return `unknown parameter ${JSON.stringify(key)}${place}${question}`;
      });
    }
    const where = issue.path.map(String).join('.');
    if (where === '') return [issue.message];
    const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
    return [isMissing ? `"${where}" is required` : `"${where}": ${issue.message}`];
  }

  #usage(): string {
    const names = Object.entries(this.#fields).map(([name, field]) =>
      field.safeParse(undefined).success ? `${name} (optional)` : name,
    );
    return names.length === 0 ? 'no parameters' : names.join(', ');
  }
}

function parsedJson(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** The schema below `optional` and `default`. */
function coreOf(field: z.ZodType): z.ZodType {
  let core = field;
  while (core instanceof z.ZodOptional || core instanceof z.ZodDefault || core instanceof z.ZodPrefault) {
    core = core.unwrap() as z.ZodType;
  }
  return core;
}

/** How the values of an object are read: those of the call itself, or of an object in it. */
interface Reading {
  readonly fields: Fields;
  readonly aliases: Aliases;
  readonly exact: ReadonlySet<string>;
}

const NOTHING_EXACT: ReadonlySet<string> = new Set();

/** A parameter that takes a list of objects. */
interface ListParameter {
  readonly name: string;
  readonly fields: Fields;
}

/** Of a tool that takes one list of objects. */
function onlyList(fields: Fields): ListParameter | undefined {
  const lists = Object.entries(fields).flatMap(([name, field]) => {
    const core = coreOf(field);
    return core instanceof z.ZodArray && core.element instanceof z.ZodObject
      ? [{ name, fields: core.element.shape }]
      : [];
  });
  return lists.length === 1 ? lists[0] : undefined;
}

/** Makes a list of one object whose fields stand beside the other parameters, as other servers take it. */
function gathered(reading: Reading, list: ListParameter, given: object): object {
  const own: [string, unknown][] = [];
  const ofOne: [string, unknown][] = [];
  const inList = { ...reading, fields: list.fields };
  for (const entry of Object.entries(given)) {
    const [key] = entry;
    if ((meantBy(reading, key) ?? key) === list.name) return given;
    (!isKnown(reading, key) && isKnown(inList, key) ? ofOne : own).push(entry);
  }
  return ofOne.length === 0
    ? given
    : { ...Object.fromEntries(own), [list.name]: [Object.fromEntries(ofOne)] };
}

function normalise(reading: Reading, given: object): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const aliased: [string, unknown][] = [];
  for (const [key, value] of Object.entries(given)) {
    // A model that leaves an optional parameter out often writes null.
    if (key.startsWith('_') || value === null) continue;
    const meant = meantBy(reading, key);
    if (meant === undefined) values[key] = coerceField(reading, key, value);
    else aliased.push([meant, value]);
  }
  for (const [key, value] of aliased) {
    if (!(key in values)) values[key] = coerceField(reading, key, value);
  }
  return values;
}

function isKnown(reading: Reading, key: string): boolean {
  return Object.hasOwn(reading.fields, key) || meantBy(reading, key) !== undefined;
}

/** The parameter that an alias stands for. */
function meantBy({ fields, aliases, exact }: Reading, key: string): string | undefined {
  const name = Object.hasOwn(aliases, key) ? aliases[key] : undefined;
  if (name === undefined || exact.has(name)) return undefined;
  return Object.hasOwn(fields, name) && !Object.hasOwn(fields, key) ? name : undefined;
}

function coerceField({ fields, aliases, exact }: Reading, key: string, value: unknown): unknown {
  const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
  return field === undefined || exact.has(key) ? value : coerce(coreOf(field), value, aliases);
}

/** The fields of the object that a path of the schema leads to. */
function fieldsAt(schema: z.ZodObject, path: readonly PropertyKey[]): Fields {
  let at: z.ZodType | undefined = schema;
  for (const step of path) {
    if (at instanceof z.ZodArray) at = at.element as z.ZodType;
    else at = at instanceof z.ZodObject ? (at.shape as Fields)[String(step)] : undefined;
    if (at !== undefined) at = coreOf(at);
  }
  return at instanceof z.ZodObject ? at.shape : {};
}

/** The value as the field's type wants it, where it can mean one thing only; else as it came, for the schema to refuse. */
function coerce(field: z.ZodType, value: unknown, aliases: Aliases): unknown {
  if (field instanceof z.ZodArray) return coerceArray(field, value, aliases);
  if (field instanceof z.ZodObject) return coerceObject(field, value, aliases);
  if (typeof value === 'string') return coerceText(field, value);
  if (Array.isArray(value) && value.length === 1) return coerce(field, value[0], aliases);
  const scalar = typeof value === 'number' || typeof value === 'boolean';
  return scalar && field instanceof z.ZodString ? String(value) : value;
}

function coerceObject(field: z.ZodObject, value: unknown, aliases: Aliases): unknown {
  const given = typeof value === 'string' ? parsedJson(value) : value;
  if (Array.isArray(given)) return given.length === 1 ? coerceObject(field, given[0], aliases) : given;
  if (typeof given !== 'object' || given === null) return given;
  return normalise({ fields: field.shape, aliases, exact: NOTHING_EXACT }, given);
}

function coerceText(field: z.ZodType, value: string): unknown {
  const trimmed = value.trim();
  if (field instanceof z.ZodNumber && /^-?\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  if (field instanceof z.ZodBoolean && /^(true|false)$/i.test(trimmed))
    return trimmed.toLowerCase() === 'true';
  if (field instanceof z.ZodEnum) return field.options.includes(value) ? value : trimmed.toLowerCase();
  return value;
}

/** A JSON text of an array, or one element where a list is due. */
function coerceArray(field: z.ZodArray, value: unknown, aliases: Aliases): unknown {
  const element = field.element as z.ZodType;
  let list = value;
  if (typeof value === 'string') {
    const parsed = value.trimStart().startsWith('[') ? parsedJson(value) : value;
    list = Array.isArray(parsed) ? parsed : [value];
  } else if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    list = [value];
  }
  return Array.isArray(list) ? list.map((item: unknown) => coerce(coreOf(element), item, aliases)) : list;
}

/** The candidate that takes the fewest edits to reach, unless that changes most of the word. */
export function nearestName(given: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((name) => ({ name, distance: editDistance(given.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, Math.floor(best.name.length / 2))
    ? best.name
    : undefined;
}

/** Levenshtein distance in one row of memory. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
