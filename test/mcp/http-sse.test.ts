import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import type { ResourceProvider } from '../../src/core/resource.ts';
import { defineTool } from '../../src/core/tool.ts';
import { openStore } from '../../src/store/index.ts';
import { mcpDefaults, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { sendRaw } from '../fixtures/raw-mcp.ts';
import { recordTelemetry } from '../fixtures/recorded-telemetry.ts';
import { openSse, openSseSession, type SseClient } from '../fixtures/sse-client.ts';

const ask = defineTool({
  name: 'ask_name',
  title: 'Ask',
  description: 'Asks for a name.',
  scopes: [],
  effect: 'read',
  input: z.object({}),
  run: async (call) => {
    const fields = z.object({ name: z.string().describe('The name.') });
    const answer = await call.elicit('name', { message: 'What is it called?', fields });
    return { content: [text(answer.action === 'accept' ? answer.content.name : answer.action)] };
  },
});

const guarded = defineTool({
  name: 'write_note',
  title: 'Write',
  description: 'Needs a scope.',
  scopes: ['files:write'],
  effect: 'write',
  input: z.object({}),
  run: () => Promise.resolve({ content: [text('written')] }),
});

const notes: ResourceProvider = {
  prefix: 'test://',
  scopes: [],
  templates: [],
  list: () => Promise.resolve({ resources: [] }),
  read: () => Promise.resolve([]),
  complete: () => Promise.resolve([]),
};

const { streams } = mcpDefaults();
const options = { keepAliveMs: 50, streams: { ...streams, perPrincipal: 3 } };
const puppet = createPuppet();
const setup = { tools: [puppet.tool, ask, guarded], resources: [notes], options };
const store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
const one = await startMcpEndpoint({ ...setup, store });
const other = await startMcpEndpoint({ ...setup, store });
afterAll(async () => {
  await Promise.all([one.close(), other.close()]);
  await store.close();
});

let people = 0;
/** Somebody who has no streams yet. */
const somebody = () => ({ 'x-subject': `person-${++people}` });
const session = (more: Parameters<typeof openSseSession>[1] = {}): Promise<SseClient> =>
  openSseSession(one.url, { headers: somebody(), ...more });
const call = (name: string, args: object = {}, more: object = {}) => ({ name, arguments: args, ...more });
const work = (key: string) => call('do_work', { key });
const textOf = (message: unknown) =>
  (message as { result?: { content?: { text: string }[] } }).result?.content?.[0]?.text;

describe('the stream', () => {
  it('begins with the address for messages, which nobody can guess', async () => {
    const [first, second] = await Promise.all([openSse(one.url, somebody()), openSse(one.url, somebody())]);
    expect(first.stream.events[0]).toMatchObject({ type: 'endpoint' });
    expect(first.address).toMatch(/^\/messages\?session=[A-Za-z0-9_-]{43}$/);
    expect(second.address).not.toBe(first.address);
    expect(first.stream.headers.get('content-type')).toBe('text/event-stream');
    expect(first.stream.headers.get('x-accel-buffering')).toBe('no');
    expect(first.stream.headers.get('cache-control')).toContain('no-transform');
  });

  it('is kept open by comments', async () => {
    const { stream } = await openSse(one.url, somebody());
    await expect.poll(() => stream.comments).toBeGreaterThan(1);
  });

  it.each([
    ['POST', '/sse', 405, 'GET'],
    ['DELETE', '/sse', 405, 'GET'],
    ['GET', '/messages?session=x', 405, 'POST'],
  ] as const)('answers %s %s with %d', async (method, path, status, allow) => {
    const answer = await sendRaw(new URL(path, one.url).href, { method });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('allow')).toBe(allow);
  });

  it('is refused to who does not accept one', async () => {
    const headers = { accept: 'application/json' };
    const answer = await sendRaw(new URL('/sse', one.url).href, { method: 'GET', headers });
    expect(answer.status).toBe(406);
  });

  it('is one of a bounded number for each principal', async () => {
    const headers = somebody();
    const open = await Promise.all([1, 2, 3].map(() => openSse(one.url, headers)));
    await expect(openSse(one.url, headers)).rejects.toThrow('429');
    await openSse(one.url, somebody());
    open[0]?.stream.close();
    await expect.poll(() => openSse(one.url, headers).then(() => 'open', String)).toBe('open');
  });
});

describe('a message', () => {
  it('that ends in a fault tells an id that no other message has', async () => {
    const client = await session();
    const faults = await Promise.all(
      ['fault-1', 'fault-2'].map(async (key) => {
        const answer = client.request('tools/call', work(key));
        (await puppet.started(key)).fail(new Error('of the inside'));
        return /under ([\w-]{36})\./.exec(textOf(await answer) ?? '')?.[1];
      }),
    );
    expect(new Set([...faults, undefined]).size).toBe(3);
  });

  it('is answered over the stream, in the revision that was asked for', async () => {
    const client = await openSse(one.url, somebody());
    const clientInfo = { name: 'raw', version: '1' };
    const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo };
    const posted = await client.post({ jsonrpc: '2.0', id: 'a', method: 'initialize', params });
    expect(posted).toMatchObject({ status: 202, text: 'Accepted' });
    const answer = await client.stream.message(({ id }) => id === 'a');
    expect(answer.result).toMatchObject({ protocolVersion: '2024-11-05', serverInfo: { name: 'fairlead' } });
    const tools = await client.request('tools/list');
    expect(JSON.stringify(tools.result)).toContain('"ask_name"');
  });

  it('may reach any process, and is taken once and in order', async () => {
    const client = await session();
    const keys = Array.from({ length: 24 }, (_, index) => `order-${index}`);
    for (const [index, key] of keys.entries()) {
      const { status } = await client.post(
        { jsonrpc: '2.0', id: key, method: 'tools/call', params: call('do_work', { key }) },
        { at: index % 2 === 0 ? one.url : other.url },
      );
      expect(status).toBe(202);
      (await puppet.started(key)).finish(key);
    }
    for (const key of keys) expect(textOf(await client.stream.message(({ id }) => id === key))).toBe(key);
    expect(puppet.keys.filter((key) => key.startsWith('order-'))).toEqual(keys);
    const answered = client.stream.messages.map(({ id }) => id).filter((id) => keys.includes(String(id)));
    expect(answered.toSorted()).toEqual(keys.toSorted());
  });

  it('brings progress and log lines of the level that was asked for', async () => {
    const client = await session();
    await client.request('logging/setLevel', { level: 'warning' }, { at: other.url });
    const params = call('do_work', { key: 'told' }, { _meta: { progressToken: 7 } });
    const answer = client.request('tools/call', params);
    const running = await puppet.started('told');
    running.call.progress(1, 2, 'half');
    running.call.log('info', 'not wanted');
    running.call.log('warning', 'wanted');
    running.finish();
    await answer;
    const told = client.stream.messages
      .filter(({ method }) => method !== undefined)
      .map(({ params }) => params);
    expect(told).toEqual([
      { progressToken: 7, progress: 1, total: 2, message: 'half' },
      { level: 'warning', data: 'wanted' },
    ]);
  });

  it('answers what the server asks, from any process', async () => {
    const client = await session({ capabilities: { sampling: {} } });
    const answer = client.request('tools/call', work('asks'));
    const running = await puppet.started('asks');
    const content = { type: 'text', text: 'Write.' };
    const sample = running.call.createMessage('text', {
      messages: [{ role: 'user', content }],
      maxTokens: 10,
    });
    const question = await client.stream.message(({ method }) => method === 'sampling/createMessage');
    expect(question.params).toMatchObject({ messages: [{ role: 'user', content }] });
    const result = { role: 'assistant', content: { type: 'text', text: 'Written.' }, model: 'm' };
    await client.post({ jsonrpc: '2.0', id: question.id, result }, { at: other.url });
    running.finish(JSON.stringify((await sample).content));
    expect(textOf(await answer)).toContain('Written.');
  });

  it('answers forms, in the revisions that have them', async () => {
    const capabilities = { elicitation: {} };
    const client = await session({ capabilities, protocolVersion: '2025-06-18' });
    const answer = client.request('tools/call', call('ask_name'));
    const question = await client.stream.message(({ method }) => method === 'elicitation/create');
    expect(question.params).toMatchObject({ message: 'What is it called?' });
    const result = { action: 'accept', content: { name: 'Ada' } };
    await client.post({ jsonrpc: '2.0', id: question.id, result }, { at: other.url });
    expect(textOf(await answer)).toBe('Ada');
    const older = await session({ capabilities });
    expect(textOf(await older.request('tools/call', call('ask_name')))).toContain('CLIENT_CANNOT_ANSWER');
  });

  it('cancels a call', async () => {
    const client = await session();
    const params = call('do_work', { key: 'cancelled' });
    await client.post({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params });
    const { aborted } = await puppet.started('cancelled');
    await client.notify('notifications/cancelled', { requestId: 'c' });
    await aborted;
    await client.request('ping');
    expect(client.stream.messages.some(({ id }) => id === 'c')).toBe(false);
  });

  it('of another type, of no message, of several or too large is refused', async () => {
    const client = await session();
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    const plain = await client.post(ping, { headers: { 'content-type': 'text/plain' } });
    expect(plain).toMatchObject({ status: 415, json: { error: { code: -32000 } } });
    expect(await client.post('{')).toMatchObject({ status: 400, json: { error: { code: -32700 } } });
    expect(await client.post({ id: 1 })).toMatchObject({ status: 400, json: { error: { code: -32600 } } });
    expect(await client.post([ping])).toMatchObject({ status: 400, json: { error: { code: -32600 } } });
    const large = { ...ping, params: { filler: 'x'.repeat(5_000_000) } };
    expect((await client.post(large)).status).toBe(413);
  });

  it('that needs more scopes is a real 403, and runs with the scopes of its own token', async () => {
    const client = await openSseSession(one.url, { headers: { ...somebody(), 'x-scope': 'files:read' } });
    const message = { jsonrpc: '2.0', id: 'w', method: 'tools/call', params: call('write_note') };
    const refused = await client.post(message, { at: other.url });
    expect(refused.status).toBe(403);
    expect(refused.json).toMatchObject({ scopes: ['files:read', 'files:write'] });
    const stepped = await client.post(message, { headers: { 'x-scope': 'files:write' } });
    expect(stepped.status).toBe(202);
    expect(textOf(await client.stream.message(({ id }) => id === 'w'))).toBe('written');
  });
});

describe('changes', () => {
  it('are told over the stream, wherever they happened, of lists always and of resources on request', async () => {
    const client = await session();
    expect((await client.request('resources/subscribe', { uri: 'test://a' })).result).toEqual({});
    await other.mcp.changes.resourceUpdated('test://b');
    await other.mcp.changes.resourceUpdated('test://a');
    await other.mcp.changes.toolsChanged();
    await client.stream.message(({ method }) => method === 'notifications/tools/list_changed');
    await client.request('resources/unsubscribe', { uri: 'test://a' });
    await other.mcp.changes.resourceUpdated('test://a');
    await other.mcp.changes.resourcesChanged();
    await client.stream.message(({ method }) => method === 'notifications/resources/list_changed');
    const updated = client.stream.messages.filter(
      ({ method }) => method === 'notifications/resources/updated',
    );
    expect(updated.map(({ params }) => params)).toEqual([{ uri: 'test://a' }]);
  });
});
