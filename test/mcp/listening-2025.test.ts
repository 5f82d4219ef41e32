import { afterAll, describe, expect, it } from 'vitest';
import type { ResourceProvider } from '../../src/core/resource.ts';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { openRawSession } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const NOTE = 'test://notes/1';
const notes: ResourceProvider = {
  prefix: 'test://notes/',
  scopes: [],
  templates: [],
  list: () => Promise.resolve({ resources: [{ uri: NOTE, name: '1' }] }),
  read: (_context, uri) => Promise.resolve([{ uri, text: 'a note' }]),
  complete: () => Promise.resolve([]),
  watch: () => ({ follow: () => undefined, close: () => Promise.resolve() }),
};

const puppet = createPuppet();
const endpoint = await startMcpEndpoint({ tools: [puppet.tool], resources: [notes] });
afterAll(() => endpoint.close());
const { changes } = endpoint.mcp;

describe('a GET of a session', () => {
  it(
    cites(
      ['2025-11-25/transports/endpoint', '2025-11-25/transports/get-stream'],
      'to the address that takes POST opens an event stream',
    ),
    async () => {
      const session = await openRawSession(endpoint.url);
      const stream = await session.listen();
      expect(stream.status).toBe(200);
      expect(stream.headers.get('content-type')).toMatch('text/event-stream');
      expect(stream.headers.get('x-accel-buffering')).toBe('no');
      stream.close();
    },
  );

  it(
    cites(['2025-11-25/transports/get-stream'], 'that accepts no event stream is answered 406, without one'),
    async () => {
      const session = await openRawSession(endpoint.url);
      for (const accept of ['application/json', 'text/html', '']) {
        const answer = await session.get({ accept: accept === '' ? 'text/plain' : accept });
        expect(answer.status).toBe(406);
        expect(answer.stream).toBeUndefined();
      }
    },
  );

  it(
    cites(
      [
        '2025-11-25/transports/get-messages-unrelated',
        '2025-11-25/transports/get-no-response',
        '2025-11-25/transports/one-stream',
        '2025-11-25/transports/no-broadcast',
      ],
      'brings what has changed, and nothing that belongs to a running call',
    ),
    async () => {
      const session = await openRawSession(endpoint.url);
      const stream = await session.listen();
      const params = { name: 'do_work', arguments: { key: 'beside' }, _meta: { progressToken: 'p' } };
      const answering = session.request('tools/call', params);
      const work = await puppet.started('beside');
      work.call.progress(1);
      work.call.log('error', 'of the call');
      await changes.toolsChanged();
      work.finish();
      const { stream: own } = await answering;
      await own?.end();
      await stream.of('notifications/tools/list_changed');
      await changes.promptsChanged();
      await stream.of('notifications/prompts/list_changed');
      expect(stream.messages.map(({ method }) => method)).toEqual([
        'notifications/tools/list_changed',
        'notifications/prompts/list_changed',
      ]);
      expect(own?.messages.map(({ method }) => method)).not.toContain('notifications/tools/list_changed');
      stream.close();
    },
  );

  it(
    cites(
      ['2025-11-25/transports/no-broadcast'],
      'of a session that has a stream already gets each change once over both of them',
    ),
    async () => {
      const session = await openRawSession(endpoint.url);
      const older = await session.listen();
      const newer = await session.listen();
      await changes.resourcesChanged();
      const seen = () =>
        [...older.messages, ...newer.messages].filter(
          ({ method }) => method?.endsWith('list_changed') === true,
        );
      await expect.poll(seen).toHaveLength(1);
      await changes.toolsChanged();
      await expect.poll(seen).toHaveLength(2);
      older.close();
      newer.close();
    },
  );

  it(cites(['2025-11-25/transports/get-retry'], 'says from the start when to come back'), async () => {
    const session = await openRawSession(endpoint.url);
    const stream = await session.listen();
    const first = await stream.event(({ id }) => id !== undefined);
    expect(first.data).toBe('');
    expect(stream.retry).toBeGreaterThan(0);
    stream.close();
  });

  it('that was cut off is told what it has missed, each once and in order', async () => {
    const session = await openRawSession(endpoint.url);
    const stream = await session.listen();
    const primed = await stream.event(({ id }) => id !== undefined);
    await changes.toolsChanged();
    const told = await stream.event(({ message }) => message?.method === 'notifications/tools/list_changed');
    stream.close();
    await stream.end();
    await changes.promptsChanged();
    await changes.resourcesChanged();
    const since = await session.resume(told.id ?? '');
    await since.of('notifications/resources/list_changed');
    expect(since.messages.map(({ method }) => method)).toEqual([
      'notifications/prompts/list_changed',
      'notifications/resources/list_changed',
    ]);
    since.close();
    await since.end();
    const all = await session.resume(primed.id ?? '');
    await all.of('notifications/resources/list_changed');
    expect(all.messages.map(({ method }) => method)).toEqual([
      'notifications/tools/list_changed',
      'notifications/prompts/list_changed',
      'notifications/resources/list_changed',
    ]);
    all.close();
  });

  it('tells of the resources that the session subscribes to, as long as it does', async () => {
    const session = await openRawSession(endpoint.url);
    const stream = await session.listen();
    await changes.resourceUpdated(NOTE);
    await session.result('resources/subscribe', { uri: NOTE });
    await changes.resourceUpdated('test://notes/2');
    // What is subscribed to reaches the stream in its own time.
    await expect
      .poll(async () => {
        await changes.resourceUpdated(NOTE);
        return stream.messages.filter(({ method }) => method === 'notifications/resources/updated').length;
      })
      .toBeGreaterThan(0);
    expect((await stream.of('notifications/resources/updated')).params).toEqual({ uri: NOTE });
    await session.result('resources/unsubscribe', { uri: NOTE });
    await expect
      .poll(async () => {
        const before = stream.messages.length;
        await changes.resourceUpdated(NOTE);
        await changes.toolsChanged();
        await expect.poll(() => stream.messages.length).toBeGreaterThan(before);
        return stream.messages.slice(before).map(({ method }) => method);
      })
      .toEqual(['notifications/tools/list_changed']);
    stream.close();
  });

  it('ends with the session', async () => {
    const session = await openRawSession(endpoint.url);
    const stream = await session.listen();
    await session.end();
    await stream.end();
    expect((await session.get()).status).toBe(404);
  });
});
