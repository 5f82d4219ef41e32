import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import { defineTool } from '../../src/core/tool.ts';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import {
  initializeMessage,
  modernClient,
  openRawSession,
  type RawAnswer,
  type RawSession,
  sendRaw,
} from '../fixtures/raw-mcp.ts';

const asks = defineTool({
  name: 'ask_name',
  title: 'Ask',
  description: 'Asks for a name.',
  scopes: [],
  effect: 'read',
  input: z.object({}),
  async run(call) {
    const params = { mode: 'form', message: 'Name?', requestedSchema: { type: 'object', properties: {} } };
    await call.ask({ name: { method: 'elicitation/create', params } });
    return { content: [text('done')] };
  },
});
const puppet = createPuppet();
const endpoint = await startMcpEndpoint({ tools: [puppet.tool, asks], bodyLimitBytes: 200_000 });
afterAll(() => endpoint.close());

const ping = (id: unknown) => ({ jsonrpc: '2.0', id, method: 'ping' });
const listTools = (id: unknown) => ({ jsonrpc: '2.0', id, method: 'tools/list' });

/** The status and the code of an answer, which tells nothing of the inside. */
async function outcome(answer: RawAnswer): Promise<[status: number, code: number | undefined]> {
  const response = await answer.response();
  expect(JSON.stringify(response)).not.toMatch(/node_modules|\.m?[jt]s:\d|\n\s+at |ZodError/);
  return [answer.status, response.error?.code];
}

let session: RawSession;
beforeAll(async () => {
  session = await openRawSession(endpoint.url);
});

describe('batches', () => {
  it('are answered with a list in revision 2025-03-26', async () => {
    const old = await openRawSession(endpoint.url, { protocolVersion: '2025-03-26' });
    const answer = await old.post([
      ping(1),
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 'x', method: 'no/such/method' },
      ping('1'),
    ]);
    expect(answer.status).toBe(200);
    const responses = JSON.parse(answer.text) as { id: unknown }[];
    expect(responses).toHaveLength(3);
    expect(new Set(responses.map(({ id }) => id))).toEqual(new Set([1, '1', 'x']));
    expect(responses).toContainEqual({ jsonrpc: '2.0', id: 1, result: {} });
    const silent = await old.post([{ jsonrpc: '2.0', method: 'notifications/initialized' }]);
    expect([silent.status, silent.text]).toEqual([202, '']);
  });

  it.each([
    ['an empty one', []],
    ['one of a thousand', Array.from({ length: 1000 }, (_, id) => ping(id))],
    ['one with something that is no message', [ping(1), 7]],
    ['one that begins another session', [initializeMessage()]],
    ['one with an id twice', [ping(7), ping(7)]],
  ])('are refused there where they are %s', async (_what, batch) => {
    const old = await openRawSession(endpoint.url, { protocolVersion: '2025-03-26' });
    expect(await outcome(await old.post(batch))).toEqual([400, -32600]);
  });

  it.each(['2025-06-18', '2025-11-25'])('are refused in revision %s', async (protocolVersion) => {
    const newer = await openRawSession(endpoint.url, { protocolVersion });
    for (const batch of [[ping(1)], [ping(1), ping(2)], []]) {
      expect(await outcome(await newer.post(batch))).toEqual([400, -32600]);
    }
  });

  it('are refused in revision 2026-07-28, and before any session', async () => {
    const modern = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };
    for (const headers of [modern, {}]) {
      const { status } = await sendRaw(endpoint.url, { headers, body: [listTools(1)] });
      expect(status).toBe(400);
    }
  });
});

describe('headers', () => {
  it.each(['application/json', 'text/event-stream', 'text/html', '*/json', 'application/jsonp, text/html'])(
    'that accept only %s are answered 406 in a session',
    async (accept) => {
      const [status, code] = await outcome(await session.request('tools/list', {}, { accept }));
      expect(status).toBe(406);
      expect(code).toBeLessThan(0);
    },
  );

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonl',
    'text/json',
    'multipart/form-data; boundary=x',
  ])('that call the body %s are answered 415 in both eras', async (type) => {
    const answers = [
      await session.request('tools/list', {}, { 'content-type': type }),
      await modernClient(endpoint.url).request('tools/list', {}, { 'content-type': type }),
      await sendRaw(endpoint.url, { headers: { 'content-type': type }, body: initializeMessage() }),
    ];
    for (const answer of answers) expect(answer.status).toBe(415);
  });

  it('may say the encoding of JSON, which is UTF-8', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect((await session.request('tools/list', {}, headers)).status).toBe(200);
    expect((await modernClient(endpoint.url).request('tools/list', {}, headers)).status).toBe(200);
  });

  it.each(['PUT', 'PATCH', 'OPTIONS'])(
    'with method %s are answered 405 with what is allowed',
    async (method) => {
      const response = await fetch(endpoint.url, { method, headers: session.headers });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toMatch(/POST/);
    },
  );

  it.each([
    ['no such event', 'made-up'],
    ['an event of a stream that there never was', `${'A'.repeat(16)}.1-1`],
    ['an event of no position', `${'A'.repeat(16)}.`],
    ['an event of the changes that there never was', 'changes.x'],
    ['a far too long event', 'A'.repeat(5000)],
    ['a far too long position', `${'A'.repeat(16)}.${'1'.repeat(5000)}`],
    ['a far too long change', `changes.${'1'.repeat(5000)}`],
  ])('that resume from %s are answered 400, without a stream', async (_what, eventId) => {
    const answer = await session.get({ 'last-event-id': eventId });
    expect(answer.status).toBe(400);
    expect(answer.stream).toBeUndefined();
  });

  it.each([100, 4096, 4097, 12_000])(
    'with a session id of %s characters are answered 404',
    async (length) => {
      const answer = await session.request('ping', {}, { 'mcp-session-id': 'A'.repeat(length) });
      expect(answer.status).toBe(404);
    },
  );

  it('that are longer than HTTP allows are answered 431 and hurt nobody else', async () => {
    const answer = await session.request('ping', {}, { 'mcp-session-id': 'A'.repeat(40_000) });
    expect(answer.status).toBe(431);
    expect((await session.request('ping')).status).toBe(200);
  });
});

describe('an id that is in use', () => {
  it('is refused for another request of the session, whose first one goes on', async () => {
    const first = session.request('tools/call', { name: 'do_work', arguments: { key: 'first' } }, {}, 'same');
    const work = await puppet.started('first');
    const call = { name: 'do_work', arguments: { key: 'second' } };
    const second = await session.request('tools/call', call, {}, 'same');
    expect(await outcome(second)).toEqual([400, -32600]);
    work.finish('of the first');
    expect((await (await first).response()).result).toMatchObject({ content: [{ text: 'of the first' }] });
    expect(puppet.keys).not.toContain('second');
    expect(second.json?.id).toBe('same');
  });

  it('may be used again when its request has ended, by another session and by clients of 2026-07-28', async () => {
    const other = await openRawSession(endpoint.url);
    const clients = [session, other, modernClient(endpoint.url), modernClient(endpoint.url)];
    const answers = clients.map((client, index) =>
      client.request('tools/call', { name: 'do_work', arguments: { key: `same ${index}` } }, {}, 'same'),
    );
    for (const index of answers.keys()) (await puppet.started(`same ${index}`)).finish(`of ${index}`);
    for (const [index, answer] of answers.entries()) {
      expect((await (await answer).response()).result).toMatchObject({ content: [{ text: `of ${index}` }] });
    }
  });
});

describe('what contradicts itself or asks too much', () => {
  const modern = modernClient(endpoint.url);
  const otherRevision = (revision: string) => ({
    _meta: { 'io.modelcontextprotocol/protocolVersion': revision },
  });

  it.each([
    [
      'another method in the header',
      () => modern.request('tools/list', {}, { 'mcp-method': 'ping' }),
      400,
      -32020,
    ],
    [
      'another name in the header',
      () => modern.request('tools/call', { name: 'do_work' }, { 'mcp-name': 'ask_name' }),
      400,
      -32020,
    ],
    [
      'another revision in the header',
      () => modern.request('tools/list', {}, { 'mcp-protocol-version': '2025-11-25' }),
      400,
      -32020,
    ],
    [
      'a revision that there is not',
      () =>
        modern.request('tools/list', otherRevision('2099-01-01'), { 'mcp-protocol-version': '2099-01-01' }),
      400,
      -32022,
    ],
    ['a capability that is missing', () => modern.request('tools/call', { name: 'ask_name' }), 400, -32021],
    [
      'a body over the limit',
      () => modern.request('tools/list', { filler: 'x'.repeat(300_000) }),
      413,
      undefined,
    ],
    ['an unknown tool', () => modern.request('tools/call', { name: 'no_such' }), 200, -32602],
    ['an unknown method', () => modern.request('no/such'), 404, -32601],
    ['a session that begins within a session', () => session.post(initializeMessage()), 400, -32600],
    [
      'a revision that the session cannot have',
      () => session.request('ping', {}, { 'mcp-protocol-version': 'x' }),
      400,
      undefined,
    ],
  ])('is answered for %s with its status and code', async (_what, send, status, code) => {
    const answer = await send();
    expect(answer.status).toBe(status);
    if (code !== undefined) expect((await outcome(answer))[1]).toBe(code);
  });

  it('is told to a client of an older revision in the result, where it lacks a capability', async () => {
    const { result } = await (
      await session.request('tools/call', { name: 'ask_name', arguments: {} })
    ).response();
    expect(result).toMatchObject({ isError: true, _meta: { code: 'CLIENT_CANNOT_ANSWER' } });
  });
});

describe('parameters of the wrong kind', () => {
  const wrong: readonly (readonly [method: string, params: Record<string, unknown>])[] = [
    ['tools/call', { name: 7 }],
    ['tools/call', {}],
    ['tools/call', { name: 'do_work', arguments: 'text' }],
    ['tools/list', { cursor: 7 }],
  ];

  it.each(wrong)('are answered -32602 by %s with %j, in both eras', async (method, params) => {
    expect((await outcome(await session.request(method, params)))[1]).toBe(-32602);
    expect((await outcome(await modernClient(endpoint.url).request(method, params)))[1]).toBe(-32602);
  });

  it('are no harm: everything goes on being served', async () => {
    expect((await session.request('tools/list')).status).toBe(200);
    expect(endpoint.mcp.runningCalls).toBe(0);
    await expect.poll(() => endpoint.telemetry.openStreams).toBe(0);
  });
});
