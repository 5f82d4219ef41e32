import { createMcpHandler } from '@modelcontextprotocol/server';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../../src/core/content.ts';
import { defineTool } from '../../../src/core/tool.ts';
import { Recogniser } from '../../../src/mcp/recognise.ts';
import { answerOf, modernMeta, startMcpEndpoint } from '../../fixtures/mcp-endpoint.ts';

const echo = defineTool({
  name: 'echo',
  title: 'Echo',
  description: 'Answers what it is given.',
  scopes: [],
  effect: 'read',
  input: z.object({ value: z.string().optional().describe('What to answer.') }),
  run: (_call, args) => Promise.resolve({ content: [text(args.value ?? 'nothing')] }),
});

const endpoint = await startMcpEndpoint({ tools: [echo] });
afterAll(() => endpoint.close());

/** The SDK's own answer to what the recogniser would have taken, from a server that only the SDK serves. */
async function sdkAccepts(body: unknown, headers: Record<string, string>): Promise<boolean> {
  const { McpServer, fromJsonSchema } = await import('@modelcontextprotocol/server');
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'reference', version: '1' });
    const inputSchema = fromJsonSchema({ type: 'object' });
    server.registerTool('echo', { inputSchema }, () => ({ content: [] }));
    return server;
  });
  const response = await handler.fetch(
    new Request('http://localhost/mcp', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }),
  );
  const answer = response.status === 200 ? await answerOf(response) : {};
  // A well-formed call of a tool that does not exist is accepted as a message.
  const unknownTool = /Tool .* not found/.test(JSON.stringify(answer['error'] ?? ''));
  return 'result' in answer || unknownTool;
}

interface Sent {
  body: Record<string, unknown>;
  params: Record<string, unknown>;
  meta: Record<string, unknown> | undefined;
  headers: Record<string, string>;
}

const odd = fc.oneof(
  fc.constantFrom<unknown[]>(undefined, null, {}, [], true, ''),
  fc.integer(),
  fc.string({ maxLength: 4 }),
);
const revision = fc.constantFrom(
  '2026-07-28',
  '2025-11-25',
  '2025-03-26',
  '2024-11-05',
  '1999-01-01',
  ' 2026-07-28',
);
const capabilities = fc.constantFrom<unknown[]>(
  { roots: {} },
  { sampling: {}, elicitation: {} },
  { roots: { listChanged: 'x' } },
  { unheardOf: 1 },
  { extensions: { 'vendor/x': {} } },
);

/** A message that a client of the era sends, as SDK clients do. */
const usual = fc
  .record({
    era: fc.constantFrom('modern', 'legacy'),
    method: fc.constantFrom('ping', 'tools/list', 'tools/call', 'initialize'),
    id: fc.oneof(fc.integer(), fc.string({ maxLength: 8 })),
    args: fc.constantFrom(undefined, {}, { value: 'a' }, { value: 5 }),
  })
  .map(({ era, method, id, args }): Sent => {
    const isModern = era === 'modern';
    const isCall = method === 'tools/call';
    return {
      body: { jsonrpc: '2.0', id, method },
      params: isCall ? { name: 'echo', ...(args === undefined ? {} : { arguments: args }) } : {},
      meta: isModern ? { ...modernMeta } : undefined,
      headers: {
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': isModern ? '2026-07-28' : '2025-11-25',
        ...(isModern ? { 'mcp-method': method } : {}),
        ...(isModern && isCall ? { 'mcp-name': 'echo' } : {}),
      },
    };
  });

type Mutation = (sent: Sent) => void;

function setting(
  part: 'body' | 'params' | 'meta' | 'headers',
  key: string,
  values: fc.Arbitrary<unknown>,
): fc.Arbitrary<Mutation> {
  return values.map((value) => (sent) => {
    const target: Record<string, unknown> = part === 'meta' ? (sent.meta ??= {}) : sent[part];
    if (value === undefined) Reflect.deleteProperty(target, key);
    else target[key] = value;
  });
}

const PREFIX = 'io.modelcontextprotocol/';
const mutation = fc.oneof(
  setting('body', 'jsonrpc', odd),
  setting('body', 'id', fc.oneof(odd, fc.double())),
  setting(
    'body',
    'method',
    fc.oneof(odd, fc.constantFrom('ping', 'tools/list', 'tools/call', 'toString', '__proto__')),
  ),
  setting('body', 'extra', odd),
  setting('params', 'name', odd),
  setting('params', 'arguments', odd),
  setting('params', 'cursor', odd),
  setting('params', 'task', odd),
  setting('params', 'inputResponses', odd),
  setting('meta', `${PREFIX}protocolVersion`, fc.oneof(odd, revision)),
  setting(
    'meta',
    `${PREFIX}clientInfo`,
    fc.oneof(odd, fc.constantFrom<unknown[]>({ name: 'a' }, { name: 'a', version: 1 })),
  ),
  setting('meta', `${PREFIX}clientCapabilities`, fc.oneof(odd, capabilities)),
  setting('meta', `${PREFIX}logLevel`, fc.constantFrom('debug', 'loud')),
  setting('meta', `${PREFIX}related-task`, odd),
  setting('meta', 'progressToken', odd),
  setting('meta', 'vendor/key', odd),
  setting('headers', 'mcp-protocol-version', fc.option(revision, { nil: undefined })),
  setting('headers', 'mcp-method', fc.constantFrom(undefined, 'tools/list', 'tools/call', 'TOOLS/CALL')),
  setting('headers', 'mcp-name', fc.constantFrom(undefined, 'other', '=?base64?ZWNobw==?=', 'Echo')),
  setting('headers', 'accept', fc.constantFrom('application/json', 'text/event-stream', '*/*')),
);

const sentMessage = fc.tuple(usual, fc.array(mutation, { maxLength: 3 })).map(([sent, mutations]) => {
  const changed = structuredClone(sent);
  for (const change of mutations) change(changed);
  const params = changed.meta === undefined ? changed.params : { ...changed.params, _meta: changed.meta };
  // As the wire would carry it.
  const body = JSON.parse(JSON.stringify({ ...changed.body, params })) as unknown;
  return { body, headers: changed.headers };
});

describe('the cheap look at a message', () => {
  it('recognises nothing that the SDK would not accept', { timeout: 120_000 }, async () => {
    let recognised = 0;
    await fc.assert(
      fc.asyncProperty(sentMessage, async ({ body, headers }) => {
        const taken = new Recogniser().recognise(body, {
          accept: headers['accept'],
          protocolVersion: headers['mcp-protocol-version'],
          method: headers['mcp-method'],
          name: headers['mcp-name'],
        });
        if (taken === undefined) return;
        recognised++;
        expect(await sdkAccepts(body, headers), JSON.stringify({ body, headers })).toBe(true);
      }),
      { numRuns: 10_000, seed: 20260728 },
    );
    // The property says nothing about a look that recognises nothing.
    expect(recognised).toBeGreaterThan(1000);
  });

  it.each([
    ['tools/list', {}],
    ['tools/call', { name: 'echo', arguments: { value: 'hello' } }],
    ['tools/call', { name: 'echo', arguments: { value: 5, unknown: true } }],
  ])('answers %s as the SDK does, in both eras', async (name, params) => {
    for (const era of ['modern', 'legacy'] as const) {
      const direct = await answerOf(await endpoint[era](name, params));
      // A parameter that only the SDK's leg takes, and that changes nothing in the result.
      const meta = { ...(era === 'modern' ? modernMeta : {}), progressToken: 1 };
      const bySdk = await answerOf(await endpoint[era](name, { ...params, _meta: meta }));
      expect(direct).toEqual(bySdk);
    }
  });
});
