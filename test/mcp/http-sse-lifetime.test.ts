import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { Client as ClientV2, SSEClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/sse.js';
import type { Store } from '../../src/core/store.ts';
import { openStore } from '../../src/store/index.ts';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { recordTelemetry } from '../fixtures/recorded-telemetry.ts';
import { openSse, openSseSession } from '../fixtures/sse-client.ts';

const puppet = createPuppet();
const options = { keepAliveMs: 50 };
const setup = { tools: [puppet.tool], options };
const store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
const one = await startMcpEndpoint({ ...setup, store });
const other = await startMcpEndpoint({ ...setup, store });
afterAll(async () => {
  await Promise.all([one.close(), other.close()]);
  await store.close();
});

const ping = { jsonrpc: '2.0', id: 'p', method: 'ping' };
const work = (key: string) => ({ name: 'do_work', arguments: { key } });
const seconds = () => Date.now() / 1000;

describe('a stream ends', () => {
  it('with its client, whose calls are cancelled and whose messages find nobody any more', async () => {
    const client = await openSseSession(one.url);
    await client.post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: work('abandoned') });
    const { aborted } = await puppet.started('abandoned');
    client.stream.close();
    await aborted;
    await expect.poll(async () => (await client.post(ping, { at: other.url })).status).toBe(404);
    await expect.poll(async () => (await client.post(ping)).status).toBe(404);
  });

  it('when the process drains: at once where nothing runs, else after the answer', async () => {
    const ending = await startMcpEndpoint({ ...setup, store });
    onTestFinished(() => ending.close());
    const [idle, busy] = await Promise.all([openSse(ending.url), openSseSession(ending.url)]);
    const answer = busy.request('tools/call', work('last'));
    const call = await puppet.started('last');
    await ending.mcp.drain();
    await expect.poll(() => idle.stream.ended).toBe(true);
    expect(busy.stream.ended).toBe(false);
    call.finish('the last answer');
    expect(JSON.stringify(await answer)).toContain('the last answer');
    await expect.poll(() => busy.stream.ended).toBe(true);
  });

  it('when the token has expired, unless a message has brought a newer one', async () => {
    const expiry = Math.ceil(seconds()) + 1;
    const headers = { 'x-expires-at': String(expiry) };
    const [left, renewed] = await Promise.all([openSse(one.url, headers), openSse(one.url, headers)]);
    await renewed.post(ping, { at: other.url, headers: { 'x-expires-at': String(expiry + 1000) } });
    await expect.poll(() => left.stream.ended, { timeout: 10_000 }).toBe(true);
    expect(seconds()).toBeGreaterThanOrEqual(expiry);
    const before = renewed.stream.comments;
    await expect.poll(() => renewed.stream.comments).toBeGreaterThan(before + 2);
    expect(renewed.stream.ended).toBe(false);
  });

  it('with its process: messages are refused once that one is no longer seen to live', async () => {
    const lost = await startMcpEndpoint({ ...setup, store: blind(store) });
    onTestFinished(() => lost.close());
    const client = await openSse(lost.url);
    expect((await client.post(ping, { at: other.url })).status).toBe(404);
  });
});

describe('messages that are not read', () => {
  it('wait in a bounded number, and then are refused for a while', async () => {
    const stuck = await startMcpEndpoint({ ...setup, store: unread(store) });
    onTestFinished(() => stuck.close());
    const client = await openSse(stuck.url);
    const statuses: number[] = [];
    for (let count = 0; count < 40; count++) {
      statuses.push((await client.post({ ...ping, id: count }, { at: other.url })).status);
    }
    expect(statuses.filter((status) => status === 202)).toHaveLength(32);
    expect(statuses.slice(32).every((status) => status === 429)).toBe(true);
  });
});

describe.each([
  ['the previous SDK', connectV1],
  ['the current SDK', connectV2],
])('a client of %s', (_sdk, connect) => {
  it('lists, calls and is told of progress', async () => {
    const client = await connect();
    expect(await client.tools()).toEqual(['do_work']);
    const key = `sdk ${_sdk}`;
    const steps: number[] = [];
    const answer = client.call(key, (progress) => steps.push(progress));
    const running = await puppet.started(key);
    running.call.progress(1, 2);
    await expect.poll(() => steps).toEqual([1]);
    running.finish('called');
    expect(JSON.stringify(await answer)).toContain('called');
  });
});

const about = { name: 'sse-test', version: '1.0.0' };
const sseUrl = () => new URL('/sse', one.url);

async function connectV1() {
  const client = new ClientV1(about);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- it is what clients of servers without /mcp use
  await client.connect(new TransportV1(sseUrl()));
  onTestFinished(() => client.close());
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (key: string, onStep: (progress: number) => void) =>
      client.callTool(work(key), undefined, {
        onprogress: ({ progress }) => {
          onStep(progress);
        },
      }),
  };
}

async function connectV2(): ReturnType<typeof connectV1> {
  const client = new ClientV2(about);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- it is what clients of servers without /mcp use
  await client.connect(new TransportV2(sseUrl()));
  onTestFinished(() => client.close());
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (key, onStep) =>
      client.callTool(work(key), {
        onprogress: ({ progress }) => {
          onStep(progress);
        },
      }) as ReturnType<Awaited<ReturnType<typeof connectV1>>['call']>,
  };
}

/** What its process shows of itself is lost. */
function blind(inner: Store): Store {
  return wrapped(inner, {
    put: (key, value, lifetime) =>
      key.startsWith('mcp:process:') ? Promise.resolve() : inner.put(key, value, lifetime),
  });
}

/** Streams of messages cannot be read. */
function unread(inner: Store): Store {
  return wrapped(inner, {
    readAfter: (stream, id, limit) =>
      stream.startsWith('mcp:sse-letters:') ? Promise.resolve([]) : inner.readAfter(stream, id, limit),
  });
}

function wrapped(inner: Store, changed: Partial<Store>): Store {
  return new Proxy(inner, {
    get: (target, name) => {
      const own: unknown = Reflect.get(changed, name);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
