/** Attack: `search_tools` and `call_tool` as a way around scopes, policy and what the audit log tells. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LongTail, startLongTail } from '../fixtures/long-tail.ts';
import { answerOf } from '../fixtures/mcp-endpoint.ts';
import { openSseSession } from '../fixtures/sse-client.ts';

let endpoint: LongTail;

beforeAll(async () => {
  endpoint = await startLongTail([
    { name: 'clerks', groups: ['clerks'], tools: ['get_*', 'list_*', 'look_*', 'send_*', 'drop_*'] },
    { name: 'readers', groups: ['readers'], tools: ['look_up'] },
  ]);
});
afterAll(() => endpoint.close());
beforeEach(() => {
  endpoint.ran.length = 0;
});

const CLERK = { 'x-groups': 'clerks' };
const READER = { 'x-groups': 'readers' };
const STRANGER = { 'x-groups': 'unheard-of' };

type Headers = Record<string, string>;

/** A call through `call_tool`, by each transport; answers the status and what was said. */
const WAYS: Record<string, (name: string, headers: Headers) => Promise<{ status: number; said: string }>> = {
  'in revision 2026-07-28': async (name, headers) => {
    const answer = await endpoint.modern('tools/call', through(name), headers);
    return { status: answer.status, said: await answer.text() };
  },
  'in a session': async (name, headers) => {
    const begun = await endpoint.post(initialize, headers);
    await begun.text();
    const session = begun.headers.get('mcp-session-id') ?? '';
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: through(name) };
    const answer = await endpoint.post(call, {
      ...headers,
      'mcp-session-id': session,
      'mcp-protocol-version': '2025-11-25',
    });
    return { status: answer.status, said: await answer.text() };
  },
  'over HTTP+SSE': async (name, headers) => {
    const client = await openSseSession(endpoint.url, { headers });
    const message = { jsonrpc: '2.0', id: 'it', method: 'tools/call', params: through(name) };
    const { status } = await client.post(message);
    const said = status === 202 ? JSON.stringify(await client.stream.message(({ id }) => id === 'it')) : '';
    client.stream.close();
    return { status: status === 202 ? 200 : status, said };
  },
};

const initialize = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1.0.0' },
  },
};

function through(name: string): { name: string; arguments: object } {
  return { name: 'call_tool', arguments: { name } };
}

describe.each(Object.entries(WAYS))('%s', (_way, call) => {
  it('a scope that is missing is asked for before anything runs, as for the tool itself', async () => {
    const { status } = await call('send_reminder', { ...CLERK, 'x-scope': 'files:read' });
    expect(status).toBe(403);
    expect(endpoint.ran).toEqual([]);
  });

  it('what the policy forbids stays forbidden, and is recorded under its own name', async () => {
    const { status, said } = await call('get_invoice', READER);
    expect(status).toBe(200);
    expect(said).toContain('FORBIDDEN');
    expect(endpoint.telemetry.audits.at(-1)).toMatchObject({
      outcome: 'denied',
      details: { tool: 'get_invoice' },
    });
    expect(endpoint.ran).toEqual([]);
  });

  it('what destroys needs a rule that names the client', async () => {
    expect((await call('drop_customer', CLERK)).said).toContain('FORBIDDEN');
    expect(endpoint.ran).toEqual([]);
  });

  it('what is allowed is done', async () => {
    expect((await call('send_reminder', CLERK)).said).toContain('send_reminder of none');
  });
});

it('the challenge for a missing scope names that of the tool', async () => {
  const headers = { ...CLERK, 'x-scope': 'files:read' };
  const answer = await endpoint.modern('tools/call', through('send_reminder'), headers);
  expect(await answer.json()).toEqual({ code: 'SCOPE_REQUIRED', scopes: ['files:read', 'web:call'] });
});

it.each([
  [CLERK, ['get_invoice', 'list_customers', 'send_reminder', 'get_weather']],
  [READER, []],
])('a search shows %j nothing that the policy forbids', async (headers, names) => {
  const params = { name: 'search_tools', arguments: { query: 'customer invoice weather', limit: 20 } };
  const { result } = await answerOf(await endpoint.modern('tools/call', params, headers));
  const { tools, other_names: others } = (result as { structuredContent: Found }).structuredContent;
  expect([...tools.map(({ name }) => name), ...others].toSorted()).toEqual(names.toSorted());
});

interface Found {
  readonly tools: readonly { readonly name: string }[];
  readonly other_names: readonly string[];
}

it('whom no rule fits gets neither of the two', async () => {
  const { result } = await answerOf(await endpoint.modern('tools/list', {}, STRANGER));
  expect(result).toMatchObject({ tools: [] });
  for (const params of [
    { name: 'search_tools', arguments: { query: 'customer' } },
    through('nothing_there'),
  ]) {
    expect(await (await endpoint.modern('tools/call', params, STRANGER)).text()).toContain('FORBIDDEN');
  }
});
