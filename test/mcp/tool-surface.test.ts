import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import type { Icon } from '../../src/core/icon.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Prompt } from '../../src/core/prompt.ts';
import type { ResourceProvider } from '../../src/core/resource.ts';
import { defineTool, type Tool } from '../../src/core/tool.ts';
import { answerOf, modernMeta, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';

const icons: readonly Icon[] = [
  { src: 'https://example.com/a.png', mimeType: 'image/png', sizes: ['48x48', '96x96'], theme: 'dark' },
  { src: 'data:image/svg+xml;base64,PHN2Zy8+' },
];

const bare = {
  title: 'A tool',
  description: 'Does something.',
  scopes: [],
  effect: 'read',
} as const;

const declared = defineTool({
  ...bare,
  name: 'query_region',
  icons,
  input: z.object({
    region: z.enum(['eu', 'us']).describe('Where.'),
    limit: z.int().min(1).max(10).default(5).describe('How many.'),
    text: z.string().describe('What for.'),
  }),
  output: z.object({ found: z.number().describe('How many.') }),
  paramHeaders: { region: 'Region', limit: 'Limit' },
  run: () => Promise.resolve({ content: [text('{"found":1}')], structuredContent: { found: 1 } }),
});

/** Every keyword that a schema of revision 2020-12 may hold, and some that it need not know. */
const written: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://example.com/schemas/order',
  $comment: 'Kept as written.',
  type: 'object',
  $defs: {
    address: { $anchor: 'address', type: 'object', properties: { city: { type: 'string' } } },
    node: { $dynamicAnchor: 'node', type: 'object', properties: { next: { $dynamicRef: '#node' } } },
  },
  properties: {
    address: { $ref: '#/$defs/address' },
    kind: { const: 'order' },
    tags: { type: 'array', prefixItems: [{ type: 'string' }], items: false, unevaluatedItems: false },
    amount: { type: ['integer', 'null'], exclusiveMinimum: 0, multipleOf: 5 },
    region: { type: 'string', 'x-mcp-header': 'Region', 'x-unheard-of': { a: [1, null, true] } },
  },
  patternProperties: { '^x-': {} },
  dependentRequired: { amount: ['kind'] },
  allOf: [{ if: { required: ['kind'] }, then: { required: ['address'] }, else: false }],
  anyOf: [{ required: ['kind'] }, { required: ['tags'] }],
  not: { required: ['forbidden'] },
  unevaluatedProperties: false,
  additionalProperties: { type: 'string' },
  required: ['address'],
};

const foreign: Tool = {
  ...bare,
  name: 'foreign',
  annotations: declared.annotations,
  inputSchema: written,
  outputSchema: written,
  timeoutMs: 1000,
  icons: [],
  task: 'never',
  bind: () => () => Promise.resolve({ content: [], structuredContent: {} }),
};

const pictured: Prompt = {
  name: 'pictured',
  title: 'With a picture',
  description: 'Has icons.',
  scopes: [],
  arguments: [{ name: 'of', title: 'Of what', description: 'A subject.', required: false }],
  icons,
  get: () => Promise.resolve([]),
  complete: () => Promise.resolve([]),
};

const gallery: ResourceProvider = {
  prefix: 'test://gallery/',
  scopes: [],
  templates: [{ uriTemplate: 'test://gallery/{id}', name: 'picture', title: 'A picture', icons }],
  list: () =>
    Promise.resolve({ resources: [{ uri: 'test://gallery/1', name: '1', title: 'The first', icons }] }),
  read: () => Promise.resolve([]),
  complete: () => Promise.resolve([]),
};

const endpoint = await startMcpEndpoint({
  tools: [declared, foreign],
  prompts: [pictured],
  resources: [gallery],
});
afterAll(() => endpoint.close());

// The second of each is slightly unusual, and so goes to the SDK.
const ways = [
  ['modern', () => endpoint.modern('tools/list')],
  ['modern, by the SDK', () => endpoint.modern('tools/list', { _meta: { ...modernMeta, progressToken: 1 } })],
  ['legacy', () => endpoint.legacy('tools/list')],
  ['legacy, by the SDK', () => endpoint.legacy('tools/list', { _meta: { progressToken: 1 } })],
] as const;

describe.each(ways)('the list of tools (%s)', (_way, list) => {
  const tools = async (): Promise<Record<string, unknown>[]> =>
    ((await answerOf(await list()))['result'] as { tools: Record<string, unknown>[] }).tools;

  it('shows the schemas of JSON Schema 2020-12 as they were written, to the last keyword', async () => {
    const [, listed] = await tools();
    expect(JSON.stringify(listed?.['inputSchema'])).toBe(JSON.stringify(written));
    expect(JSON.stringify(listed?.['outputSchema'])).toBe(JSON.stringify(written));
  });

  it('says no more than it has to of a declared tool, closes its parameters and marks those that become headers', async () => {
    const [listed] = await tools();
    expect(listed?.['inputSchema']).toEqual({
      type: 'object',
      properties: {
        region: { type: 'string', enum: ['eu', 'us'], description: 'Where.', 'x-mcp-header': 'Region' },
        limit: {
          type: 'integer',
          minimum: 1,
          maximum: 10,
          default: 5,
          description: 'How many.',
          'x-mcp-header': 'Limit',
        },
        text: { type: 'string', description: 'What for.' },
      },
      required: ['region', 'text'],
      additionalProperties: false,
    });
  });

  it('shows titles, hints and pictures', async () => {
    const [listed, without] = await tools();
    expect(listed).toMatchObject({ title: 'A tool', annotations: declared.annotations, icons });
    expect(without).not.toHaveProperty('icons');
  });
});

describe.each(['modern', 'legacy'] as const)('for a %s client', (era) => {
  it.each([
    ['prompts/list', 'prompts', { title: 'With a picture', arguments: [{ title: 'Of what' }], icons }],
    ['resources/list', 'resources', { title: 'The first', icons }],
    ['resources/templates/list', 'resourceTemplates', { title: 'A picture', icons }],
  ])('%s shows titles and pictures', async (method, member, expected) => {
    const answer = await answerOf(await endpoint[era](method));
    expect(answer).toMatchObject({ result: { [member]: [expected] } });
  });
});

describe('the server itself', () => {
  const picture = [{ src: expect.stringMatching(/^data:image\/svg\+xml;base64,/) as string, sizes: ['any'] }];

  it('shows its picture where a client of revision 2026-07-28 meets it, and nowhere else', async () => {
    const key = 'io.modelcontextprotocol/serverInfo';
    const introduced = await answerOf(await endpoint.modern('server/discover'));
    expect(introduced).toMatchObject({ result: { _meta: { [key]: { title: 'Fairlead', icons: picture } } } });
    const later = await answerOf(await endpoint.modern('prompts/list'));
    expect(later).toMatchObject({ result: { _meta: { [key]: { title: 'Fairlead' } } } });
    expect(JSON.stringify(later)).not.toContain('data:image/svg+xml;base64,PHN2ZyB4bWxucz0');
  });

  it('shows its picture to older clients as they initialize', async () => {
    const clientInfo = { name: 'test', version: '1.0.0' };
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
    const answer = await answerOf(
      await endpoint.post({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
    );
    expect(answer).toMatchObject({ result: { serverInfo: { title: 'Fairlead', icons: picture } } });
  });
});

describe('starting', () => {
  const startWith = (changes: Partial<Tool>) => startMcpEndpoint({ tools: [{ ...foreign, ...changes }] });

  it.each([
    ['a picture by an address that clients have to refuse', { icons: [{ src: 'http://example.com/a.png' }] }],
    ['a script as a picture', { icons: [{ src: 'javascript:alert(1)' }] }],
    ['a schema of something else than an object', { inputSchema: { type: 'string' } }],
  ])('is refused with %s', async (_what, changes) => {
    await expect(startWith(changes)).rejects.toThrow(TypeError);
  });

  it('is refused with two tools, or two prompts, of one name', async () => {
    await expect(startMcpEndpoint({ tools: [foreign, foreign] })).rejects.toThrow('tools/list');
    await expect(startMcpEndpoint({ prompts: [pictured, pictured] })).rejects.toThrow('prompts/list');
  });
});
