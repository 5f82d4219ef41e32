import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type App, createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/index.ts';
import { text } from '../../src/core/content.ts';
import { defineTool, type ToolCall } from '../../src/core/tool.ts';
import { traceHeaders } from '../../src/core/trace-context.ts';
import { answerOf, MODERN, modernMeta } from '../fixtures/mcp-endpoint.ts';

// MCP 2026-07-28, basic, "OpenTelemetry trace context"; W3C Trace Context.

const HEADER_TRACE = '0af7651916cd43dd8448eb211c80319c';
const META_TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const inHeader = { traceparent: `00-${HEADER_TRACE}-${PARENT}-01`, tracestate: 'vendor=header' };
const inMeta = { traceparent: `00-${META_TRACE}-${PARENT}-01`, tracestate: 'vendor=meta' };

let folder: string;
let app: App;
let url: URL;
const seen: ToolCall['trace'][] = [];

const traced = defineTool({
  name: 'see_trace',
  title: 'See trace',
  description: 'Notes the trace of its call.',
  scopes: [],
  effect: 'read',
  input: z.object({}),
  run(call) {
    seen.push(call.trace);
    call.logger.info({}, 'seen');
    return Promise.resolve({ content: [text('done')] });
  },
});

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-trace-'));
  const env = {
    ...{ HOST: '127.0.0.1', PORT: '0', FAIRLEAD_AUTH_MODE: 'none', LOG_LEVEL: 'info' },
    FAIRLEAD_DATA_DIR: path.join(folder, 'data'),
    FAIRLEAD_WORKSPACE: await mkdtemp(path.join(folder, 'workspace-')),
    LOG_FILE: path.join(folder, 'log'),
  };
  app = await createApp(
    await loadConfig({ env, cwd: folder }),
    { version: '0.0.0-test' },
    { tools: [traced] },
  );
  url = new URL('/mcp', (await app.listen()).url);
});
afterAll(async () => {
  await app.drain();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  seen.length = 0;
});

type Headers = Readonly<Record<string, string>>;

async function send(body: unknown, headers: Headers): Promise<Response> {
  return await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify(body),
  });
}

const callOf = (meta: object, id = 1) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'see_trace', arguments: {}, _meta: meta },
});

/** Calls the tool in revision 2026-07-28; answers the id under which the request was logged. */
async function call(meta: object, headers: Headers = {}): Promise<string> {
  const response = await send(callOf({ ...modernMeta, ...meta }), {
    'mcp-protocol-version': MODERN,
    'mcp-method': 'tools/call',
    'mcp-name': 'see_trace',
    ...headers,
  });
  expect(await answerOf(response)).toMatchObject({ result: { content: [{ text: 'done' }] } });
  return response.headers.get('x-request-id') ?? '';
}

/** The two lines that a request of the tool leaves: its own and the tool's. */
async function linesOf(requestId: string): Promise<Record<string, unknown>[]> {
  const find = async (): Promise<Record<string, unknown>[]> =>
    (await readFile(path.join(folder, 'log'), 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line['requestId'] === requestId && ['request', 'seen'].includes(String(line['msg'])));
  await expect.poll(find).toHaveLength(2);
  return await find();
}

/** The one trace that all lines of the request name. */
async function loggedTrace(requestId: string): Promise<unknown> {
  const traces = new Set((await linesOf(requestId)).map((line) => line['trace_id']));
  expect(traces.size).toBe(1);
  return [...traces][0];
}

describe('the trace of a request', () => {
  it('is taken from the headers, and named in every line that the request logs', async () => {
    expect(await loggedTrace(await call({}, inHeader))).toBe(HEADER_TRACE);
    expect(seen[0]).toMatchObject({ traceId: HEADER_TRACE, flags: '01', state: 'vendor=header' });
  });

  it('is taken from the message, which goes before the headers', async () => {
    expect(await loggedTrace(await call(inMeta, inHeader))).toBe(META_TRACE);
    expect(seen[0]).toMatchObject({ traceId: META_TRACE, state: 'vendor=meta' });
  });

  it('is not mixed from both', async () => {
    await call({ traceparent: inMeta.traceparent }, { ...inHeader, baggage: 'user=alice' });
    expect(seen[0]).toMatchObject({ traceId: META_TRACE, state: undefined, baggage: undefined });
  });

  it('reaches a tool as one to hand on, with the call as the parent', async () => {
    await call({ ...inMeta, baggage: 'user=alice' });
    await call(inMeta);
    const [first, second] = seen.map((trace) => trace && traceHeaders(trace));
    expect(first).toEqual({
      traceparent: expect.stringMatching(`^00-${META_TRACE}-[0-9a-f]{16}-01$`) as string,
      tracestate: 'vendor=meta',
    });
    expect(first?.['traceparent']).not.toContain(PARENT);
    expect(first?.['traceparent']).not.toBe(second?.['traceparent']);
    expect(seen[0]?.baggage).toBe('user=alice');
  });

  it('is the same where a call takes the long way, with progress', async () => {
    expect(await loggedTrace(await call({ ...inMeta, progressToken: 1 }, inHeader))).toBe(META_TRACE);
    expect(seen[0]).toMatchObject({ traceId: META_TRACE, state: 'vendor=meta' });
  });

  it('is not invented where there is none', async () => {
    expect(await loggedTrace(await call({}))).toBeUndefined();
    expect(seen).toEqual([undefined]);
  });
});

describe('in sessions', () => {
  async function begin(protocolVersion: string): Promise<Headers> {
    const params = { protocolVersion, capabilities: {}, clientInfo: { name: 'test', version: '1' } };
    const response = await send({ jsonrpc: '2.0', id: 0, method: 'initialize', params }, {});
    await response.text();
    return {
      'mcp-session-id': response.headers.get('mcp-session-id') ?? '',
      'mcp-protocol-version': protocolVersion,
    };
  }

  it.each([{}, { progressToken: 1 }])('the message names its trace as well (%j)', async (more) => {
    const session = await begin('2025-11-25');
    const response = await send(callOf({ ...inMeta, ...more }), { ...session, ...inHeader });
    await response.text();
    expect(await loggedTrace(response.headers.get('x-request-id') ?? '')).toBe(META_TRACE);
    expect(seen[0]).toMatchObject({ traceId: META_TRACE });
  });

  it('each message of a batch has its own', async () => {
    const session = await begin('2025-03-26');
    const batch = [callOf(inMeta, 1), callOf({}, 2)];
    await (await send(batch, { ...session, ...inHeader })).text();
    const traces = seen.map((trace) => trace?.traceId);
    expect(traces.toSorted()).toEqual([HEADER_TRACE, META_TRACE]);
  });
});

describe('what is malformed counts as absent', () => {
  const evil = `${inMeta.traceparent}\n{"level":"error","msg":"forged"}`;

  it.each([
    ['a line', evil],
    ['a later version with a line', `01${evil.slice(2)}`],
    ['no text', { evil }],
    ['zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['much of it', inMeta.traceparent.repeat(10_000)],
  ])('in a message: %s', async (_what, traceparent) => {
    expect(await loggedTrace(await call({ traceparent }, inHeader))).toBe(HEADER_TRACE);
    expect(await loggedTrace(await call({ traceparent }))).toBeUndefined();
    expect(await readFile(path.join(folder, 'log'), 'utf8')).not.toContain('forged');
  });

  it.each([
    ['no trace', 'hello'],
    ['two of them', `${inHeader.traceparent}, ${inHeader.traceparent}`],
    ['more than there may be', `${inHeader.traceparent}-${'x'.repeat(5000)}`],
    ['a field of its own', `${inHeader.traceparent}","forged":"1`],
  ])('in a header: %s', async (_what, traceparent) => {
    expect(await loggedTrace(await call({}, { ...inHeader, traceparent }))).toBeUndefined();
    expect(seen).toEqual([undefined]);
  });

  it('a state that could become a header of its own is not handed on', async () => {
    await call({ ...inMeta, tracestate: 'vendor=1\r\nauthorization: Bearer x', baggage: 'a=1\nb=2' });
    expect(seen[0]).toMatchObject({ traceId: META_TRACE, state: undefined, baggage: undefined });
  });

  it('a state of any size leaves the request as it is', async () => {
    const tracestate = Array.from({ length: 5000 }, (_, index) => `k${String(index)}=v`).join(',');
    expect(await loggedTrace(await call({ ...inMeta, tracestate }))).toBe(META_TRACE);
    expect(seen[0]?.state).toBeUndefined();
  });
});
