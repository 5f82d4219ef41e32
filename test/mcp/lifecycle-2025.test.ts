import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import { defineTool } from '../../src/core/tool.ts';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { initializeMessage, openRawSession, sendRaw } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const CALL_LIMIT_MS = 300;
const ASK_LIMIT_MS = 200;

const puppet = createPuppet();
const neverDone = defineTool({
  name: 'never_done',
  title: 'Never done',
  description: 'Tells progress without end.',
  scopes: [],
  effect: 'read',
  input: z.object({}),
  timeoutMs: CALL_LIMIT_MS,
  run: (call) =>
    new Promise((_, reject) => {
      let done = 0;
      const timer = setInterval(() => {
        call.progress(++done);
      }, 10);
      call.signal.addEventListener('abort', () => {
        clearInterval(timer);
        reject(call.signal.reason as Error);
      });
    }),
});
const asks = defineTool({
  name: 'ask_name',
  title: 'Ask for a name',
  description: 'Asks the person for a name.',
  scopes: [],
  effect: 'read',
  input: z.object({}),
  async run(call) {
    const requestedSchema = { type: 'object', properties: { name: { type: 'string' } } };
    const params = { mode: 'form', message: 'Your name?', requestedSchema };
    const { name } = await call.ask({ name: { method: 'elicitation/create', params } });
    return { content: [text(JSON.stringify(name))] };
  },
});

const endpoint = await startMcpEndpoint({
  tools: [puppet.tool, neverDone, asks],
  options: { askTimeoutMs: ASK_LIMIT_MS },
});
afterAll(() => endpoint.close());

const REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26'];
const ASK = { name: 'ask_name', arguments: {} };

describe('a session of the 2025 revisions', () => {
  it(
    cites(
      ['2025-11-25/lifecycle/initialize-first', '2025-11-25/transports/session-missing-400'],
      'serves nothing before it has begun',
    ),
    async () => {
      for (const method of ['tools/list', 'tools/call', 'ping', 'no/such/method']) {
        const headers = { 'mcp-protocol-version': '2025-11-25' };
        const answer = await sendRaw(endpoint.url, { headers, body: { jsonrpc: '2.0', id: 1, method } });
        expect(answer.status, method).toBe(400);
        expect(answer.json).toMatchObject({
          jsonrpc: '2.0',
          error: { message: expect.any(String) as string },
        });
      }
    },
  );

  it(
    cites(
      ['2025-11-25/lifecycle/server-info', '2025-11-25/tasks/peer-undeclared'],
      'begins with what the server can do and who it is',
    ),
    async () => {
      const { server } = await openRawSession(endpoint.url);
      expect(server).toMatchObject({
        protocolVersion: '2025-11-25',
        capabilities: { tools: {}, logging: {} },
        serverInfo: { name: 'fairlead', title: 'Fairlead', version: '0.0.0-test' },
        instructions: expect.any(String) as string,
      });
    },
  );

  it.each(REVISIONS)(
    cites(['2025-11-25/lifecycle/same-version'], 'is of revision %s where the client asks for that'),
    async (protocolVersion) => {
      const session = await openRawSession(endpoint.url, { protocolVersion });
      expect(session.protocolVersion).toBe(protocolVersion);
      expect((await session.result('tools/list'))['tools']).toHaveLength(3);
    },
  );

  it.each(['2031-01-01', '1.0.0', '2026-07-28', ''])(
    cites(
      [
        '2025-11-25/lifecycle/other-version',
        '2025-11-25/lifecycle/latest-version',
        '2025-11-25/lifecycle/error-cases',
      ],
      'is of the latest of these revisions where the client asks for %j',
    ),
    async (protocolVersion) => {
      const session = await openRawSession(endpoint.url, { protocolVersion });
      expect(session.protocolVersion).toBe('2025-11-25');
    },
  );

  it(
    cites(
      ['2025-11-25/lifecycle/respect-version'],
      'keeps to what its revision has: batches in one, events that prime a stream in another',
    ),
    async () => {
      for (const protocolVersion of REVISIONS) {
        const session = await openRawSession(endpoint.url, { protocolVersion });
        const batch = await session.post([{ jsonrpc: '2.0', id: 'b', method: 'ping' }]);
        expect(batch.status).toBe(protocolVersion === '2025-03-26' ? 200 : 400);
        const key = `primes ${protocolVersion}`;
        const params = { name: 'do_work', arguments: { key }, _meta: { progressToken: 1 } };
        const answering = session.request('tools/call', params);
        const work = await puppet.started(key);
        work.call.progress(1);
        work.finish();
        const [first] = (await (await answering).stream?.end()) ?? [];
        expect(first?.data === '', protocolVersion).toBe(protocolVersion === '2025-11-25');
      }
    },
  );

  it(
    cites(
      ['2025-11-25/lifecycle/no-requests-before-initialized'],
      'asks nothing of a client that has not said that it is ready',
    ),
    async () => {
      const capabilities = { elicitation: {}, sampling: {}, roots: { listChanged: true } };
      const session = await openRawSession(endpoint.url, { capabilities, initialized: false });
      const stream = await session.listen();
      expect((await (await session.request('ping')).response()).result).toEqual({});
      await session.end();
      await stream.end();
      expect(stream.messages.filter((message) => 'id' in message)).toEqual([]);
    },
  );

  it(
    cites(
      ['2025-11-25/lifecycle/negotiated-capabilities', '2025-11-25/lifecycle/error-cases'],
      'uses no capability that the client has not declared, and says which is missing',
    ),
    async () => {
      const session = await openRawSession(endpoint.url, { capabilities: { sampling: {}, roots: {} } });
      const answer = await session.request('tools/call', ASK);
      const { result } = await answer.response();
      expect(result).toMatchObject({
        isError: true,
        content: [{ text: expect.stringMatching(/elicitation/) as string }],
      });
      expect(answer.stream?.messages.map(({ method }) => method) ?? []).not.toContain('elicitation/create');
    },
  );

  it(
    cites(
      [
        '2025-11-25/lifecycle/request-timeout',
        '2025-11-25/lifecycle/timeout-cancels',
        '2025-11-25/lifecycle/error-cases',
        '2025-11-25/cancellation/own-requests-only',
        '2025-11-25/cancellation/late-response-ignored',
      ],
      'waits for an answer of the client so long and no longer, and cancels what it asked',
    ),
    async () => {
      const session = await openRawSession(endpoint.url, { capabilities: { elicitation: {} } });
      const { stream, id } = await session.request('tools/call', ASK);
      const asked = await stream?.of('elicitation/create');
      const cancelled = await stream?.of('notifications/cancelled');
      expect(cancelled?.params).toMatchObject({ requestId: asked?.id });
      expect((await stream?.response(id))?.result).toMatchObject({ isError: true });
      await stream?.end();
      const late = await session.answer(String(asked?.id), { action: 'accept', content: { name: 'late' } });
      expect(late.status).toBe(202);
    },
  );

  it(
    cites(
      ['2025-11-25/lifecycle/maximum-timeout'],
      'ends a call at its limit, however much progress it tells of',
    ),
    async () => {
      const session = await openRawSession(endpoint.url);
      const params = { name: 'never_done', arguments: {}, _meta: { progressToken: 'p' } };
      const { stream, id } = await session.request('tools/call', params);
      const ended = await stream?.response(id);
      expect(ended?.result).toMatchObject({ isError: true, _meta: { code: 'TIMEOUT' } });
      expect(stream?.messages.some(({ method }) => method === 'notifications/progress')).toBe(true);
    },
  );

  it(
    cites(['2025-11-25/ping/answered'], 'answers a ping at once with an empty result, also beside work'),
    async () => {
      const session = await openRawSession(endpoint.url);
      const working = session.request('tools/call', { name: 'do_work', arguments: { key: 'beside ping' } });
      const work = await puppet.started('beside ping');
      const pong = await session.request('ping', undefined, {}, 'ping-1');
      expect(pong.headers.get('content-type')).toMatch('application/json');
      expect(pong.json).toEqual({ jsonrpc: '2.0', id: 'ping-1', result: {} });
      work.finish();
      await (await working).response();
    },
  );
});

describe('the experimental tasks of revision 2025-11-25', () => {
  it(
    cites(
      ['2025-11-25/tasks/undeclared-ignored'],
      'are not declared, and a request that asks for one is handled like any other',
    ),
    async () => {
      const { opening } = await openRawSession(endpoint.url);
      const capabilities = (await opening.response()).result?.['capabilities'];
      expect(capabilities).not.toHaveProperty('tasks');
      const session = await openRawSession(endpoint.url);
      const params = { name: 'do_work', arguments: { key: 'task' }, task: { ttl: 60_000 } };
      const answering = session.request('tools/call', params);
      (await puppet.started('task')).finish('plain');
      const { result } = await (await answering).response();
      expect(result).toMatchObject({ content: [{ text: 'plain' }] });
      expect(result).not.toHaveProperty('task');
      const { tools } = (await session.result('tools/list')) as { tools: { execution?: object }[] };
      for (const tool of tools) expect(tool).not.toHaveProperty('execution.taskSupport');
    },
  );
});

it('initialize without what it must hold is refused', async () => {
  const { params, ...rest } = initializeMessage() as { params: Record<string, unknown> };
  for (const missing of ['protocolVersion', 'capabilities', 'clientInfo']) {
    const kept = Object.fromEntries(Object.entries(params).filter(([key]) => key !== missing));
    const answer = await sendRaw(endpoint.url, { body: { ...rest, params: kept } });
    expect(answer.status, missing).toBe(400);
    expect(answer.json?.error?.code, missing).toBe(-32602);
    expect(answer.headers.has('mcp-session-id')).toBe(false);
  }
});
