import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import {
  CURATOR,
  type GovernedEndpoint,
  NOTE,
  READER,
  startGovernedEndpoint,
  STRANGER,
  TEMPLATE,
  WIDE,
  WRITER,
} from '../fixtures/governed-endpoint.ts';
import { answerOf } from '../fixtures/mcp-endpoint.ts';
import { modernClient, openRawSession } from '../fixtures/raw-mcp.ts';
import { openSseSession } from '../fixtures/sse-client.ts';
import { TASK_CLIENT } from '../fixtures/task-endpoints.ts';
import { openTestSealer } from '../fixtures/test-sealer.ts';

/** One person with one application, in a group that a rule trusts, and later no more. */
const TRUSTED = { 'x-groups': 'trusted' };

const REMOVE = { name: 'remove_all', arguments: {} };

let endpoint: GovernedEndpoint;

beforeAll(async () => {
  endpoint = await startGovernedEndpoint();
});
afterAll(() => endpoint.close());

async function removals(work: () => Promise<void>): Promise<number> {
  const count = (): number => endpoint.ran.filter((name) => name === 'remove_all').length;
  const before = count();
  await work();
  return count() - before;
}

describe('whoever may not call a tool', () => {
  it.each([
    'Remove_all',
    'REMOVE_ALL',
    ' remove_all',
    'remove_all ',
    'remove-all',
    'remove_аll',
    'remove_all\0',
  ])('gets it under no other spelling: %j', async (name) => {
    const ran = await removals(async () => {
      const session = await openRawSession(endpoint.url, { headers: READER });
      const { text } = await session.request('tools/call', { name, arguments: {} });
      expect(text).toContain('Unknown tool');
    });
    expect(ran).toBe(0);
  });

  it.each([['TRUSTED'], ['trusted/'], ['x trusted'], ['trusted,unheard-of']])(
    'is not taken for the application that may: %j',
    async (clientId) => {
      const ran = await removals(async () => {
        const answer = await endpoint.modern('tools/call', REMOVE, { 'x-client': clientId });
        expect(JSON.stringify(await answerOf(answer))).toContain('FORBIDDEN');
      });
      expect(ran).toBe(0);
    },
  );

  it('does not get it hidden in a batch', async () => {
    const ran = await removals(async () => {
      const session = await openRawSession(endpoint.url, { headers: READER, protocolVersion: '2025-03-26' });
      const { text } = await session.post([
        { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'look_up', arguments: {} } },
        { jsonrpc: '2.0', id: 2, method: 'tools/call', params: REMOVE },
      ]);
      expect(text).toContain('FORBIDDEN');
    });
    expect(ran).toBe(0);
  });

  it('does not get it as a task, and starts none', async () => {
    const client = modernClient(endpoint.url, { headers: WRITER, capabilities: TASK_CLIENT });
    const before = endpoint.ran.length;
    const { json } = await client.request('tools/call', { name: 'take_time', arguments: {} });
    expect(json?.result).toMatchObject({ isError: true, _meta: { code: 'FORBIDDEN' } });
    expect(json?.result).not.toHaveProperty('taskId');
    expect(endpoint.ran).toHaveLength(before);
  });

  it('does not find it by a cursor of somebody who may', async () => {
    const answer = await endpoint.modern('tools/list', {}, READER);
    expect(await answer.text()).not.toContain('remove_all');
    const again = await endpoint.modern('tools/list', {}, WIDE);
    expect(await again.text()).toContain('remove_all');
    const last = await endpoint.modern('tools/list', {}, READER);
    expect(await last.text()).not.toContain('remove_all');
  });
});

describe.each([
  ['whose tools leave out the one that shows the same', WRITER],
  ['whom no rule fits', STRANGER],
])('a client %s', (_who, headers) => {
  it.each([
    ['resources/read', { uri: NOTE }],
    ['prompts/get', { name: 'sum_up' }],
    [
      'completion/complete',
      { ref: { type: 'ref/resource', uri: TEMPLATE }, argument: { name: 'id', value: '' } },
    ],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'sum_up' }, argument: { name: 'topic', value: '' } },
    ],
  ])('gets nothing of it by %s', async (method, params) => {
    const modern = await (await endpoint.modern(method, params, headers)).text();
    const session = await openRawSession(endpoint.url, { headers });
    const { text } = await session.request(method, params);
    const stream = await openSseSession(endpoint.url, { headers });
    const older = JSON.stringify(await stream.request(method, params));
    stream.stream.close();
    for (const answer of [modern, text, older]) {
      expect(answer).not.toContain('secret');
      expect(answer).toMatch(/There is no|Resource not found/);
    }
    const allowed = await (await endpoint.modern(method, params, READER)).text();
    expect(allowed).toContain('secret');
  });

  it('is not told when it changes', async () => {
    const session = await openRawSession(endpoint.url, { headers });
    const { json } = await session.request('resources/subscribe', { uri: NOTE });
    expect(json?.error).toBeDefined();
    const client = modernClient(endpoint.url, { headers });
    const notifications = { resourceSubscriptions: [NOTE] };
    const { stream } = await client.request('subscriptions/listen', { notifications });
    const acknowledged = await stream?.message(({ method }) => method?.endsWith('acknowledged') === true);
    expect(JSON.stringify(acknowledged)).not.toContain(NOTE);
    stream?.close();
  });
});

describe('what was begun under a wider rule', () => {
  it('is no session for a token under a narrower one', async () => {
    const session = await openRawSession(endpoint.url, { headers: TRUSTED });
    const ran = await removals(async () => {
      const { status } = await session.request('tools/call', REMOVE, READER);
      expect(status).toBe(404);
      expect((await session.get(READER)).status).toBe(404);
    });
    expect(ran).toBe(0);
    expect((await session.request('tools/list')).status).toBe(200);
  });

  it('is no session for another application of the same person', async () => {
    const session = await openRawSession(endpoint.url, { headers: TRUSTED });
    const { status } = await session.request('tools/list', {}, { 'x-client': 'other' });
    expect(status).toBe(404);
  });

  it('is no stream of HTTP+SSE for a message under a narrower one, nor the other way round', async () => {
    const message = { jsonrpc: '2.0', id: 'theft', method: 'tools/call', params: REMOVE };
    const wide = await openSseSession(endpoint.url, { headers: TRUSTED });
    const narrow = await openSseSession(endpoint.url, { headers: READER });
    const ran = await removals(async () => {
      expect((await wide.post(message, { headers: READER })).status).toBe(404);
      expect((await narrow.post(message, { headers: TRUSTED })).status).toBe(404);
      // Whatever had been let through would have come before these answers.
      await Promise.all([wide.request('ping'), narrow.request('ping')]);
    });
    expect(ran).toBe(0);
    wide.stream.close();
    narrow.stream.close();
  });

  it('is no task for a token under a narrower one', async () => {
    const wide = modernClient(endpoint.url, { headers: TRUSTED, capabilities: TASK_CLIENT });
    const { json } = await wide.request('tools/call', { name: 'take_time', arguments: {} });
    const taskId = String(json?.result?.['taskId']);
    await endpoint.gates.release('time');
    const narrow = modernClient(endpoint.url, { headers: READER, capabilities: TASK_CLIENT });
    for (const method of ['tasks/get', 'tasks/cancel']) {
      const stolen = await narrow.request(method, { taskId });
      const unknown = await narrow.request(method, { taskId: 'A'.repeat(32) });
      expect(stolen.json?.error).toEqual(unknown.json?.error);
    }
    await expect
      .poll(async () => (await wide.request('tasks/get', { taskId })).json?.result)
      .toMatchObject({ status: 'completed' });
  });

  it('is no task under another rule, even one that allows the same', async () => {
    const wide = modernClient(endpoint.url, { headers: TRUSTED, capabilities: TASK_CLIENT });
    const { json } = await wide.request('tools/call', { name: 'take_time', arguments: {} });
    await endpoint.gates.release('time');
    const other = modernClient(endpoint.url, {
      headers: { 'x-groups': 'limited' },
      capabilities: TASK_CLIENT,
    });
    const asked = await other.request('tasks/get', { taskId: String(json?.result?.['taskId']) });
    expect(asked.json?.error?.message).toContain('Unknown task');
  });

  it('is no session for whom no rule fits, once there are rules', async () => {
    const store = await openStore({ url: 'memory' }, { dataDir: '', logger: endpoint.telemetry.logger });
    const sealer = await openTestSealer();
    const before = await startGovernedEndpoint({ store, sealer, rules: [] });
    const after = await startGovernedEndpoint({ store, sealer });
    onTestFinished(async () => {
      await Promise.all([before.close(), after.close()]);
      await Promise.all([store.close(), sealer.close()]);
    });
    const session = await openRawSession(before.url, { headers: STRANGER });
    const stream = await openSseSession(before.url, { headers: STRANGER });
    expect((await session.request('ping')).status).toBe(200);
    expect((await session.at(after.url).request('ping')).status).toBe(404);
    const ping = { jsonrpc: '2.0', id: 'p', method: 'ping' };
    expect((await stream.post(ping)).status).toBe(202);
    expect((await stream.post(ping, { at: after.url })).status).toBe(404);
    stream.stream.close();
  });

  it('is not read on by a token that holds less than the call was made with', async () => {
    const session = await openRawSession(endpoint.url, { headers: TRUSTED });
    const params = { name: 'take_time', arguments: {}, _meta: { progressToken: 'p' } };
    const { stream } = await session.request('tools/call', params);
    await stream?.event(({ id }) => id !== undefined);
    const lastEvent = { 'last-event-id': stream?.lastEventId ?? '' };
    const narrow = await session.get({ ...lastEvent, 'x-scope': 'data:read' });
    expect([narrow.status, narrow.stream]).toEqual([400, undefined]);
    const same = await session.get(lastEvent);
    await endpoint.gates.release('time');
    expect(JSON.stringify(await same.response())).toContain('take_time with');
  });

  it('is not followed by a token whose scopes no longer reach it', async () => {
    const session = await openRawSession(endpoint.url, { headers: CURATOR });
    await session.result('resources/subscribe', { uri: NOTE });
    const wide = await session.listen();
    await endpoint.mcp.changes.resourceUpdated(NOTE);
    await wide.message(({ method }) => method === 'notifications/resources/updated');
    const narrow = await session.listen({ 'x-scope': 'data:read' });
    await endpoint.mcp.changes.resourceUpdated(NOTE);
    await endpoint.mcp.changes.toolsChanged();
    await narrow.message(({ method }) => method === 'notifications/tools/list_changed');
    expect(narrow.messages.map(({ method }) => method)).toEqual(['notifications/tools/list_changed']);
    narrow.close();
  });
});
