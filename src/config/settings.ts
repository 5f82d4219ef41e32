import * as z from 'zod';
import type { SettingMeta } from '../core/setting.ts';

/** One setting, as found in the schema. */
export interface Setting {
  readonly path: readonly string[];
  /** The path with dots, as people write it: `http.port`. */
  readonly key: string;
  /** The environment variable that sets it, unless only the file can. */
  readonly env: string | undefined;
  readonly schema: z.ZodType;
  readonly meta: SettingMeta;
}

/** Every setting of a schema, in the order of its definition. */
export function listSettings(schema: z.ZodType, path: readonly string[] = []): Setting[] {
  const meta = settingMeta(schema);
  if (meta !== undefined) {
    const env = meta.env ?? environmentName(path);
    return [{ path, key: path.join('.'), env: env === false ? undefined : env, schema, meta }];
  }
  const shape = sectionShape(schema);
  if (shape === undefined) throw new TypeError(`${path.join('.')} is neither a section nor a setting`);
  return Object.entries(shape).flatMap(([name, child]) => listSettings(child, [...path, name]));
}

/** The settings by the headings of the documents: one for each top-level section, the first for what is in none. */
export function listSections(schema: z.ZodType): { name: string; settings: Setting[] }[] {
  const sections = new Map<string, Setting[]>([['general', []]]);
  for (const setting of listSettings(schema)) {
    const name = setting.path.length === 1 ? 'general' : (setting.path[0] ?? '');
    sections.set(name, [...(sections.get(name) ?? []), setting]);
  }
  return [...sections].map(([name, settings]) => ({ name, settings }));
}

/** What `setting()` attached to the schema; undefined for a section. */
export function settingMeta(schema: z.ZodType): SettingMeta | undefined {
  const meta = schema.meta();
  if (typeof meta?.description !== 'string' || !('example' in meta)) return undefined;
  const { description, example, env, secret, harmless } = meta;
  return {
    description,
    example,
    ...(typeof env === 'string' || env === false ? { env } : {}),
    secret: secret === true,
    ...(harmless instanceof RegExp ? { harmless } : {}),
  };
}

/** Whether this value of a setting must not be shown. */
export function isSecret(schema: z.ZodType, value: unknown): boolean {
  const meta = settingMeta(schema);
  return meta?.secret === true && !(typeof value === 'string' && meta.harmless?.test(value) === true);
}

/** The children of an object schema, whatever wraps it; undefined for everything else. */
export function sectionShape(schema: z.ZodType): Readonly<Record<string, z.ZodType>> | undefined {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) return undefined;
  const shape: Readonly<Record<string, z.ZodType>> = inner.shape;
  return shape;
}

/** The schema that says what a value looks like, without the layers for defaults and absence. */
export function unwrap(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly
  ) {
    return unwrap(asType(schema.def.innerType));
  }
  if (schema instanceof z.ZodPipe) {
    // A preprocessing step has no shape of its own: what it feeds has.
    const input = asType(schema.def.in);
    return unwrap(input instanceof z.ZodTransform ? asType(schema.def.out) : input);
  }
  return schema;
}

/** Zod's definitions name the core type; everything that the options are made of is a `ZodType`. */
export function asType(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodType) return schema;
  throw new TypeError('The configuration is described with the classic zod API only.');
}

/** The value that the setting has when nobody sets it. */
export function defaultOf(setting: Setting): unknown {
  const parsed = setting.schema.safeParse(undefined);
  return parsed.success ? parsed.data : undefined;
}

function environmentName(path: readonly string[]): string {
  return `FAIRLEAD_${path.map((name) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()).join('_')}`;
}
