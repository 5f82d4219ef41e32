import { afterAll, expect, it } from 'vitest';
import { mcpDefaults, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { openRawSession } from '../fixtures/raw-mcp.ts';

const EVENTS = 60;
const EVENT_BYTES = 200_000;

const puppet = createPuppet();
const defaults = mcpDefaults();
const endpoint = await startMcpEndpoint({
  tools: [puppet.tool],
  options: { ...defaults, streams: { ...defaults.streams, maxBufferedBytes: 1_048_576 } },
});
afterAll(() => endpoint.close());

it('a stream with more to catch up on than may wait for a reader is resumed over one connection', async () => {
  const session = await openRawSession(endpoint.url);
  const params = { name: 'do_work', arguments: { key: 'long' }, _meta: { progressToken: 'p' } };
  const { stream, id } = await session.request('tools/call', params);
  const work = await puppet.started('long');
  work.call.progress(0);
  await stream?.of('notifications/progress');
  stream?.close();
  for (let done = 1; done <= EVENTS; done++) work.call.progress(done, EVENTS, 'x'.repeat(EVENT_BYTES));
  work.finish();
  const resumed = await session.resume(stream?.lastEventId ?? '');
  await resumed.response(id);
  const told = resumed.messages.flatMap(({ params: news }) => news?.['progress'] ?? []);
  expect(told).toEqual(Array.from({ length: EVENTS }, (_, index) => index + 1));
});
