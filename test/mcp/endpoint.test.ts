import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import { AppError } from '../../src/core/errors.ts';
import type { ResourceProvider } from '../../src/core/resource.ts';
import { defineTool } from '../../src/core/tool.ts';
import { answerOf, eventsOf, modernMeta, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';

let aborted = 0;
const tools = [
  defineTool({
    name: 'count_down',
    title: 'Count down',
    description: 'Tells its progress and logs.',
    scopes: ['files:read'],
    effect: 'read',
    input: z.object({ from: z.int().default(3).describe('Where to start.') }),
    run(call, { from }) {
      for (let done = 1; done <= from; done++) call.progress(done, from, `step ${done}`);
      call.log('info', 'counted');
      return Promise.resolve({ content: [text('zero')] });
    },
  }),
  defineTool({
    name: 'hang',
    title: 'Hang',
    description: 'Waits until it is aborted.',
    scopes: [],
    effect: 'read',
    input: z.object({}),
    run: (call) =>
      new Promise((_, reject) => {
        call.signal.addEventListener('abort', () => {
          aborted++;
          reject(call.signal.reason as Error);
        });
      }),
  }),
  defineTool({
    name: 'delete_all',
    title: 'Delete all',
    description: 'Needs a scope.',
    scopes: ['files:delete'],
    effect: 'destroy',
    input: z.object({}),
    run: () => Promise.resolve({ content: [text('gone')] }),
  }),
];

const notes: ResourceProvider = {
  prefix: 'test://notes/',
  scopes: ['files:read'],
  templates: [{ uriTemplate: 'test://notes/{id}', name: 'note' }],
  list: (_context, cursor) =>
    Promise.resolve(
      cursor === undefined
        ? { resources: [{ uri: 'test://notes/1', name: '1' }], nextCursor: 'two' }
        : { resources: [{ uri: 'test://notes/2', name: '2' }] },
    ),
  read: (_context, uri) =>
    uri === 'test://notes/1'
      ? Promise.resolve([{ uri, mimeType: 'text/plain', text: 'a note' }])
      : Promise.reject(new AppError('PATH_NOT_FOUND', `There is no note ${uri}.`)),
  complete: (_context, _variable, typed) => Promise.resolve(['1', '2'].filter((id) => id.startsWith(typed))),
};

const endpoint = await startMcpEndpoint({
  tools,
  resources: [notes],
  scopes: ['files:read'],
  bodyLimitBytes: 100_000,
});
afterAll(() => endpoint.close());
const { modern, legacy, post } = endpoint;

describe.each([
  ['2026-07-28', modern],
  ['2025-11-25', legacy],
] as const)('the endpoint in revision %s', (_revision, send) => {
  it('lists the tools that the scopes cover, the same each time', async () => {
    const first = await answerOf(await send('tools/list'));
    expect(first).toMatchObject({ result: { tools: [{ name: 'count_down' }, { name: 'hang' }] } });
    expect(JSON.stringify(first)).not.toContain('delete_all');
    expect(await answerOf(await send('tools/list'))).toEqual(first);
  });

  it('calls a tool', async () => {
    const answer = await answerOf(await send('tools/call', { name: 'count_down', arguments: {} }));
    expect(answer).toMatchObject({ id: 1, result: { content: [{ type: 'text', text: 'zero' }] } });
  });

  it('streams the progress that was asked for ahead of the result', async () => {
    const meta = send === modern ? modernMeta : {};
    const response = await send('tools/call', {
      name: 'count_down',
      arguments: { from: 2 },
      _meta: { ...meta, progressToken: 'p' },
    });
    expect(response.headers.get('content-type')).toMatch('text/event-stream');
    const events = eventsOf(await response.text());
    const progress = events.filter((event) => event['method'] === 'notifications/progress');
    expect(progress.map((event) => event['params'])).toMatchObject([
      { progressToken: 'p', progress: 1, total: 2, message: 'step 1' },
      { progressToken: 'p', progress: 2, total: 2 },
    ]);
    expect(events.at(-1)).toMatchObject({ id: 1, result: { content: [{ text: 'zero' }] } });
  });

  it('refuses a call without its scope before it runs, and names what to ask for without losing any', async () => {
    const response = await send('tools/call', { name: 'delete_all', arguments: {} });
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({ code: 'SCOPE_REQUIRED', scopes: ['files:read', 'files:delete'] });
  });

  it('answers an unknown tool as invalid parameters', async () => {
    const answer = await answerOf(await send('tools/call', { name: 'nope', arguments: {} }));
    expect(answer).toMatchObject({ error: { code: -32602 } });
  });

  it('pages through resources and reads one', async () => {
    const first = await answerOf(await send('resources/list'));
    expect(first).toMatchObject({ result: { resources: [{ name: '1' }] } });
    const { nextCursor } = first['result'] as { nextCursor: string };
    const second = await answerOf(await send('resources/list', { cursor: nextCursor }));
    expect(second).toMatchObject({ result: { resources: [{ name: '2' }] } });
    expect(second['result']).not.toHaveProperty('nextCursor');
    const read = await answerOf(await send('resources/read', { uri: 'test://notes/1' }));
    expect(read).toMatchObject({ result: { contents: [{ text: 'a note' }] } });
  });

  it('answers an unknown resource and a made-up cursor as invalid parameters', async () => {
    const unknown = await answerOf(await send('resources/read', { uri: 'test://notes/9' }));
    expect(unknown).toMatchObject({ error: { code: -32602, data: { uri: 'test://notes/9' } } });
    const cursor = await answerOf(await send('resources/list', { cursor: 'made-up' }));
    expect(cursor).toMatchObject({ error: { code: -32602 } });
  });

  it('completes the variable of a template', async () => {
    const ref = { type: 'ref/resource', uri: 'test://notes/{id}' };
    const answer = await answerOf(
      await send('completion/complete', { ref, argument: { name: 'id', value: '2' } }),
    );
    expect(answer).toMatchObject({ result: { completion: { values: ['2'], hasMore: false } } });
  });

  it('answers an unknown method with -32601', async () => {
    const response = await send('no/such/method');
    expect(response.status).toBe(send === modern ? 404 : 200);
    expect(await answerOf(response)).toMatchObject({ error: { code: -32601 } });
  });

  it('aborts the work when the client hangs up', async () => {
    const before = aborted;
    const hangUp = new AbortController();
    const headers =
      send === modern
        ? { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'hang' }
        : { 'mcp-session-id': await endpoint.session() };
    const params = { name: 'hang', arguments: {}, ...(send === modern ? { _meta: modernMeta } : {}) };
    const request = post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }, headers, hangUp.signal);
    await expect.poll(() => endpoint.mcp.runningCalls).toBe(1);
    hangUp.abort();
    await expect(request).rejects.toThrow();
    await expect.poll(() => aborted).toBe(before + 1);
    await expect.poll(() => endpoint.mcp.runningCalls).toBe(0);
  });
});

it('counts open streams and forgets them when they have ended', async () => {
  const { openedStreams } = endpoint.telemetry;
  const logging = await endpoint.legacy('tools/call', { name: 'count_down', arguments: {} });
  expect(logging.headers.get('content-type')).toMatch('text/event-stream');
  expect(eventsOf(await logging.text()).map((event) => event['method'] ?? 'result')).toEqual([
    'notifications/message',
    'result',
  ]);
  expect(endpoint.telemetry.openedStreams).toBe(openedStreams + 1);
  await expect.poll(() => endpoint.telemetry.openStreams).toBe(0);
});

describe('bad input', () => {
  it.each([
    ['malformed JSON', '{"jsonrpc":', {}, 400, -32700],
    ['an empty body', '', {}, 400, -32700],
    ['an empty batch', '[]', {}, 400, -32600],
    ['what is no JSON-RPC message', '{"hello":1}', {}, 400, -32600],
    [
      'a media type other than JSON, whatever it holds',
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      { 'content-type': 'text/plain' },
      415,
      -32600,
    ],
    [
      'headers that disagree with the body',
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: modernMeta } }),
      { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call' },
      400,
      -32020,
    ],
    [
      'a revision that is not served',
      JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/list',
        params: { _meta: { ...modernMeta, 'io.modelcontextprotocol/protocolVersion': '2099-01-01' } },
      }),
      { 'mcp-protocol-version': '2099-01-01', 'mcp-method': 'tools/list' },
      400,
      -32022,
    ],
    ['thousands of nested brackets', '['.repeat(90_000), {}, 400, -32700],
  ] as const)('answers %s with its status and code', async (...row) => {
    const [, body, headers, status, code] = row;
    const response = await post(body, headers);
    expect(response.status).toBe(status);
    const answer = await response.text();
    expect(JSON.parse(answer)).toMatchObject({ jsonrpc: '2.0', error: { code } });
    expect(answer).not.toMatch(/node_modules|\.ts:|\.mjs:|at \w+ \(/);
  });

  it.each([1000, 20_000])('refuses what is nested %i deep, without failing', async (depth) => {
    const nested = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    for (const field of ['arguments', '_meta']) {
      const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"count_down","${field}":{"a":${nested}}}}`;
      const response = await post(call);
      expect(response.status).toBe(400);
      expect(await answerOf(response)).toMatchObject({ error: { code: -32700 } });
    }
  });

  it('takes what is nested a little, and arrays however long', async () => {
    const session = { 'mcp-session-id': await endpoint.session() };
    const nested = `${'{"a":'.repeat(300)}1${'}'.repeat(300)}`;
    for (const value of [nested, `[${'{},'.repeat(2000)}{}]`]) {
      const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"count_down","arguments":{"from":${value}}}}`;
      expect(JSON.stringify(await answerOf(await post(call, session)))).toContain('INVALID_ARGUMENT');
    }
  });

  it('refuses a body over the limit, declared or not', async () => {
    expect((await post('x'.repeat(200_000))).status).toBe(413);
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode(' '.repeat(50_000)));
      },
    });
    const init = {
      method: 'POST',
      body: stream,
      duplex: 'half',
      headers: { 'content-type': 'application/json' },
    };
    const response = await fetch(endpoint.url, init as RequestInit);
    expect(response.status).toBe(413);
  });

  it.each([
    ['GET', '2026-07-28', 'POST'],
    ['DELETE', '2026-07-28', 'POST'],
    ['PUT', '2026-07-28', 'POST'],
    ['PUT', '2025-11-25', 'GET, POST, DELETE'],
  ])('answers %s in revision %s with 405 and what is allowed', async (method, revision, allowed) => {
    const response = await fetch(endpoint.url, { method, headers: { 'mcp-protocol-version': revision } });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allowed);
  });
});

describe('initialize', () => {
  it.each([
    ['2025-11-25', '2025-11-25'],
    ['2025-06-18', '2025-06-18'],
    ['2025-03-26', '2025-03-26'],
    ['2031-01-01', '2025-11-25'],
  ])('of %s negotiates %s', async (asked, negotiated) => {
    const params = { protocolVersion: asked, capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const response = await post({ jsonrpc: '2.0', id: 'i', method: 'initialize', params });
    expect(await answerOf(response)).toMatchObject({
      id: 'i',
      result: {
        protocolVersion: negotiated,
        serverInfo: { name: 'fairlead', title: 'Fairlead', version: '0.0.0-test' },
        capabilities: { tools: {}, resources: {}, completions: {} },
        instructions: expect.stringContaining('read_file') as string,
      },
    });
    expect(response.headers.get('mcp-session-id')).toMatch(/^[\x21-\x7e]+$/);
  });

  it('is answered by server/discover in the current revision', async () => {
    expect(await answerOf(await modern('server/discover'))).toMatchObject({
      result: { supportedVersions: ['2026-07-28'], ttlMs: 300_000, cacheScope: 'public' },
    });
  });
});
