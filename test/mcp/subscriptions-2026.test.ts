import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Prompt } from '../../src/core/prompt.ts';
import type { ResourceProvider } from '../../src/core/resource.ts';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { modernClient } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const ID = 'io.modelcontextprotocol/subscriptionId';
const NOTE = 'test://notes/1';

const family = (prefix: string, scopes: ResourceProvider['scopes']): ResourceProvider => ({
  prefix,
  scopes,
  templates: [],
  list: () => Promise.resolve({ resources: [{ uri: `${prefix}1`, name: '1' }] }),
  read: (_context, uri) => Promise.resolve([{ uri, text: 'a note' }]),
  complete: () => Promise.resolve([]),
  watch: () => ({ follow: () => undefined, close: () => Promise.resolve() }),
});

const prompt: Prompt = {
  name: 'greet',
  title: 'Greet',
  description: 'Greets.',
  scopes: [],
  arguments: [],
  get: () => Promise.resolve([]),
  complete: () => Promise.resolve([]),
};

const puppet = createPuppet();
const setup = {
  tools: [puppet.tool],
  prompts: [prompt],
  resources: [family('test://notes/', []), family('test://secrets/', ['files:delete'])],
  scopes: ['files:read'],
};
const endpoint = await startMcpEndpoint(setup);
afterAll(() => endpoint.close());
const { changes } = endpoint.mcp;

const ALL = {
  toolsListChanged: true,
  promptsListChanged: true,
  resourcesListChanged: true,
  resourceSubscriptions: [NOTE],
};

async function listen(notifications: object, url = endpoint.url) {
  const { stream, id, status, text } = await modernClient(url).request('subscriptions/listen', {
    notifications,
  });
  if (stream === undefined) throw new Error(`No stream: ${status} ${text}`);
  return { stream, id, acknowledged: await stream.of('notifications/subscriptions/acknowledged') };
}

/** Tells of everything, and waits until the last of it has arrived on a stream that takes it all. */
async function changeEverything(): Promise<void> {
  const { stream } = await listen(ALL);
  await changes.toolsChanged();
  await changes.promptsChanged();
  await changes.resourceUpdated(NOTE);
  await changes.resourceUpdated('test://notes/2');
  await changes.resourcesChanged();
  await stream.of('notifications/resources/list_changed');
  stream.close();
}

describe('subscriptions/listen', () => {
  it(
    cites(
      [
        '2026-07-28/subscriptions/acknowledged',
        '2026-07-28/subscriptions/nothing-before',
        '2026-07-28/basic/subscription-id',
        '2026-07-28/streamable-http/no-buffering',
      ],
      'is acknowledged first, under the id of its request, even while everything changes',
    ),
    async () => {
      const changing = { isOver: false };
      const churn = (async () => {
        while (!changing.isOver) {
          await changes.toolsChanged();
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      onTestFinished(() => {
        changing.isOver = true;
        return churn;
      });
      const params = { notifications: ALL };
      await Promise.all(
        [1, 'text', 0, 2, 3, 4, 5, 6].map(async (id) => {
          const answer = await modernClient(endpoint.url).request('subscriptions/listen', params, {}, id);
          const { stream } = answer;
          await stream?.of('notifications/tools/list_changed');
          const [first, ...rest] = stream?.messages ?? [];
          expect(first).toMatchObject({
            method: 'notifications/subscriptions/acknowledged',
            params: { notifications: ALL, _meta: { [ID]: id } },
          });
          for (const { params } of rest) expect(params).toMatchObject({ _meta: { [ID]: id } });
          expect(answer.headers.get('x-accel-buffering')).toBe('no');
          stream?.close();
        }),
      );
    },
  );

  it.each([
    [{ toolsListChanged: true }, ['notifications/tools/list_changed']],
    [{ promptsListChanged: true }, ['notifications/prompts/list_changed']],
    [{ resourcesListChanged: true, toolsListChanged: false }, ['notifications/resources/list_changed']],
    [{ resourceSubscriptions: [NOTE] }, ['notifications/resources/updated']],
  ])(
    cites(['2026-07-28/subscriptions/requested-only'], 'for %j brings that and nothing else'),
    async (filter, methods) => {
      const { stream } = await listen(filter);
      await changeEverything();
      await stream.of(methods[0] ?? '');
      await changeEverything();
      await expect
        .poll(() => stream.messages.filter(({ method }) => method === methods[0]).length)
        .toBeGreaterThanOrEqual(2);
      const told = stream.messages.slice(1);
      expect(new Set(told.map(({ method }) => method))).toEqual(new Set(methods));
      for (const { params } of told) {
        if (params !== undefined && 'uri' in params) expect(params['uri']).toBe(NOTE);
      }
      stream.close();
    },
  );

  it('agrees only to resources that the caller may read', async () => {
    const { stream, acknowledged } = await listen({
      resourceSubscriptions: [NOTE, 'test://secrets/1', 'test://nothing/1'],
    });
    expect(acknowledged.params?.['notifications']).toEqual({ resourceSubscriptions: [NOTE] });
    await changes.resourceUpdated('test://secrets/1');
    await changes.resourceUpdated(NOTE);
    await stream.of('notifications/resources/updated');
    expect(stream.messages.slice(1).map(({ params }) => params?.['uri'])).toEqual([NOTE]);
    stream.close();
  });

  it(
    cites(
      ['2026-07-28/logging/own-stream-only', '2026-07-28/streamable-http/notifications-relate'],
      'brings neither progress nor log messages of calls',
    ),
    async () => {
      const { stream } = await listen(ALL);
      const meta = { 'io.modelcontextprotocol/logLevel': 'debug', progressToken: 'p' };
      const client = modernClient(endpoint.url, { meta });
      const answering = client.request('tools/call', { name: 'do_work', arguments: { key: 'apart' } });
      const work = await puppet.started('apart');
      work.call.progress(1);
      work.call.log('error', 'of the call');
      work.finish();
      const call = await (await answering).stream?.end();
      expect(call?.map(({ message }) => message?.method ?? 'result')).toEqual([
        'notifications/progress',
        'notifications/message',
        'result',
      ]);
      await changes.toolsChanged();
      await stream.of('notifications/tools/list_changed');
      expect(JSON.stringify(stream.messages)).not.toMatch(/notifications\/(progress|message)/);
      stream.close();
    },
  );

  it(
    cites(
      [
        '2026-07-28/subscriptions/graceful-end',
        '2026-07-28/subscriptions/completion-result',
        '2026-07-28/cancellation/own-listen',
        '2026-07-28/cancellation/listen-only',
      ],
      'is answered when the server ends it, and nothing else is cancelled',
    ),
    async () => {
      const other = await startMcpEndpoint(setup);
      const { stream, id } = await listen(ALL, other.url);
      const meta = { progressToken: 'p' };
      const call = { name: 'do_work', arguments: { key: 'drained' } };
      const answering = modernClient(other.url, { meta }).request('tools/call', call);
      const work = await puppet.started('drained');
      work.call.progress(1);
      await other.mcp.drain();
      const events = await stream.end();
      expect(events.at(-1)?.message).toMatchObject({
        jsonrpc: '2.0',
        id,
        result: { resultType: 'complete', _meta: { [ID]: id } },
      });
      work.finish();
      const answer = await (await answering).stream?.end();
      expect(answer?.at(-1)?.message).toMatchObject({ result: { resultType: 'complete' } });
      const sent = [...events, ...(answer ?? [])].map(({ message }) => message?.method);
      expect(sent).not.toContain('notifications/cancelled');
      await other.close();
    },
  );

  it(
    cites(['2026-07-28/cancellation/frees-resources'], 'is forgotten when the client closes its stream'),
    async () => {
      await expect.poll(() => endpoint.telemetry.openStreams).toBe(0);
      const { stream } = await listen(ALL);
      expect(endpoint.telemetry.openStreams).toBe(1);
      stream.close();
      await expect.poll(() => endpoint.telemetry.openStreams).toBe(0);
    },
  );
});
