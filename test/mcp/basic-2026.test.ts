import { afterAll, describe, expect, it } from 'vitest';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { modernClient, type RawAnswer, sendRaw } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const META = 'io.modelcontextprotocol/';
const puppet = createPuppet();
const endpoint = await startMcpEndpoint({ tools: [puppet.tool], bodyLimitBytes: 100_000 });
afterAll(() => endpoint.close());
const client = modernClient(endpoint.url);

const codeOf = async (answer: RawAnswer) => (await answer.response()).error?.code;

describe('a request of revision 2026-07-28', () => {
  it.each([
    ['protocolVersion', { [`${META}clientCapabilities`]: {} }, -32602],
    ['clientCapabilities', { [`${META}protocolVersion`]: '2026-07-28' }, -32602],
    [
      'clientCapabilities that are an object',
      { [`${META}protocolVersion`]: '2026-07-28', [`${META}clientCapabilities`]: [] },
      -32602,
    ],
  ])(
    cites(
      ['2026-07-28/basic/required-meta', '2026-07-28/basic/required-meta-400'],
      'is refused with 400 without %s in its _meta',
    ),
    async (what, _meta, code) => {
      const answer = await sendRaw(endpoint.url, {
        headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' },
        body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta } },
      });
      expect(answer.status).toBe(400);
      // Without the revision in the body, the header that names one contradicts it: either may be said.
      const codes = what === 'protocolVersion' ? [code, -32020] : [code];
      expect(codes).toContain(await codeOf(answer));
    },
  );

  it(
    cites(
      [
        '2026-07-28/basic/stateless',
        '2026-07-28/basic/many-conversations',
        '2026-07-28/basic/any-connection',
      ],
      'stands for itself, whatever came before it and beside it',
    ),
    async () => {
      const clients = [1, 2, 3].map((number) =>
        modernClient(endpoint.url, {
          meta: { [`${META}clientInfo`]: { name: `client-${number}`, version: '1' } },
        }),
      );
      const mixed = clients.map((one, index) =>
        one.request('tools/call', { name: 'do_work', arguments: { key: `mixed ${index}` } }, {}, 'same-id'),
      );
      for (const index of [2, 0, 1]) (await puppet.started(`mixed ${index}`)).finish(`of ${index}`);
      for (const [index, answering] of mixed.entries()) {
        const { result } = await (await answering).response();
        expect(result).toMatchObject({ content: [{ text: `of ${index}` }] });
      }
      // What one request asks for, the next of the same connection does not get.
      const answering = clients[0]?.request('tools/call', { name: 'do_work', arguments: { key: 'after' } });
      const work = await puppet.started('after');
      work.call.progress(1);
      work.call.log('error', 'unasked');
      work.finish();
      expect((await answering)?.headers.get('content-type')).toMatch('application/json');
    },
  );

  it(
    cites(
      ['2026-07-28/basic/client-info-no-behaviour', '2026-07-28/basic/client-info-no-security'],
      'is answered the same whoever the client says it is, and if it does not say',
    ),
    async () => {
      const plain = await (await client.request('tools/list', {}, {}, 1)).response();
      for (const info of [
        { name: 'Claude', version: '9' },
        { name: 'admin', version: '' },
        { name: 'x'.repeat(5000), version: '1' },
        undefined,
      ]) {
        const other = modernClient(endpoint.url, { meta: { [`${META}clientInfo`]: info } });
        expect(await (await other.request('tools/list', {}, {}, 1)).response()).toEqual(plain);
      }
    },
  );
});

describe('the codes of errors', () => {
  it(
    cites(
      [
        '2026-07-28/basic/reserved-codes',
        '2026-07-28/basic/retired-codes',
        '2026-07-28/basic/own-codes-outside',
        '2026-07-28/basic/legacy-codes-not-allocated',
        '2026-07-28/basic/legacy-codes-unused',
      ],
      'are those of JSON-RPC and of this revision, and no retired or invented ones',
    ),
    async () => {
      const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };
      const list = (_meta: object) => ({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta } });
      const answers = [
        await client.request('no/such'),
        await client.request('tools/call', { name: 'no_such' }),
        await client.request('tools/call', { name: 7 }),
        await client.request('resources/read', { uri: 'test://none' }),
        await client.request('prompts/get', { name: 'none' }),
        await client.request('tools/list', { cursor: 'made-up' }),
        await client.request('tools/list', {}, { 'mcp-method': 'x' }),
        await client.request('tools/list', {}, { accept: 'text/html' }),
        await client.request('tools/list', {}, { 'content-type': 'text/plain' }),
        await client.request('tools/list', { filler: 'x'.repeat(100_000) }),
        await sendRaw(endpoint.url, { headers, body: '{"jsonrpc":' }),
        await sendRaw(endpoint.url, { headers, body: { jsonrpc: '2.0' } }),
        await sendRaw(endpoint.url, { headers, body: [list({})] }),
        await sendRaw(endpoint.url, { headers, body: list({}) }),
        await sendRaw(endpoint.url, { headers, body: list({ [`${META}protocolVersion`]: '2099-01-01' }) }),
      ];
      const known = new Set([-32700, -32600, -32601, -32602, -32603, -32020, -32021, -32022]);
      for (const [index, answer] of answers.entries()) {
        expect(answer.status, String(index)).toBeGreaterThanOrEqual(400 - 200);
        const code = await codeOf(answer);
        if (code !== undefined) expect(known, `${index}: ${answer.text}`).toContain(code);
      }
    },
  );
});
