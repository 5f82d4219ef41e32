import { describe, expect, it } from 'vitest';
import { renderEnvExample } from '../../../src/config/env-example.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { renderJsonSchema } from '../../../src/config/json-schema.ts';
import { renderReference } from '../../../src/config/reference.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { listSettings } from '../../../src/config/settings.ts';
import { showExample } from '../../../src/config/words.ts';
import { fromText } from '../../../src/config/coerce.ts';
import { sampleSchema } from './sample-schema.ts';

const settings = listSettings(configSchema);

describe('every setting', () => {
  it.each(settings.map((setting) => [setting.key, setting] as const))(
    '%s has a sentence that describes it and an example that it accepts',
    (_key, setting) => {
      expect(setting.meta.description).toMatch(/^[A-Z][^]+[.]$/);
      const example =
        setting.env === undefined ? setting.meta.example : fromText(setting.schema, showExample(setting));
      const references = JSON.stringify(example).includes('${');
      expect(references || setting.schema.safeParse(example).success).toBe(true);
    },
  );

  it('has a variable of its own', () => {
    const names = settings.flatMap(({ env }) => (env === undefined ? [] : [env]));
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[A-Z][A-Z0-9_]*$/);
  });

  it('stands in the reference and in the schema for editors', () => {
    const reference = renderReference(configSchema);
    const schema: unknown = JSON.parse(renderJsonSchema(configSchema));
    for (const { key, env, path } of settings) {
      expect(reference).toContain(`\`${key}\``);
      if (env !== undefined) expect(reference).toContain(`\`${env}\``);
      expect(schema).toHaveProperty(path.flatMap((name) => ['properties', name]));
    }
  });
});

describe('.env.example', () => {
  it('holds only variables that the loader knows', async () => {
    const lines = renderEnvExample(configSchema).split('\n');
    const assignments = lines.flatMap((line) => {
      const [, name, value] = /^#([A-Z][A-Z0-9_]*)=(.+)$/.exec(line) ?? [];
      return name === undefined || value === undefined || name === 'FAIRLEAD_CONFIG' ? [] : [[name, value]];
    });
    expect(assignments).toHaveLength(settings.filter(({ env }) => env !== undefined).length);
    const env = Object.fromEntries(assignments) as Record<string, string>;
    await expect(loadConfig({ env, cwd: '/srv' })).resolves.toBeDefined();
  });

  it('tells of the file for every secret, and of nothing else', () => {
    const text = renderEnvExample(sampleSchema).replaceAll('\n# ', ' ');
    expect(text).toContain('FAIRLEAD_AUTH_PASSWORD_FILE may name a file');
    expect(text).not.toContain('PORT_FILE');
  });
});

describe('the JSON schema', () => {
  const schema = JSON.parse(renderJsonSchema(sampleSchema)) as {
    properties: { http: { properties: Record<string, unknown>; required?: string[] } };
  };

  it('lets a reference stand for a number, and refuses unknown keys', () => {
    const { http } = schema.properties;
    expect(http).toMatchObject({ additionalProperties: false });
    expect(http.required).toBeUndefined();
    expect(http.properties['port']).toEqual({
      description: 'A whole number.',
      default: 3000,
      examples: [8080],
      anyOf: [{ type: 'integer', minimum: 0, maximum: 65_535 }, { $ref: '#/definitions/reference' }],
    });
  });

  it('shows no example of a secret', () => {
    expect(JSON.stringify(schema)).not.toContain('correct-horse');
  });
});
