import * as z from 'zod';
import { asType, sectionShape, settingMeta } from './settings.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

const REFERENCE = '#/definitions/reference';

const SCALARS: ReadonlySet<unknown> = new Set(['string', 'integer', 'number', 'boolean']);
const ANNOTATIONS: ReadonlySet<string> = new Set(['description', 'examples', 'default']);

/** The JSON schema of the YAML file, by which editors complete and check it. */
export function renderJsonSchema(schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    target: 'draft-7',
    override: ({ zodSchema, jsonSchema }) => {
      const type = asType(zodSchema);
      describeSetting(type, jsonSchema);
      describeMap(type, jsonSchema);
    },
  });
  const definitions = {
    reference: {
      description: 'A reference to an environment variable, which may stand for any scalar.',
      type: 'string',
      pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}',
    },
  };
  return `${JSON.stringify({ ...json, title: 'Fairlead configuration', definitions }, undefined, 2)}\n`;
}

function describeSetting(type: z.ZodType, json: JsonSchema): void {
  const meta = settingMeta(type);
  if (meta === undefined) return;
  delete json['env'];
  delete json['secret'];
  delete json['harmless'];
  delete json['example'];
  if (meta.secret !== true) json.examples = [meta.example];
  if (SCALARS.has(json.type)) allowReference(json);
}

/** Moves what constrains the value below `anyOf`, beside the reference that may stand for it. */
function allowReference(json: JsonSchema): void {
  const constraints = Object.entries(json).filter(([key]) => !ANNOTATIONS.has(key));
  const isAnyText =
    json.type === 'string' && constraints.every(([key, value]) => key === 'type' || value === 1);
  if (isAnyText) return;
  for (const [key] of constraints) Reflect.deleteProperty(json, key);
  json.anyOf = [Object.fromEntries(constraints), { $ref: REFERENCE }];
}

/** Unknown keys are mistakes, and sections may be left out. */
function describeMap(type: z.ZodType, json: JsonSchema): void {
  const shape = sectionShape(type);
  if (shape === undefined || json.properties === undefined) return;
  json.additionalProperties = false;
  const required = json.required?.filter((name) => !isSection(shape[name]));
  delete json.required;
  if (required !== undefined && required.length > 0) json.required = required;
}

function isSection(type: z.ZodType | undefined): boolean {
  return type !== undefined && settingMeta(type) === undefined && sectionShape(type) !== undefined;
}
