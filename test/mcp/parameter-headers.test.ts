import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import { defineTool, type Tool } from '../../src/core/tool.ts';
import { answerOf, modernMeta, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { cites } from '../requirements.ts';

let calls = 0;
const routed = defineTool({
  name: 'run_query',
  title: 'Run a query',
  description: 'Runs somewhere.',
  scopes: [],
  effect: 'read',
  input: z.object({
    region: z.string().optional().describe('Where.'),
    limit: z.int().optional().describe('How many.'),
    dry: z.boolean().optional().describe('Whether to try only.'),
    note: z.string().optional().describe('Anything.'),
  }),
  aliases: { area: 'region' },
  paramHeaders: { region: 'Region', limit: 'Limit', dry: 'Dry-Run' },
  run(_call, args) {
    calls++;
    return Promise.resolve({ content: [text(JSON.stringify(args))] });
  },
});

/** As an upstream server may declare it: below the first level. */
const nested: Tool = {
  ...routed,
  name: 'nested',
  inputSchema: {
    type: 'object',
    properties: {
      target: { type: 'object', properties: { zone: { type: 'string', 'x-mcp-header': 'Zone' } } },
    },
  },
  bind: (args) => () => Promise.resolve({ content: [text(JSON.stringify(args))] }),
};

const endpoint = await startMcpEndpoint({ tools: [routed, nested] });
afterAll(() => endpoint.close());
beforeEach(() => {
  calls = 0;
});

// The second is slightly unusual, and so goes to the SDK.
const ways = [
  ['answered directly', modernMeta],
  ['answered by the SDK', { ...modernMeta, progressToken: 'p' }],
] as const;

const base64 = (value: string) => `=?base64?${Buffer.from(value).toString('base64')}?=`;

describe.each(ways)('a call %s', (_way, _meta) => {
  const call = (args: object, headers: Record<string, string>, name = 'run_query') =>
    endpoint.modern('tools/call', { name, arguments: args, _meta }, headers);

  it.each([
    ['the same text', { region: 'us-west1' }, { 'Mcp-Param-Region': 'us-west1' }],
    ['an empty text', { region: '' }, { 'Mcp-Param-Region': '' }],
    ['its name in other letters', { region: 'eu' }, { 'MCP-PARAM-REGION': 'eu' }],
    [
      'text that no header can hold',
      { region: 'Hello, 世界' },
      { 'Mcp-Param-Region': base64('Hello, 世界') },
    ],
    ['blanks at the ends', { region: ' padded ' }, { 'Mcp-Param-Region': base64(' padded ') }],
    ['several lines', { region: 'a\nb' }, { 'Mcp-Param-Region': base64('a\nb') }],
    ['a byte order mark', { region: '\ufeffeu' }, { 'Mcp-Param-Region': base64('\ufeffeu') }],
    ['text that looks encoded', { region: '=?base64?x?=' }, { 'Mcp-Param-Region': base64('=?base64?x?=') }],
    ['text that begins as if encoded', { region: '=?base64?x' }, { 'Mcp-Param-Region': '=?base64?x' }],
    ['an integer', { limit: 42 }, { 'Mcp-Param-Limit': '42' }],
    ['an integer in another spelling', { limit: 42 }, { 'Mcp-Param-Limit': '42.0' }],
    ['a negative integer', { limit: -7 }, { 'Mcp-Param-Limit': '-7' }],
    ['a boolean', { dry: false }, { 'Mcp-Param-Dry-Run': 'false' }],
    ['no header where there is no value', { note: 'x' }, {}],
    ['no header for null', { region: null }, {}],
    ['headers that the tool does not declare', { note: 'x' }, { 'Mcp-Param-Note': 'y' }],
  ])(
    cites(
      [
        '2026-07-28/streamable-http/param-matches',
        '2026-07-28/streamable-http/param-null',
        '2026-07-28/streamable-http/param-absent',
        '2026-07-28/streamable-http/integers-numeric',
        '2026-07-28/streamable-http/values-decoded',
        '2026-07-28/streamable-http/decoded-before-comparing',
        '2026-07-28/streamable-http/names-any-case',
      ],
      'passes with %s',
    ),
    async (_what, args, headers) => {
      const response = await call(args, headers);
      expect(response.status).toBe(200);
      expect(await answerOf(response)).not.toMatchObject({ result: { isError: true } });
      expect(calls).toBe(1);
    },
  );

  it.each([
    ['another value', { region: 'eu' }, { 'Mcp-Param-Region': 'us' }],
    ['another case', { region: 'eu' }, { 'Mcp-Param-Region': 'EU' }],
    ['no header beside a value', { region: 'eu' }, {}],
    ['one header of two', { region: 'eu', limit: 1 }, { 'Mcp-Param-Region': 'eu' }],
    ['a header without a value', { note: 'x' }, { 'Mcp-Param-Region': 'eu' }],
    ['a header beside null', { region: null }, { 'Mcp-Param-Region': 'eu' }],
    ['a header beside an alias', { area: 'eu' }, { 'Mcp-Param-Region': 'us' }],
    ['a header beside a list', { region: ['eu'] }, { 'Mcp-Param-Region': 'eu' }],
    ['Base64 without its padding', { region: 'Hello' }, { 'Mcp-Param-Region': '=?base64?SGVsbG8?=' }],
    ['what is not Base64', { region: 'Hello' }, { 'Mcp-Param-Region': '=?base64?SGVs!!!bG8=?=' }],
    ['Base64 of no UTF-8', { region: '\ufffd' }, { 'Mcp-Param-Region': '=?base64?/w==?=' }],
    [
      'an unencoded value that looks encoded',
      { region: '=?base64?x?=' },
      { 'Mcp-Param-Region': '=?base64?x?=' },
    ],
    ['a letter outside ASCII', { region: 'Ré' }, { 'Mcp-Param-Region': 'Ré' }],
    ['an integer next to it', { limit: 42 }, { 'Mcp-Param-Limit': '42.5' }],
    ['an integer as an expression', { limit: 16 }, { 'Mcp-Param-Limit': '0x10' }],
    ['a boolean by another word', { dry: true }, { 'Mcp-Param-Dry-Run': '1' }],
  ])(
    cites(
      [
        '2026-07-28/streamable-http/param-matches',
        '2026-07-28/streamable-http/param-mismatch',
        '2026-07-28/streamable-http/param-omitted',
        '2026-07-28/streamable-http/param-characters',
        '2026-07-28/streamable-http/sentinel-exact',
        '2026-07-28/streamable-http/mismatch-400',
        '2026-07-28/streamable-http/mismatch-code',
      ],
      'is refused with %s, before anything runs',
    ),
    async (_what, args, headers) => {
      const response = await call(args, headers);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        jsonrpc: '2.0',
        id: 1,
        error: { code: -32020, message: expect.stringMatching(/^Header mismatch/) as string },
      });
      expect(calls).toBe(0);
    },
  );

  it(
    cites(
      ['2026-07-28/streamable-http/param-safe-integer'],
      'is refused with an integer that no double holds exactly',
    ),
    async () => {
      const headers = { 'Mcp-Param-Limit': '9007199254740993' };
      expect((await call({ limit: 9007199254740992 }, headers)).status).toBe(400);
    },
  );

  it('runs with what the header says or not at all: no alias and no leniency stands in for it', async () => {
    for (const args of [{ area: 'eu' }, { region: ['eu'] }, { limit: [5] }]) {
      const answer = await answerOf(await call(args, {}));
      expect(answer, JSON.stringify(args)).toMatchObject({ result: { isError: true } });
    }
    expect(calls).toBe(0);
  });

  it(
    cites(['2026-07-28/streamable-http/param-static'], 'is held to parameters below the first level as well'),
    async () => {
      const args = { target: { zone: 'a' } };
      expect((await call(args, { 'Mcp-Param-Zone': 'a' }, 'nested')).status).toBe(200);
      expect((await call(args, { 'Mcp-Param-Zone': 'b' }, 'nested')).status).toBe(400);
      expect((await call({ target: {} }, {}, 'nested')).status).toBe(200);
      expect((await call(JSON.parse('{"__proto__":{"zone":"a"}}') as object, {}, 'nested')).status).toBe(200);
    },
  );
});

it('does not ask clients of older revisions for the headers, which they do not know', async () => {
  const params = { name: 'run_query', arguments: { region: 'eu' } };
  const answer = await answerOf(await endpoint.legacy('tools/call', params));
  expect(answer).toMatchObject({ result: { content: [{ text: '{"region":"eu"}' }] } });
});
