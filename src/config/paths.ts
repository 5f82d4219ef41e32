import * as z from 'zod';
import { asType, isSecret, sectionShape, unwrap } from './settings.ts';

export type Path = readonly PropertyKey[];

/** The value below `value` that the path leads to. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((current, step) => childOf(current, step), value);
}

function childOf(value: unknown, step: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const child: unknown = Reflect.get(value, step);
  return child;
}

/** The schema of what the path leads to, and whether a secret is on the way or this value of it one. */
export function schemaAt(
  schema: z.ZodType,
  path: Path,
  value?: unknown,
): { schema: z.ZodType; secret: boolean } {
  let found = schema;
  let secret = isSecret(schema, value);
  for (const step of path) {
    found = childSchema(found, step) ?? z.unknown();
    secret ||= isSecret(found, value);
  }
  return { schema: found, secret };
}

/** The schema of one member of a map or list; undefined where the schema knows none of that name. */
export function childSchema(schema: z.ZodType, step: PropertyKey): z.ZodType | undefined {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) return asType(inner.element);
  if (inner instanceof z.ZodRecord) return asType(inner.valueType);
  if (inner instanceof z.ZodUnion) {
    const options = inner.options.map(asType);
    return options.map((option) => childSchema(option, step)).find((child) => child !== undefined);
  }
  return sectionShape(inner)?.[String(step)];
}

/** The names that a map of this schema takes; undefined where it takes any. */
export function memberNames(schema: z.ZodType): string[] | undefined {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodUnion)) {
    const shape = sectionShape(inner);
    return shape === undefined ? undefined : Object.keys(shape);
  }
  const names = inner.options.map(asType).map(memberNames);
  return names.every((own) => own === undefined) ? undefined : names.flatMap((own) => own ?? []);
}
