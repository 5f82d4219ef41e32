import { afterAll, describe, expect, it } from 'vitest';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet, type PuppetCall } from '../fixtures/puppet.ts';
import { modernClient, openRawSession, type RawClient } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const LEVEL = 'io.modelcontextprotocol/logLevel';
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error'] as const;

const puppet = createPuppet();
const endpoint = await startMcpEndpoint({ tools: [puppet.tool] });
afterAll(() => endpoint.close());

let count = 0;

/** The log messages of a call that does what is given and then ends. */
async function logOf(client: RawClient, work: (call: PuppetCall) => void, level?: string) {
  const key = `log ${++count}`;
  const _meta = level === undefined ? {} : { [LEVEL]: level };
  const answering = client.request('tools/call', { name: 'do_work', arguments: { key }, _meta });
  const running = await puppet.started(key);
  work(running);
  running.finish();
  const answer = await answering;
  await answer.response();
  await answer.stream?.end();
  const messages = answer.stream?.messages ?? [];
  return messages
    .filter(({ method }) => method === 'notifications/message')
    .map(({ params }) => params ?? {});
}

const everyLevel = ({ call }: PuppetCall): void => {
  for (const level of LEVELS) call.log(level, { step: level });
};

/** Sets the level as each era does: for the session, or with each request. */
const atLevel = [
  ['2026-07-28', () => Promise.resolve(modernClient(endpoint.url)), (level: string) => level],
  ['2025-11-25', () => openRawSession(endpoint.url), () => undefined],
] as const;

describe.each(atLevel)('log messages in revision %s', (revision, open, ofRequest) => {
  const at = async (level: string, work = everyLevel) => {
    const client = await open();
    if (revision === '2025-11-25') await client.request('logging/setLevel', { level });
    return logOf(client, work, ofRequest(level));
  };

  it(
    cites(['2025-11-25/logging/capability', '2026-07-28/logging/capability'], 'are declared as a capability'),
    async () => {
      const client = await open();
      const declared =
        'server' in client
          ? client.server
          : (await (await client.request('server/discover')).response()).result;
      expect(declared).toMatchObject({ capabilities: { logging: {} } });
    },
  );

  it.each([
    ['debug', LEVELS],
    ['warning', ['warning', 'error']],
    ['error', ['error']],
    ['critical', []],
    ['emergency', []],
  ])('at level %s are those that are as severe or more', async (level, expected) => {
    expect((await at(level)).map((message) => message['level'])).toEqual(expected);
  });

  it(
    cites(
      [
        '2025-11-25/logging/context',
        '2025-11-25/logging/logger-name',
        '2025-11-25/logging/data-validated',
        '2026-07-28/logging/context',
        '2026-07-28/logging/logger-name',
        '2026-07-28/logging/data-validated',
      ],
      'hold what the tool says as data, under one name or none, whatever the data is',
    ),
    async () => {
      const loop: Record<string, unknown> = {};
      loop['self'] = loop;
      const told = await at('debug', ({ call }) => {
        for (const data of ['text', { rows: 3, of: 'table' }, null, [1, 2]]) call.log('info', data);
        for (const data of [undefined, loop, 2n, () => 1]) call.log('info', data);
      });
      expect(told.slice(0, 4).map((message) => message['data'])).toEqual([
        'text',
        { rows: 3, of: 'table' },
        null,
        [1, 2],
      ]);
      expect(new Set(told.map((message) => message['logger'])).size).toBe(1);
    },
  );

  it(
    cites(
      [
        '2025-11-25/logging/rate-limited',
        '2025-11-25/logging/messages-limited',
        '2026-07-28/logging/rate-limited',
        '2026-07-28/logging/messages-limited',
      ],
      'do not flood the client, however much the tool has to say',
    ),
    async () => {
      const told = await at('debug', ({ call }) => {
        for (let line = 1; line <= 20_000; line++) call.log('info', line);
      });
      expect(told.length).toBeGreaterThan(0);
      expect(told.length).toBeLessThan(1000);
    },
  );

  it(
    cites(
      [
        '2025-11-25/logging/no-secrets',
        '2025-11-25/logging/no-internals',
        '2025-11-25/logging/sensitive-removed',
        '2026-07-28/logging/no-secrets',
        '2026-07-28/logging/no-internals',
        '2026-07-28/logging/sensitive-removed',
      ],
      "are the tools' own: a failure within tells the client nothing of what it was",
    ),
    async () => {
      const key = `fails ${revision}`;
      const client = await open();
      if (revision === '2025-11-25') await client.request('logging/setLevel', { level: 'debug' });
      const _meta = { [LEVEL]: 'debug', progressToken: 'p' };
      const answering = client.request('tools/call', { name: 'do_work', arguments: { key }, _meta });
      const work = await puppet.started(key);
      work.call.progress(1);
      work.fail(new Error('connect postgres://admin:hunter2@10.0.0.7/main at /srv/app/db.ts:7'));
      const answer = await answering;
      await answer.response();
      await answer.stream?.end();
      expect(JSON.stringify(answer.stream?.messages)).not.toMatch(
        /postgres|hunter2|10\.0\.0\.7|\/srv|db\.ts/,
      );
    },
  );

  it(
    cites(
      ['2025-11-25/logging/access-controlled', '2026-07-28/logging/access-controlled'],
      'of a call reach the caller of it and nobody else',
    ),
    async () => {
      const [mine, other] = [await open(), await open()];
      const quiet = other.request('tools/call', { name: 'do_work', arguments: { key: `quiet ${revision}` } });
      const waiting = await puppet.started(`quiet ${revision}`);
      const told = await logOf(
        mine,
        ({ call }) => {
          call.log('error', 'mine');
        },
        ofRequest('debug'),
      );
      expect(told).toHaveLength(1);
      waiting.finish();
      const answer = await quiet;
      expect((await answer.response()).result).toMatchObject({ content: [{ text: 'done' }] });
      expect(answer.text + JSON.stringify(answer.stream?.messages ?? [])).not.toContain('mine');
    },
  );
});

describe('a level that there is not', () => {
  it(cites(['2025-11-25/logging/invalid-level'], 'cannot be set for a session: -32602'), async () => {
    const session = await openRawSession(endpoint.url);
    for (const level of ['loud', '', 7, null]) {
      const answer = await session.request('logging/setLevel', { level });
      expect((await answer.response()).error?.code).toBe(-32602);
    }
    expect((await session.request('logging/setLevel', { level: 'alert' })).json?.result).toEqual({});
  });

  it(cites(['2026-07-28/logging/invalid-level'], 'cannot be asked for with a request: -32602'), async () => {
    for (const level of ['loud', '', 7, null]) {
      const client = modernClient(endpoint.url, { meta: { [LEVEL]: level } });
      const answer = await client.request('tools/list');
      expect((await answer.response()).error?.code, JSON.stringify(level)).toBe(-32602);
    }
  });
});

it(
  cites(
    ['2026-07-28/logging/requested-only'],
    'a request of revision 2026-07-28 without a level gets no log messages, also beside one with a level',
  ),
  async () => {
    const client = modernClient(endpoint.url);
    expect(await logOf(client, everyLevel, 'debug')).toHaveLength(LEVELS.length);
    expect(await logOf(client, everyLevel)).toEqual([]);
  },
);

it('a level that was set for one session says nothing of another', async () => {
  const [quiet, plain] = [await openRawSession(endpoint.url), await openRawSession(endpoint.url)];
  await quiet.request('logging/setLevel', { level: 'emergency' });
  expect(await logOf(quiet, everyLevel)).toEqual([]);
  expect((await logOf(plain, everyLevel)).length).toBeGreaterThan(0);
});
