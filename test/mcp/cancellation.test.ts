import { afterAll, describe, expect, it } from 'vitest';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { modernClient, openRawSession, type RawClient, sendRaw } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const puppet = createPuppet();
const endpoint = await startMcpEndpoint({ tools: [puppet.tool] });
afterAll(() => endpoint.close());

async function begin(client: RawClient, key: string, id?: string | number) {
  const params = { name: 'do_work', arguments: { key }, _meta: { progressToken: key } };
  const answering = client.request('tools/call', params, {}, id);
  const work = await puppet.started(key);
  work.call.progress(1);
  const answer = await answering;
  if (answer.stream === undefined) throw new Error('The answer is no stream');
  await answer.stream.of('notifications/progress');
  return { work, stream: answer.stream, id: answer.id };
}

describe('a notification that cancels, in revision 2025-11-25', () => {
  it(
    cites(
      [
        '2025-11-25/cancellation/stops-work',
        '2025-11-25/cancellation/frees-resources',
        '2025-11-25/cancellation/no-response',
      ],
      'stops the work, frees its place and leaves the request without a response',
    ),
    async () => {
      const session = await openRawSession(endpoint.url);
      const { work, stream, id } = await begin(session, 'cancelled');
      expect(endpoint.mcp.runningCalls).toBe(1);
      const { status } = await session.notify('notifications/cancelled', { requestId: id, reason: 'enough' });
      expect(status).toBe(202);
      await work.aborted;
      await expect.poll(() => endpoint.mcp.runningCalls).toBe(0);
      await expect.poll(() => endpoint.telemetry.openStreams).toBe(0);
      await stream.end();
      work.call.progress(2);
      expect(stream.messages.filter((message) => message.id === id)).toEqual([]);
    },
  );

  it('stops a call that has not become a stream yet, and answers nothing to it', async () => {
    const session = await openRawSession(endpoint.url);
    const params = { name: 'do_work', arguments: { key: 'early' } };
    const answering = session.request('tools/call', params, {}, 'early-id');
    const work = await puppet.started('early');
    await session.notify('notifications/cancelled', { requestId: 'early-id' });
    await work.aborted;
    const answer = await answering;
    expect(answer.json).toBeUndefined();
    expect(await answer.stream?.end()).toEqual(answer.stream && []);
    await expect.poll(() => endpoint.mcp.runningCalls).toBe(0);
  });

  it('means the request of that very id: 1 and "1" are two', async () => {
    const session = await openRawSession(endpoint.url);
    const number = await begin(session, 'number', 71);
    const text = await begin(session, 'text', '71');
    await session.notify('notifications/cancelled', { requestId: '71' });
    await text.work.aborted;
    expect(number.work.call.signal.aborted).toBe(false);
    number.work.finish();
    expect((await number.stream.response(71)).result).toMatchObject({ content: [{ text: 'done' }] });
  });

  it('of another session means nothing', async () => {
    const mine = await openRawSession(endpoint.url);
    const { work, stream, id } = await begin(mine, 'mine', 'shared-id');
    for (const headers of [{}, { 'x-subject': 'mallory' }]) {
      const other = await openRawSession(endpoint.url, { headers });
      expect((await other.notify('notifications/cancelled', { requestId: id })).status).toBe(202);
    }
    expect(work.call.signal.aborted).toBe(false);
    work.finish();
    expect((await stream.response(id)).result).toMatchObject({ content: [{ text: 'done' }] });
  });

  it(
    cites(
      ['2025-11-25/cancellation/race', '2025-11-25/cancellation/invalid-ignored'],
      'that comes too late, is of nothing or is malformed is taken and ignored',
    ),
    async () => {
      const session = await openRawSession(endpoint.url);
      const { work, stream, id } = await begin(session, 'ended');
      work.finish();
      await stream.response(id);
      for (const params of [
        { requestId: id },
        { requestId: 'no such' },
        {},
        { requestId: null },
        { requestId: {} },
      ]) {
        expect((await session.notify('notifications/cancelled', params)).status).toBe(202);
      }
      const again = await begin(session, 'again', id === 1 ? 2 : 1);
      again.work.finish();
      expect((await again.stream.response(again.id)).result).toMatchObject({ content: [{ text: 'done' }] });
    },
  );
});

describe('in revision 2026-07-28', () => {
  it(
    cites(
      [
        '2026-07-28/cancellation/disconnect-cancels',
        '2026-07-28/cancellation/stops-work',
        '2026-07-28/cancellation/frees-resources',
        '2026-07-28/cancellation/no-response',
        '2026-07-28/streamable-http/close-cancels',
        '2026-07-28/streamable-http/cancel-stops',
        '2026-07-28/streamable-http/cancel-silent',
      ],
      'closing the stream stops the work, and nothing more is sent',
    ),
    async () => {
      const { work, stream } = await begin(modernClient(endpoint.url), 'closed');
      stream.close();
      await work.aborted;
      work.call.progress(2);
      await expect.poll(() => endpoint.mcp.runningCalls).toBe(0);
      await expect.poll(() => endpoint.telemetry.openStreams).toBe(0);
      expect((await stream.end()).map(({ message }) => message?.method)).toEqual(['notifications/progress']);
    },
  );

  it(
    cites(
      ['2026-07-28/cancellation/invalid-ignored', '2026-07-28/cancellation/race'],
      'a notification that cancels is taken and stops nothing, whatever it names',
    ),
    async () => {
      const client = modernClient(endpoint.url);
      const { work, stream, id } = await begin(client, 'kept', 'kept-id');
      const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
      for (const requestId of [id, 'no such', null]) {
        const { status, text } = await sendRaw(endpoint.url, {
          headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'notifications/cancelled' },
          body: { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId, _meta } },
        });
        expect([status, text]).toEqual([202, '']);
      }
      expect(work.call.signal.aborted).toBe(false);
      work.finish();
      expect((await stream.response(id)).result).toMatchObject({ content: [{ text: 'done' }] });
    },
  );
});
