import { afterAll, describe, expect, it } from 'vitest';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { ERAS, modernClient, openRawSession, sendRaw } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const puppet = createPuppet();
const endpoint = await startMcpEndpoint({ tools: [puppet.tool] });
afterAll(() => endpoint.close());

const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';

describe.each(ERAS)('messages of revision %s', (revision, open) => {
  const isModern = revision === '2026-07-28';

  it(
    cites(
      [
        '2025-11-25/basic/base-and-lifecycle',
        '2025-11-25/basic/json-rpc',
        '2025-11-25/basic/result-same-id',
        '2025-11-25/basic/result-field',
        '2026-07-28/basic/base-and-patterns',
        '2026-07-28/basic/json-rpc',
        '2026-07-28/basic/result-same-id',
        '2026-07-28/basic/result-field',
        '2026-07-28/basic/result-type',
        '2026-07-28/basic/result-type-set',
        '2026-07-28/transports/delivery',
      ],
      'carry the id of their request, text or number, and a result of a known type',
    ),
    async () => {
      const client = await open(endpoint.url);
      for (const id of ['text', '', 0, -7, 2 ** 53 - 1, '1', 1]) {
        const answer = await client.request('tools/list', {}, {}, id);
        expect(answer.status).toBe(200);
        const response = await answer.response();
        expect(Object.keys(response).sort()).toEqual(['id', 'jsonrpc', 'result']);
        expect(response).toMatchObject({ jsonrpc: '2.0', id, result: { tools: [{ name: 'do_work' }] } });
        expect(response.result?.['resultType']).toBe(isModern ? 'complete' : undefined);
      }
    },
  );

  it.each([
    ['no/such/method', {}, -32601],
    ['tools/call', { name: 'no_such_tool', arguments: {} }, -32602],
    ['resources/list', {}, -32601],
  ])(
    cites(
      [
        '2025-11-25/basic/error-same-id',
        '2025-11-25/basic/error-fields',
        '2025-11-25/basic/error-code-integer',
        '2026-07-28/basic/error-same-id',
        '2026-07-28/basic/error-fields',
        '2026-07-28/basic/error-code-integer',
      ],
      'say what is wrong with %s under its id, with a code and words',
    ),
    async (method, params, code) => {
      const client = await open(endpoint.url);
      const response = await (await client.request(method, params, {}, 'mine')).response();
      expect(response).toMatchObject({ jsonrpc: '2.0', id: 'mine', error: { code } });
      expect(response.error?.message).toMatch(/\w/);
      expect(response).not.toHaveProperty('result');
    },
  );

  it(
    cites(
      [
        '2025-11-25/basic/notification-unanswered',
        '2025-11-25/transports/accepted-202',
        '2026-07-28/basic/notification-unanswered',
        '2026-07-28/streamable-http/notification-202',
      ],
      'that are notifications get 202 and nothing else, known or not',
    ),
    async () => {
      const headers = isModern
        ? { 'mcp-protocol-version': revision }
        : (await openRawSession(endpoint.url)).headers;
      const _meta = { 'io.modelcontextprotocol/protocolVersion': revision };
      for (const method of ['notifications/cancelled', 'notifications/no/such']) {
        const params = { requestId: 'none', ...(isModern ? { _meta } : {}) };
        const body = { jsonrpc: '2.0', method, params };
        const answer = await sendRaw(endpoint.url, { headers: { ...headers, 'mcp-method': method }, body });
        expect([answer.status, answer.text]).toEqual([202, '']);
      }
    },
  );

  it(
    cites(
      ['2025-11-25/basic/notification-without-id', '2026-07-28/basic/notification-without-id'],
      'that the server sends by itself are notifications without an id',
    ),
    async () => {
      const client = await open(endpoint.url);
      const key = `notifies ${revision}`;
      const params = { name: 'do_work', arguments: { key }, _meta: { progressToken: key } };
      const answering = client.request('tools/call', params);
      const work = await puppet.started(key);
      work.call.progress(1, 2, 'half of it');
      const { stream } = await answering;
      const told = await stream?.of('notifications/progress');
      expect(told).toMatchObject({ jsonrpc: '2.0', params: { progressToken: key } });
      expect(told).not.toHaveProperty('id');
      work.finish();
      await stream?.end();
    },
  );

  it(
    cites(
      [
        '2025-11-25/basic/meta-key-prefix',
        '2025-11-25/basic/meta-key-label',
        '2025-11-25/basic/meta-key-reverse-dns',
        '2025-11-25/basic/meta-key-name',
        '2026-07-28/basic/meta-key-prefix',
        '2026-07-28/basic/meta-key-label',
        '2026-07-28/basic/meta-key-reverse-dns',
        '2026-07-28/basic/meta-key-name',
      ],
      'have keys in _meta as the specification spells them',
    ),
    async () => {
      const client = await open(endpoint.url);
      const failed = { name: 'do_work', arguments: { nonsense: true } };
      const requests = [
        ['tools/list', {}],
        ['tools/call', failed],
        [isModern ? 'server/discover' : 'ping', {}],
      ] as const;
      for (const [method, params] of requests) {
        for (const key of metaKeysIn(await (await client.request(method, params)).response())) {
          expect(key).toMatch(/^([a-z]([a-z0-9-]*[a-z0-9])?(\.[a-z]([a-z0-9-]*[a-z0-9])?)+\/)?[a-z0-9]+$/i);
          expect(key.includes('/') ? key.split('.')[0] : 'io').toMatch(/^(io|com|org|dev|net)$/);
        }
      }
    },
  );

  it(
    cites(
      ['2025-11-25/basic/meta-reserved', '2026-07-28/basic/meta-reserved'],
      'may hold anything under reserved keys that mean nothing yet',
    ),
    async () => {
      const client = await open(endpoint.url);
      const plain = await (await client.request('tools/list', {}, {}, 'same')).response();
      const _meta = {
        'io.modelcontextprotocol/future': { nested: [null, 1, 'x'] },
        'com.mcp.tools/x': 7,
        'dev.mcp/': null,
      };
      expect(await (await client.request('tools/list', { _meta }, {}, 'same')).response()).toEqual(plain);
    },
  );

  it(
    cites(
      [
        '2025-11-25/transports/utf-8',
        '2026-07-28/transports/utf-8',
        '2025-11-25/transports/request-content-type',
        '2026-07-28/streamable-http/request-content-type',
      ],
      'are UTF-8 whatever they hold, as JSON and as a stream',
    ),
    async () => {
      const client = await open(endpoint.url);
      const texts = 'é 世界 👩‍👩‍👧 \u2028 \u0000 \ud7ff';
      for (const progressToken of [undefined, 'p']) {
        const key = `${texts} ${revision} ${progressToken ?? ''}`;
        const _meta = progressToken === undefined ? {} : { progressToken };
        const answering = client.request('tools/call', { name: 'do_work', arguments: { key }, _meta });
        const work = await puppet.started(key);
        work.call.progress(1, 2, texts);
        work.finish(texts);
        const answer = await answering;
        const type = progressToken === undefined ? 'application/json' : 'text/event-stream';
        expect(answer.headers.get('content-type')).toMatch(type);
        expect((await answer.response()).result).toMatchObject({ content: [{ text: texts }] });
        const told = answer.stream?.messages.find(({ method }) => method === 'notifications/progress');
        expect(told?.params?.['message']).toBe(progressToken === undefined ? undefined : texts);
      }
    },
  );
});

it(
  cites(
    ['2025-11-25/basic/request-id-not-null', '2026-07-28/basic/json-rpc', '2025-11-25/basic/json-rpc'],
    'a message that is no JSON-RPC 2.0 is refused in both eras',
  ),
  async () => {
    const session = await openRawSession(endpoint.url);
    const modern = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };
    const wrong = [
      { jsonrpc: '1.0', id: 1, method: 'tools/list' },
      { id: 1, method: 'tools/list' },
      { jsonrpc: '2.0', id: null, method: 'tools/list' },
      { jsonrpc: '2.0', id: 1.5, method: 'tools/list' },
      { jsonrpc: '2.0', id: {}, method: 'tools/list' },
      { jsonrpc: '2.0', id: 1, method: 7 },
      { jsonrpc: '2.0', id: 1, method: 'tools/list', params: [1] },
      { jsonrpc: '2.0', id: 1 },
      'text',
      7,
      null,
    ];
    for (const body of wrong) {
      const sent = JSON.stringify(body);
      for (const answer of [
        await session.post(sent),
        await sendRaw(endpoint.url, { headers: modern, body: sent }),
      ]) {
        expect(answer.status, sent).toBe(400);
        expect(answer.json, sent).toMatchObject({ jsonrpc: '2.0', error: { code: -32600 } });
      }
    }
  },
);

it(
  cites(['2026-07-28/basic/server-info'], 'every result of revision 2026-07-28 names the server'),
  async () => {
    const client = modernClient(endpoint.url);
    for (const method of ['server/discover', 'tools/list']) {
      const { result } = await (await client.request(method)).response();
      expect(result).toMatchObject({ _meta: { [SERVER_INFO]: { name: 'fairlead' } } });
    }
    const answering = client.request('tools/call', { name: 'do_work', arguments: { key: 'named' } });
    (await puppet.started('named')).finish();
    const { result } = await (await answering).response();
    expect(result).toMatchObject({ _meta: { [SERVER_INFO]: { name: 'fairlead' } } });
  },
);

/** Keys of every `_meta`, at any depth. */
function metaKeysIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(key === '_meta' ? Object.keys(inner as object) : []),
    ...metaKeysIn(inner),
  ]);
}
