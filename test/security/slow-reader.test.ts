import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import { defineTool } from '../../src/core/tool.ts';
import { mcpDefaults, modernMeta, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';

const BUFFERED_BYTES = 65_536;
const EVENT_BYTES = 50_000;

const outcomes: string[] = [];
const flood = defineTool({
  name: 'flood_client',
  title: 'Flood',
  description: 'Reports progress until somebody stops it.',
  scopes: [],
  effect: 'read',
  input: z.object({ limit: z.int().describe('How often at most.') }),
  async run(call, { limit }) {
    let told = 0;
    while (!call.signal.aborted && told < limit) {
      call.progress(told++, undefined, 'x'.repeat(EVENT_BYTES));
      if (told % 20 === 0) await nextTurn();
    }
    outcomes.push(call.signal.aborted ? 'aborted' : 'finished');
    return { content: [text(String(told))] };
  },
});

const defaults = mcpDefaults();
const endpoint = await startMcpEndpoint({
  tools: [flood],
  options: {
    ...defaults,
    streams: { ...defaults.streams, maxBufferedBytes: BUFFERED_BYTES, keptBytes: 1_048_576 },
  },
});
afterAll(() => endpoint.close());

/** Sends a call and never reads a byte of the answer. */
function callWithoutReading(
  params: object,
  headers: Readonly<Record<string, string>>,
  url = endpoint.url,
): Socket {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined).pause();
  const lines = [
    'POST /mcp HTTP/1.1',
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  return socket;
}

const open = (): number => endpoint.telemetry.openStreams;

it.each([
  [
    '2026-07-28',
    'aborted',
    () =>
      Promise.resolve({
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'flood_client',
      }),
    modernMeta,
  ],
  // The client could come back for the rest, so the work goes on; what it may leave behind is bounded.
  ['2025-11-25', 'finished', async () => ({ 'mcp-session-id': await endpoint.session() }), {}],
])(
  'a reader of revision %s that does not read is cut off, and its call %s',
  async (_revision, outcome, headers, meta) => {
    outcomes.length = 0;
    const limit = outcome === 'aborted' ? Number.MAX_SAFE_INTEGER : 5000;
    const params = { name: 'flood_client', arguments: { limit }, _meta: { ...meta, progressToken: 1 } };
    const socket = callWithoutReading(params, await headers());
    await expect.poll(() => outcomes, { timeout: 15_000 }).toEqual([outcome]);
    await expect.poll(open).toBe(0);
    await expect.poll(() => endpoint.mcp.runningCalls).toBe(0);
    socket.destroy();
  },
);

it('a stream whose last event is not read is cut off as well', async () => {
  const puppet = createPuppet();
  const streams = { ...defaults.streams, maxBufferedBytes: 67_108_864 };
  const impatient = await startMcpEndpoint({
    tools: [puppet.tool],
    options: { ...defaults, streams, keepAliveMs: 20 },
  });
  const params = { name: 'do_work', arguments: { key: 'large' }, _meta: { progressToken: 1 } };
  const session = await impatient.session();
  const socket = callWithoutReading(params, { 'mcp-session-id': session }, impatient.url);
  const work = await puppet.started('large');
  work.call.progress(0);
  await expect.poll(() => impatient.telemetry.openStreams).toBe(1);
  for (let done = 1; done <= 8; done++) work.call.progress(done, undefined, 'x'.repeat(4_194_304));
  work.finish();
  await expect.poll(() => impatient.mcp.runningCalls).toBe(0);
  await expect.poll(() => impatient.telemetry.openStreams, { timeout: 5000 }).toBe(0);
  socket.destroy();
  await impatient.close();
});
