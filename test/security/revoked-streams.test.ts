import { afterAll, expect, it } from 'vitest';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { modernClient, openRawSession } from '../fixtures/raw-mcp.ts';
import { openSse, openSseSession } from '../fixtures/sse-client.ts';
import type { EventStream } from '../fixtures/event-stream.ts';

const puppet = createPuppet();
const unheard = new Set<string>();
const endpoint = await startMcpEndpoint({
  tools: [puppet.tool],
  revoked: unheard,
  options: { keepAliveMs: 50 },
});
afterAll(() => endpoint.close());

/** Every kind of stream that stays open, each of one authority. */
async function openStreams(authority: string): Promise<EventStream[]> {
  const headers = { 'x-authority': authority };
  const session = await openRawSession(endpoint.url, { headers });
  const listening = await modernClient(endpoint.url, { headers }).request('subscriptions/listen', {
    notifications: { toolsListChanged: true },
  });
  if (listening.stream === undefined) throw new Error(`No stream: ${listening.text}`);
  await listening.stream.of('notifications/subscriptions/acknowledged');
  return [await session.listen(), listening.stream, (await openSse(endpoint.url, headers)).stream];
}

it('ends every stream of a revoked authority, and no other', async () => {
  const revoked = await openStreams('a-stolen-grant');
  const others = await openStreams('another-grant');
  endpoint.mcp.revoked('a-stolen-grant');
  for (const stream of revoked) await stream.end();
  await endpoint.mcp.changes.toolsChanged();
  for (const stream of others) await stream.of('notifications/tools/list_changed');
  for (const stream of revoked) {
    expect(stream.messages.map(({ method }) => method)).not.toContain('notifications/tools/list_changed');
  }
});

it('ends the streams of an authority whose revocation was not heard', async () => {
  const revoked = await openStreams('a-silently-revoked-grant');
  const others = await openStreams('another-grant');
  unheard.add('a-silently-revoked-grant');
  for (const stream of revoked) await stream.end();
  await endpoint.mcp.changes.toolsChanged();
  for (const stream of others) await stream.of('notifications/tools/list_changed');
});

it('cancels the calls of an authority whose revocation was not heard', async () => {
  const client = modernClient(endpoint.url, { headers: { 'x-authority': 'another-silent-one' } });
  const answer = client.request('tools/call', { name: 'do_work', arguments: { key: 'silent' } });
  const { aborted } = await puppet.started('silent');
  unheard.add('another-silent-one');
  await aborted;
  expect((await answer).text).toMatch('revoked');
});

it('ends a stream of HTTP+SSE with the authority of its newest message, and each call with its own', async () => {
  const now = Math.floor(Date.now() / 1000);
  const from = (authority: string, expiresAt: number) => ({
    headers: { 'x-authority': authority, 'x-expires-at': String(expiresAt) },
  });
  const client = await openSseSession(endpoint.url, from('first-token', now + 1000));
  const call = async (id: number, key: string, sender: ReturnType<typeof from>) => {
    const params = { name: 'do_work', arguments: { key } };
    await client.post({ jsonrpc: '2.0', id, method: 'tools/call', params }, sender);
    return puppet.started(key);
  };
  const first = await call(101, 'by-the-first', from('first-token', now + 1000));
  const second = await call(102, 'by-the-second', from('second-token', now + 2000));
  endpoint.mcp.revoked('first-token');
  await first.aborted;
  second.call.log('error', 'still told');
  await client.stream.of('notifications/message');
  endpoint.mcp.revoked('second-token');
  await second.aborted;
  await client.stream.end();
});

it('cancels the calls of a revoked authority, and no other', async () => {
  const session = async (authority: string) =>
    openRawSession(endpoint.url, { headers: { 'x-authority': authority } });
  const call = async (authority: string, key: string) => {
    const answer = (await session(authority)).request('tools/call', { name: 'do_work', arguments: { key } });
    return { answer, work: await puppet.started(key) };
  };
  const stolen = await call('a-stolen-grant', 'stolen');
  const other = await call('another-grant', 'other');
  endpoint.mcp.revoked('a-stolen-grant');
  await stolen.work.aborted;
  other.work.finish('untouched');
  expect((await stolen.answer).text).toMatch('revoked');
  expect((await other.answer).text).toMatch('untouched');
});
