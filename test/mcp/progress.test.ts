import { afterAll, describe, expect, it } from 'vitest';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet, type PuppetCall } from '../fixtures/puppet.ts';
import { ERAS, type RawClient } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const puppet = createPuppet();
const endpoint = await startMcpEndpoint({ tools: [puppet.tool] });
afterAll(() => endpoint.close());

/** What a call tells of its progress, if it does what is given and then ends. */
async function progressOf(
  client: RawClient,
  { key, token }: { key: string; token?: unknown },
  work: (call: PuppetCall['call']) => void,
) {
  const _meta = token === undefined ? {} : { progressToken: token };
  const answering = client.request('tools/call', { name: 'do_work', arguments: { key }, _meta });
  const running = await puppet.started(key);
  work(running.call);
  running.finish();
  const answer = await answering;
  await answer.response();
  await answer.stream?.end();
  const messages = answer.stream?.messages ?? [];
  return messages.filter(({ method }) => method === 'notifications/progress').map(({ params }) => params);
}

describe.each(ERAS)('progress in revision %s', (revision, open) => {
  it(
    cites(
      [
        '2025-11-25/progress/active-tokens-only',
        '2025-11-25/progress/tokens-tracked',
        '2025-11-25/progress/message',
        '2026-07-28/progress/active-tokens-only',
        '2026-07-28/progress/tokens-tracked',
        '2026-07-28/progress/message',
      ],
      'comes under the token of its request, text or number, with words and a total where there is one',
    ),
    async () => {
      const client = await open(endpoint.url);
      for (const token of ['text', 7, 0, '7']) {
        const told = await progressOf(
          client,
          { key: `token ${revision} ${typeof token}${token}`, token },
          (call) => {
            call.progress(0.5, 2, 'reading');
            call.progress(1);
          },
        );
        expect(told).toEqual([
          { progressToken: token, progress: 0.5, total: 2, message: 'reading' },
          { progressToken: token, progress: 1 },
        ]);
      }
    },
  );

  it('is not told of without a token', async () => {
    const client = await open(endpoint.url);
    const told = await progressOf(client, { key: `silent ${revision}` }, (call) => {
      call.progress(1, 2);
    });
    expect(told).toEqual([]);
  });

  it('of two calls at once is told to each under its own token', async () => {
    const client = await open(endpoint.url);
    const calls = ['one', 'two'].map((token) =>
      progressOf(client, { key: `${token} ${revision}`, token }, (call) => {
        call.progress(1);
      }),
    );
    expect(await Promise.all(calls)).toEqual([
      [{ progressToken: 'one', progress: 1 }],
      [{ progressToken: 'two', progress: 1 }],
    ]);
  });

  it(
    cites(
      ['2025-11-25/progress/increases', '2026-07-28/progress/increases'],
      'only ever grows, whatever the tool says',
    ),
    async () => {
      const client = await open(endpoint.url);
      const told = await progressOf(client, { key: `grows ${revision}`, token: 'p' }, (call) => {
        for (const done of [0, 1, 1, 0.5, 2, 2, -1, Number.NaN, 3]) call.progress(done);
      });
      expect(told.map((params) => params?.['progress'])).toEqual([0, 1, 2, 3]);
    },
  );

  it(
    cites(
      ['2025-11-25/progress/rate-limited', '2026-07-28/progress/rate-limited'],
      'does not flood the client, however often the tool tells of it',
    ),
    async () => {
      const client = await open(endpoint.url);
      const told = await progressOf(client, { key: `flood ${revision}`, token: 'p' }, (call) => {
        for (let done = 1; done <= 20_000; done++) call.progress(done, 20_000);
      });
      expect(told.length).toBeGreaterThan(0);
      expect(told.length).toBeLessThan(1000);
    },
  );

  it(
    cites(
      ['2025-11-25/progress/stops-after-completion', '2026-07-28/progress/stops-after-completion'],
      'is over with the response',
    ),
    async () => {
      const client = await open(endpoint.url);
      const key = `after ${revision}`;
      const params = { name: 'do_work', arguments: { key }, _meta: { progressToken: 'p' } };
      const answering = client.request('tools/call', params);
      const work = await puppet.started(key);
      work.call.progress(1);
      work.finish();
      const { stream, id } = await answering;
      await stream?.response(id);
      work.call.progress(2);
      const events = await stream?.end();
      expect(events?.at(-1)?.message?.id).toBe(id);
      // Nor does it reach a later request that has the same token.
      const later = await progressOf(client, { key: `later ${revision}`, token: 'p' }, () => {
        work.call.progress(3);
      });
      expect(later).toEqual([]);
    },
  );
});
