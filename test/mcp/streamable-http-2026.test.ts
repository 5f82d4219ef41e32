import { request as httpRequest } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import type { ResourceProvider } from '../../src/core/resource.ts';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { modernClient, openRawSession, sendRaw } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const NAMES = ['plain', '世界', ' padded ', '=?base64?eA==?='];
const notes: ResourceProvider = {
  prefix: 'test://notes/',
  scopes: [],
  templates: [],
  list: () => Promise.resolve({ resources: [] }),
  read: (_context, uri) => Promise.resolve([{ uri, text: uri }]),
  complete: () => Promise.resolve([]),
};

const puppet = createPuppet();
const endpoint = await startMcpEndpoint({ tools: [puppet.tool], resources: [notes] });
afterAll(() => endpoint.close());
const client = modernClient(endpoint.url);
const encoded = (value: string) => `=?base64?${Buffer.from(value).toString('base64')}?=`;

/** Calls the tool and lets it end. */
async function call(key: string, headers: Record<string, string> = {}, meta = {}) {
  const answering = client.request(
    'tools/call',
    { name: 'do_work', arguments: { key }, _meta: meta },
    headers,
  );
  const work = await puppet.started(key);
  work.finish();
  return answering;
}

describe('the endpoint', () => {
  it(
    cites(
      ['2026-07-28/streamable-http/endpoint', '2026-07-28/streamable-http/request-content-type'],
      'answers a request as JSON, or as a stream where there is something to tell before',
    ),
    async () => {
      const plain = await call('plain');
      expect(plain.status).toBe(200);
      expect(plain.headers.get('content-type')).toMatch('application/json');
      const answering = client.request('tools/call', {
        name: 'do_work',
        arguments: { key: 'streamed' },
        _meta: { progressToken: 'p' },
      });
      const work = await puppet.started('streamed');
      work.call.progress(1);
      const { headers, stream } = await answering;
      expect(headers.get('content-type')).toMatch('text/event-stream');
      work.finish();
      await stream?.end();
    },
  );

  it(
    cites(
      [
        '2026-07-28/streamable-http/notifications-relate',
        '2026-07-28/streamable-http/response-ends-stream',
        '2026-07-28/streamable-http/no-buffering',
        '2026-07-28/streamable-http/no-requests',
      ],
      'sends over a stream what belongs to its request, then the response, and ends it',
    ),
    async () => {
      const begin = async (key: string) => {
        const params = { name: 'do_work', arguments: { key }, _meta: { progressToken: key } };
        const answering = client.request('tools/call', params);
        const work = await puppet.started(key);
        work.call.progress(1);
        return { work, ...(await answering) };
      };
      const [one, two] = [await begin('one'), await begin('two')];
      two.work.call.progress(2);
      one.work.finish('of one');
      two.work.finish('of two');
      for (const { stream, id, headers } of [one, two]) {
        expect(headers.get('x-accel-buffering')).toBe('no');
        const messages = (await stream?.end())?.map(({ message }) => message) ?? [];
        expect(messages.at(-1)).toMatchObject({ id, result: {} });
        const key = id === one.id ? 'one' : 'two';
        for (const message of messages.slice(0, -1)) {
          expect(message).toMatchObject({ method: 'notifications/progress', params: { progressToken: key } });
          expect(message).not.toHaveProperty('id');
        }
      }
    },
  );

  it(
    cites(['2026-07-28/streamable-http/notification-refused'], 'refuses a notification that is malformed'),
    async () => {
      const headers = { 'mcp-protocol-version': '2026-07-28' };
      for (const body of [{ jsonrpc: '2.0', method: 7 }, { method: 'notifications/x' }, '{"jsonrpc":']) {
        const { status } = await sendRaw(endpoint.url, { headers, body });
        expect(status).toBe(400);
      }
    },
  );

  it(
    cites(['2026-07-28/streamable-http/unknown-method'], 'answers an unknown method with 404 and -32601'),
    async () => {
      for (const method of [
        'no/such/method',
        'initialize/later',
        'logging/setLevel',
        'resources/subscribe',
      ]) {
        const answer = await client.request(method);
        expect(answer.status, method).toBe(404);
        expect(answer.json).toMatchObject({ error: { code: -32601 } });
      }
    },
  );
});

describe('the headers that repeat the body', () => {
  it.each<[what: string, method: string, headers: Record<string, string>]>([
    ['no revision', 'tools/list', { 'mcp-protocol-version': '' }],
    ['another revision', 'tools/list', { 'mcp-protocol-version': '2025-11-25' }],
    ['no method', 'tools/list', { 'mcp-method': '' }],
    ['another method', 'tools/list', { 'mcp-method': 'tools/call' }],
    ['the method in other letters', 'tools/list', { 'mcp-method': 'Tools/List' }],
    ['no name', 'tools/call', { 'mcp-name': '' }],
    ['another name', 'tools/call', { 'mcp-name': 'other' }],
    ['a name encoded in other marks', 'tools/call', { 'mcp-name': encoded('do_work').toUpperCase() }],
    ['a name encoded wrongly', 'tools/call', { 'mcp-name': '=?base64?%%%?=' }],
    ['another name, encoded', 'tools/call', { 'mcp-name': encoded('other') }],
    ['no name of a resource', 'resources/read', { 'mcp-name': '' }],
    ['another resource', 'resources/read', { 'mcp-name': 'test://notes/other' }],
  ])(
    cites(
      [
        '2026-07-28/streamable-http/version-mismatch',
        '2026-07-28/streamable-http/version-missing',
        '2026-07-28/streamable-http/standard-headers',
        '2026-07-28/streamable-http/headers-match-body',
        '2026-07-28/streamable-http/mismatch-400',
        '2026-07-28/streamable-http/mismatch-code',
        '2026-07-28/streamable-http/sentinel-exact',
        '2026-07-28/basic/reserved-codes-meaning',
      ],
      'are refused with 400 and -32020 where they hold %s',
    ),
    async (_what, method, headers) => {
      const before = puppet.keys.length;
      const params = {
        'tools/list': {},
        'tools/call': { name: 'do_work', arguments: { key: 'never' } },
        'resources/read': { uri: 'test://notes/1' },
      }[method];
      const answer = await client.request(method, params, headers, 'mine');
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ jsonrpc: '2.0', id: 'mine', error: { code: -32020 } });
      expect(puppet.keys).toHaveLength(before);
    },
  );

  it(
    cites(
      ['2026-07-28/streamable-http/values-decoded', '2026-07-28/streamable-http/decoded-before-comparing'],
      'are decoded before they are compared',
    ),
    async () => {
      for (const name of NAMES) {
        const uri = `test://notes/${name}`;
        const { json } = await client.request('resources/read', { uri }, { 'mcp-name': encoded(uri) });
        expect(json?.result).toMatchObject({ contents: [{ text: uri }] });
      }
      expect((await call('encoded name', { 'mcp-name': encoded('do_work') })).status).toBe(200);
    },
  );

  it(cites(['2026-07-28/streamable-http/names-any-case'], 'have names in any letters'), async () => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/list',
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    });
    const headers = {
      'CONTENT-TYPE': 'application/json',
      AcCePt: 'application/json, text/event-stream',
      'MCP-PROTOCOL-VERSION': '2026-07-28',
      'mCP-mETHOD': 'tools/list',
    };
    // fetch would send every name in small letters.
    const status = await new Promise((resolve, reject) => {
      httpRequest(endpoint.url, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end(body);
    });
    expect(status).toBe(200);
  });
});

describe('what belongs to earlier revisions', () => {
  it(
    cites(
      ['2026-07-28/streamable-http/get-405'],
      'is not taken under this one: GET and DELETE are answered 405, with what is allowed',
    ),
    async () => {
      for (const method of ['GET', 'DELETE'] as const) {
        const headers = { 'mcp-protocol-version': '2026-07-28' };
        const answer = await sendRaw(endpoint.url, { method, headers });
        expect(answer.status).toBe(405);
        expect(answer.headers.get('allow')).toBe('POST');
      }
    },
  );

  it(
    cites(
      ['2026-07-28/streamable-http/session-id-ignored', '2026-07-28/streamable-http/last-event-id-ignored'],
      'is ignored beside a request of this one, and no session comes of it',
    ),
    async () => {
      const session = await openRawSession(endpoint.url);
      for (const id of [session.id, 'made-up']) {
        const headers = { 'mcp-session-id': id, 'last-event-id': 'made-up' };
        const answer = await client.request('tools/list', {}, headers);
        expect(answer.status).toBe(200);
        expect(answer.headers.has('mcp-session-id')).toBe(false);
        expect(answer.json?.result).toMatchObject({ resultType: 'complete' });
      }
      await session.end();
      expect((await client.request('tools/list', {}, { 'mcp-session-id': session.id })).status).toBe(200);
    },
  );

  it(
    cites(
      ['2026-07-28/streamable-http/http-sse-migrated'],
      'is served beside it: the address of Streamable HTTP takes clients of every later one',
    ),
    async () => {
      for (const protocolVersion of ['2025-03-26', '2025-06-18', '2025-11-25']) {
        expect((await openRawSession(endpoint.url, { protocolVersion })).protocolVersion).toBe(
          protocolVersion,
        );
      }
      expect((await client.request('server/discover')).status).toBe(200);
    },
  );
});
