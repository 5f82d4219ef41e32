import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CURATOR,
  type GovernedEndpoint,
  LIMITED,
  NOTE,
  READER,
  startGovernedEndpoint,
  STRANGER,
  WIDE,
  WRITER,
} from '../fixtures/governed-endpoint.ts';
import { answerOf } from '../fixtures/mcp-endpoint.ts';
import { openRawSession } from '../fixtures/raw-mcp.ts';
import { openSseSession } from '../fixtures/sse-client.ts';

type Headers = Record<string, string>;

let endpoint: GovernedEndpoint;

beforeAll(async () => {
  endpoint = await startGovernedEndpoint();
});
afterAll(() => endpoint.close());

/** Each way that a call can take through the server; answers its status and its result. */
const WAYS: Record<string, (name: string, headers: Headers) => Promise<{ status: number; result: object }>> =
  {
    'in revision 2026-07-28': (name, headers) => modern({ name, arguments: {} }, headers),
    'in revision 2026-07-28, asking for progress': (name, headers) =>
      modern({ name, arguments: {}, _meta: withProgress }, headers),
    'in a session': async (name, headers) => {
      const begun = await endpoint.post(initialize, headers);
      await begun.text();
      const session = begun.headers.get('mcp-session-id') ?? '';
      const answer = await endpoint.post(
        { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } },
        { ...headers, 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' },
      );
      return { status: answer.status, result: await resultOf(answer) };
    },
    'over HTTP+SSE': async (name, headers) => {
      const client = await openSseSession(endpoint.url, { headers });
      const message = { jsonrpc: '2.0', id: 'it', method: 'tools/call', params: { name, arguments: {} } };
      const { status } = await client.post(message);
      const response = status === 202 ? await client.stream.message(({ id }) => id === 'it') : {};
      client.stream.close();
      return { status: status === 202 ? 200 : status, result: response.result ?? {} };
    },
  };

const withProgress = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
  progressToken: 'p',
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

async function modern(params: object, headers: Headers): Promise<{ status: number; result: object }> {
  const answer = await endpoint.modern('tools/call', params, headers);
  return { status: answer.status, result: await resultOf(answer) };
}

async function resultOf(answer: Response): Promise<object> {
  const message = await answerOf(answer);
  return message['result'] ?? message;
}

async function listed(
  method: string,
  headers: Headers,
  member = method.split('/')[0] ?? '',
): Promise<string[]> {
  const answer = await endpoint.modern(method, {}, headers);
  const result = (await resultOf(answer)) as Record<string, { name: string }[]>;
  return (result[member] ?? []).map(({ name }) => name);
}

describe('what a client is shown', () => {
  it('is what its rule allows, of tools, resources, templates and prompts', async () => {
    expect(await listed('tools/list', WIDE)).toEqual(['look_up', 'add_note', 'remove_all', 'take_time']);
    expect(await listed('tools/list', READER)).toEqual(['look_up']);
    expect(await listed('tools/list', WRITER)).toEqual(['add_note']);
    expect(await listed('tools/list', STRANGER)).toEqual([]);
    for (const [method, member] of [
      ['resources/list', 'resources'],
      ['resources/templates/list', 'resourceTemplates'],
      ['prompts/list', 'prompts'],
    ] as const) {
      expect(await listed(method, READER, member), method).toHaveLength(1);
      // Its scopes would do; but they show what a tool answers that is not allowed.
      expect(await listed(method, WRITER, member), method).toEqual([]);
      expect(await listed(method, STRANGER, member), method).toEqual([]);
    }
  });

  it('leaves out what destroys where the rule names no application', async () => {
    expect(await listed('tools/list', LIMITED)).toEqual(['look_up', 'add_note', 'take_time']);
    const unruled = await startGovernedEndpoint({ rules: [] });
    const answer = await resultOf(await unruled.modern('tools/list', {}, STRANGER));
    expect(JSON.stringify(answer)).toContain('add_note');
    expect(JSON.stringify(answer)).not.toContain('remove_all');
    await unruled.close();
  });
});

describe.each(Object.entries(WAYS))('a call %s', (_way, call) => {
  it.each([
    ['of a tool that its rule leaves out', 'add_note', READER],
    ['that destroys, under a rule that names no application', 'remove_all', LIMITED],
    [
      'whose scope the token lacks, and its rule takes away',
      'add_note',
      { ...CURATOR, 'x-scope': 'files:read' },
    ],
    ['whose scope the token holds, and its rule takes away', 'add_note', CURATOR],
    ['of somebody whom no rule fits', 'look_up', STRANGER],
  ])('%s is a tool error that tells what to do, and no challenge', async (_what, name, headers) => {
    const before = endpoint.ran.length;
    const { status, result } = await call(name, headers);
    expect(status).toBe(200);
    expect(result).toMatchObject({ isError: true, _meta: { code: 'FORBIDDEN', retryable: false } });
    expect(JSON.stringify(result)).toContain('authorizing again changes nothing');
    expect(endpoint.ran).toHaveLength(before);
  });

  it('whose scope the token lacks, and the rule would let count, is challenged', async () => {
    const before = endpoint.ran.length;
    expect(await call('add_note', { ...WIDE, 'x-scope': 'files:read' })).toMatchObject({ status: 403 });
    expect(endpoint.ran).toHaveLength(before);
  });

  it('that the rule allows runs', async () => {
    const { result } = await call('remove_all', WIDE);
    expect(JSON.stringify(result)).toContain('remove_all with 10000 tokens');
  });
});

describe('a challenge', () => {
  it('names what the rule lets count of what is held, and what the call needs', async () => {
    const rules = [{ name: 'readers', scopes: ['files:read', 'files:delete'], clients: ['*'] }];
    const strict = await startGovernedEndpoint({ rules });
    const headers = { 'x-scope': 'files:write data:read' };
    const answer = await strict.modern('tools/call', { name: 'remove_all', arguments: {} }, headers);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({ code: 'SCOPE_REQUIRED', scopes: ['files:read', 'files:delete'] });
    await strict.close();
  });
});

describe('a resource that the token does not reach and another would', () => {
  it.each(['resources/read', 'resources/subscribe'])('is challenged by %s in a session', async (method) => {
    const session = await openRawSession(endpoint.url, { headers: READER });
    const { status, json } = await session.request(method, { uri: NOTE }, { 'x-scope': 'data:read' });
    expect({ status, json }).toEqual({
      status: 403,
      json: { code: 'SCOPE_REQUIRED', scopes: ['files:read'] },
    });
  });
});

describe('the limits of a rule', () => {
  const call = (headers: Headers) => modern({ name: 'look_up', arguments: {} }, headers);

  it('bound the calls of a person within a minute, whatever they read, and tell when to go on', async () => {
    const caller = { ...LIMITED, 'x-subject': 'busy' };
    expect(JSON.stringify((await call(caller)).result)).toContain('look_up with 2000 tokens');
    await resultOf(await endpoint.modern('resources/read', { uri: NOTE }, caller));
    await resultOf(await endpoint.modern('prompts/get', { name: 'sum_up' }, caller));
    const { status, result } = await call({ ...caller, 'x-client': 'another' });
    expect(status).toBe(200);
    expect(result).toMatchObject({ isError: true, _meta: { code: 'RATE_LIMITED', retryable: true } });
    const wait = Number(/"retry_after":(\d+)/.exec(JSON.stringify(result))?.[1]);
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    const read = await answerOf(await endpoint.modern('resources/read', { uri: NOTE }, caller));
    expect(JSON.stringify(read)).toContain('RATE_LIMITED');
    expect((await call({ ...LIMITED, 'x-subject': 'idle' })).result).not.toHaveProperty('isError');
    expect((await call({ ...WIDE, 'x-subject': 'busy' })).result).not.toHaveProperty('isError');
  });
});

describe('the audit log', () => {
  it('names the rule of a call, and a call that the policy forbids as denied', async () => {
    const { audits } = endpoint.telemetry;
    audits.splice(0);
    await modern({ name: 'remove_all', arguments: {} }, WIDE);
    await modern({ name: 'remove_all', arguments: {} }, READER);
    await modern({ name: 'remove_all', arguments: {} }, STRANGER);
    const [allowed, refused, unknown] = audits;
    expect(allowed).toMatchObject({ outcome: 'success', details: { rule: 'trusted application' } });
    expect(refused).toMatchObject({ outcome: 'denied', details: { rule: 'readers', tool: 'remove_all' } });
    expect(unknown).toMatchObject({ outcome: 'denied', clientId: 'unheard-of' });
    expect(unknown?.details).not.toHaveProperty('rule');
  });
});
