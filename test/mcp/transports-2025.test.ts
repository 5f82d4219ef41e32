import { afterAll, describe, expect, it } from 'vitest';
import { mcpDefaults, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { openRawSession, type RawSession, sendRaw } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const puppet = createPuppet();
const endpoint = await startMcpEndpoint({ tools: [puppet.tool] });
afterAll(() => endpoint.close());

/** A call that has told of its progress once, so that its answer is a stream. */
async function streaming(session: RawSession, key: string) {
  const params = { name: 'do_work', arguments: { key }, _meta: { progressToken: key } };
  const answering = session.request('tools/call', params);
  const work = await puppet.started(key);
  work.call.progress(1, 10, 'begun');
  const { stream, id } = await answering;
  if (stream === undefined) throw new Error('The answer is no stream');
  await stream.of('notifications/progress');
  return { work, stream, id };
}

describe('a session id', () => {
  it(
    cites(
      ['2025-11-25/transports/session-id-ascii', '2025-11-25/transports/session-id-secure'],
      'is visible ASCII, long, another one each time, and shows nothing of who holds it',
    ),
    async () => {
      const ids = new Set<string>();
      for (let count = 0; count < 20; count++) {
        const { id } = await openRawSession(endpoint.url, { initialized: false });
        expect(id).toMatch(/^[\x21-\x7e]{32,}$/);
        ids.add(id);
        for (const part of id.split('.')) {
          expect(Buffer.from(part, 'base64url').toString('latin1')).not.toMatch(/alice|raw-test/);
        }
      }
      expect(ids.size).toBe(20);
    },
  );

  it(cites(['2025-11-25/transports/session-missing-400'], 'that is missing is answered 400'), async () => {
    const session = await openRawSession(endpoint.url);
    const without = { 'mcp-session-id': '' };
    expect((await session.request('tools/list', {}, without)).status).toBe(400);
    expect((await session.get(without)).status).toBe(400);
    const ending = await sendRaw(endpoint.url, { method: 'DELETE', headers: {} });
    expect(ending.status).toBe(400);
  });

  it.each<[what: string, spoil: (id: string) => string]>([
    ['unknown', () => 'made-up'],
    ['well-formed but made up', () => '6f6d2a42-8f6e-4a7e-9a39-0e6c1f0e2d51'],
    ['changed in the middle', (id) => id.slice(0, 40) + (id[40] === 'A' ? 'B' : 'A') + id.slice(41)],
    ['cut off', (id) => id.slice(0, -8)],
    ['continued', (id) => `${id}AAAA`],
    ['far too long', () => 'A'.repeat(10_000)],
  ])(
    cites(['2025-11-25/transports/session-ended-404'], 'that is %s is answered 404, whatever is asked'),
    async (_what, spoil) => {
      const session = await openRawSession(endpoint.url);
      const headers = { 'mcp-session-id': spoil(session.id) };
      expect((await session.request('tools/list', {}, headers)).status).toBe(404);
      expect(
        (await session.post({ jsonrpc: '2.0', method: 'notifications/initialized' }, headers)).status,
      ).toBe(404);
      expect((await session.get(headers)).status).toBe(404);
      const ending = await sendRaw(endpoint.url, { method: 'DELETE', headers });
      expect(ending.status).toBe(404);
      expect((await session.request('tools/list')).status).toBe(200);
    },
  );

  it(
    cites(
      ['2025-11-25/transports/session-ended-404'],
      'of a session that its client has ended is answered 404',
    ),
    async () => {
      const session = await openRawSession(endpoint.url);
      const stream = await session.listen();
      expect((await session.end()).status).toBeLessThan(300);
      await stream.end();
      expect((await session.request('tools/list')).status).toBe(404);
      expect((await session.get()).status).toBe(404);
      expect((await session.notify('notifications/initialized')).status).toBe(404);
      expect((await session.end()).status).toBe(404);
    },
  );

  it('of another principal is answered 404, and stays good for its own', async () => {
    const session = await openRawSession(endpoint.url);
    const foreign = { 'x-subject': 'mallory' };
    expect((await session.request('tools/list', {}, foreign)).status).toBe(404);
    expect((await session.get(foreign)).status).toBe(404);
    const ending = await sendRaw(endpoint.url, {
      method: 'DELETE',
      headers: { ...session.headers, ...foreign },
    });
    expect(ending.status).toBe(404);
    expect((await session.request('tools/list')).status).toBe(200);
  });
});

describe('the header MCP-Protocol-Version', () => {
  it.each(['2031-01-01', 'latest', '2025-11-25, 2025-06-18', '2025-11-2'])(
    cites(['2025-11-25/transports/version-400'], 'is answered 400 where it names %j'),
    async (revision) => {
      const session = await openRawSession(endpoint.url);
      const headers = { 'mcp-protocol-version': revision };
      expect((await session.request('tools/list', {}, headers)).status).toBe(400);
      expect((await session.get(headers)).status).toBe(400);
    },
  );

  it(
    cites(
      ['2025-11-25/transports/version-assumed'],
      'may be missing: the session knows its revision, and initialize without it is of no later one',
    ),
    async () => {
      for (const protocolVersion of ['2025-11-25', '2025-03-26']) {
        const session = await openRawSession(endpoint.url, { protocolVersion });
        const without = { 'mcp-protocol-version': '' };
        expect((await session.request('tools/list', {}, without)).status).toBe(200);
        const batch = [{ jsonrpc: '2.0', id: 1, method: 'ping' }];
        const { status } = await session.post(batch, without);
        expect(status).toBe(protocolVersion === '2025-03-26' ? 200 : 400);
      }
    },
  );
});

describe('what a client posts without expecting an answer', () => {
  it(cites(['2025-11-25/transports/accepted-202'], 'is answered 202 without a body'), async () => {
    const session = await openRawSession(endpoint.url);
    const messages = [
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', method: 'notifications/roots/list_changed' },
      { jsonrpc: '2.0', id: 'nobody-asked', result: {} },
      { jsonrpc: '2.0', id: 'nobody-asked', error: { code: -1, message: 'no' } },
    ];
    for (const message of messages) {
      const { status, text } = await session.post(message);
      expect([status, text]).toEqual([202, '']);
    }
  });

  it(
    cites(['2025-11-25/transports/refused-status'], 'is answered with an error status where it is malformed'),
    async () => {
      const session = await openRawSession(endpoint.url);
      for (const message of [{ jsonrpc: '2.0', result: {} }, { jsonrpc: '2.0', method: null }, {}]) {
        const { status, json } = await session.post(message);
        expect(status).toBe(400);
        expect(json).toMatchObject({ jsonrpc: '2.0', error: { code: -32600 } });
      }
    },
  );
});

describe('the stream that answers a request', () => {
  it(
    cites(
      [
        '2025-11-25/transports/priming-event',
        '2025-11-25/transports/stream-has-response',
        '2025-11-25/transports/stream-ends',
        '2025-11-25/transports/stream-messages-relate',
      ],
      'starts with an id to come back with, holds what belongs to it, then the response, and ends',
    ),
    async () => {
      const session = await openRawSession(endpoint.url);
      const [one, two] = [await streaming(session, 'stream one'), await streaming(session, 'stream two')];
      one.work.call.progress(2, 10);
      two.work.finish('two');
      one.work.finish('one');
      for (const { stream, id } of [one, two]) {
        const [first, ...rest] = await stream.end();
        expect(first).toMatchObject({ data: '', id: expect.stringMatching(/./) as string });
        expect(rest.at(-1)?.message).toMatchObject({ id, result: {} });
        const token = id === one.id ? 'stream one' : 'stream two';
        for (const { message } of rest.slice(0, -1)) {
          expect(message?.params?.['progressToken']).toBe(token);
        }
      }
      expect(one.stream.headers.get('x-accel-buffering')).toBe('no');
      expect(one.stream.headers.get('cache-control')).toMatch('no-cache');
    },
  );

  it(
    cites(
      ['2025-11-25/transports/disconnect-no-cancel'],
      'goes on without its connection: the work is not cancelled, and the response can be fetched',
    ),
    async () => {
      const session = await openRawSession(endpoint.url);
      const { work, stream, id } = await streaming(session, 'lost');
      const seen = stream.lastEventId ?? '';
      stream.close();
      await stream.end();
      work.call.progress(2, 10, 'unseen');
      const resumed = await session.resume(seen);
      expect((await resumed.of('notifications/progress')).params).toMatchObject({ progress: 2 });
      expect(work.call.signal.aborted).toBe(false);
      work.finish('kept');
      expect((await resumed.response(id)).result).toMatchObject({ content: [{ text: 'kept' }] });
      await resumed.end();
      expect(resumed.messages).toHaveLength(2);
    },
  );

  it('may be resumed when all is over, with what came after the event that is named', async () => {
    const session = await openRawSession(endpoint.url);
    const { work, stream, id } = await streaming(session, 'over');
    for (let done = 2; done <= 5; done++) work.call.progress(done, 10);
    work.finish('at last');
    const events = await stream.end();
    for (const [index, event] of events.entries()) {
      if (index === events.length - 1) continue;
      const resumed = await session.resume(event.id ?? '');
      await resumed.response(id);
      await resumed.end();
      expect(resumed.events.filter(({ data }) => data !== '')).toEqual(events.slice(index + 1));
    }
  });
});

it(
  cites(
    ['2025-11-25/transports/event-id-unique', '2025-11-25/transports/event-id-stream'],
    'no two events of a session have one id, and an id tells its stream',
  ),
  async () => {
    const session = await openRawSession(endpoint.url);
    const notifications = await session.listen();
    const calls = [await streaming(session, 'ids one'), await streaming(session, 'ids two')];
    for (const { work } of calls) work.finish();
    const ids = (await Promise.all(calls.map(({ stream }) => stream.end()))).map((events) =>
      events.flatMap(({ id }) => (id === undefined ? [] : [id])),
    );
    const all = [...ids.flat(), ...notifications.events.flatMap(({ id }) => (id === undefined ? [] : [id]))];
    expect(new Set(all).size).toBe(all.length);
    for (const id of all) expect(id).toMatch(/^[\x21-\x7e]{1,200}$/);
    for (const [index, { id }] of calls.entries()) {
      const resumed = await session.resume(ids[index]?.[0] ?? '');
      await resumed.response(id);
    }
    notifications.close();
  },
);

it(
  cites(
    ['2025-11-25/transports/replay-own-stream'],
    'a resumed stream brings nothing of another, nor of another session',
  ),
  async () => {
    const session = await openRawSession(endpoint.url);
    const one = await streaming(session, 'own one');
    const two = await streaming(session, 'own two');
    const seen = one.stream.lastEventId ?? '';
    one.stream.close();
    two.work.call.progress(5, 10, 'of the other');
    two.work.finish('two');
    one.work.finish('one');
    const resumed = await session.resume(seen);
    await resumed.response(one.id);
    const events = await resumed.end();
    expect(JSON.stringify(events)).not.toMatch(/of the other|own two|"two"/);
    const stranger = await openRawSession(endpoint.url);
    const refused = await stranger.get({ 'last-event-id': seen });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.stream).toBeUndefined();
  },
);

it(
  cites(
    ['2025-11-25/transports/retry-before-close', '2025-11-25/transports/stream-has-response'],
    'a connection that is closed early is closed with word of when to come back',
  ),
  async () => {
    const impatient = await startMcpEndpoint({
      tools: [puppet.tool],
      options: { streams: { ...mcpDefaults().streams, maxConnectionMs: 50, retryMs: 7 } },
    });
    const session = await openRawSession(impatient.url);
    const { work, stream, id } = await streaming(session, 'impatient');
    await stream.end();
    expect(stream.retry).toBe(7);
    expect(stream.messages.some((message) => message.id === id)).toBe(false);
    const resumed = await session.resume(stream.lastEventId ?? '');
    work.finish('in the end');
    expect((await resumed.response(id)).result).toMatchObject({ content: [{ text: 'in the end' }] });
    await impatient.close();
  },
);
