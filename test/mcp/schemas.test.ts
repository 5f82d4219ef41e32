import { readFile } from 'node:fs/promises';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv';
import { afterAll, describe, expect, it } from 'vitest';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { ERAS } from '../fixtures/raw-mcp.ts';
import { declaredTools } from '../fixtures/tools-context.ts';
import { cites } from '../requirements.ts';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

const { tools } = await declaredTools();
const endpoint = await startMcpEndpoint({ tools });
afterAll(() => endpoint.close());

interface ListedTool {
  readonly name: string;
  readonly inputSchema: Record<string, unknown>;
  readonly outputSchema?: Record<string, unknown>;
}

describe.each(ERAS)('the schemas of the built-in tools in revision %s', (_revision, open) => {
  it(
    cites(
      [
        '2025-11-25/basic/schema-2020-12',
        '2025-11-25/basic/schema-recommended',
        '2025-11-25/basic/schema-valid',
        '2026-07-28/basic/schema-2020-12',
        '2026-07-28/basic/schema-recommended',
        '2026-07-28/basic/schema-valid',
        '2026-07-28/basic/no-remote-refs',
      ],
      'are valid in JSON Schema 2020-12 and refer to nothing outside',
    ),
    async () => {
      const client = await open(endpoint.url);
      const { result } = await (await client.request('tools/list')).response();
      const listed = (result?.['tools'] ?? []) as ListedTool[];
      expect(listed).toHaveLength(tools.length);
      const validator = new AjvJsonSchemaValidator();
      for (const { name, inputSchema, outputSchema } of listed) {
        for (const schema of outputSchema === undefined ? [inputSchema] : [inputSchema, outputSchema]) {
          expect(schema['type'], name).toBe('object');
          expect([undefined, DIALECT], name).toContain(schema['$schema']);
          expect(() => validator.getValidator(schema), name).not.toThrow();
          const references = JSON.stringify(schema).match(/"\$(?:ref|dynamicRef)":"[^"]*"/g) ?? [];
          for (const reference of references) expect(reference).toMatch(/:"#/);
        }
        const validate = validator.getValidator(inputSchema);
        expect(validate({ no_such_parameter: true }).valid, name).toBe(false);
      }
    },
  );
});

it(
  cites(
    ['2025-11-25/basic/schema-documented', '2026-07-28/basic/schema-documented'],
    'the document about tools says which dialect their schemas are in',
  ),
  async () => {
    const document = new URL('../../docs/adding-a-tool.md', import.meta.url);
    expect(await readFile(document, 'utf8')).toMatch(/JSON Schema 2020-12/);
  },
);
