import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { Pool } from 'undici';
import { afterAll, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import type { Prompt } from '../../src/core/prompt.ts';
import type { ResourceProvider } from '../../src/core/resource.ts';
import { defineTool } from '../../src/core/tool.ts';
import { type FuzzedRequest, fuzzedRequest } from '../fixtures/fuzzed-requests.ts';
import { mcpDefaults, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { openRawSession } from '../fixtures/raw-mcp.ts';

const AT_ONCE = 20;
const ROUNDS = 1050;
const WARM_UP_ROUNDS = 100;
const HEAP_BOUND_MB = 48;
const PATIENCE_MS = 20_000;

const base = { scopes: [], effect: 'read' } as const;
const tools = [
  defineTool({
    ...base,
    name: 'echo_text',
    title: 'Echo',
    description: 'Echoes.',
    input: z.object({ text: z.string().describe('What.'), count: z.int().default(1).describe('How often.') }),
    paramHeaders: { text: 'Text' },
    run(call, { text: said, count }) {
      for (let done = 1; done <= Math.min(count, 3); done++) call.progress(done, count, said);
      call.log('info', said);
      return Promise.resolve({ content: [text(said)] });
    },
  }),
  defineTool({
    ...base,
    name: 'ask_back',
    title: 'Ask',
    description: 'Asks.',
    input: z.object({}),
    async run(call) {
      const fields = z.object({ value: z.string().describe('A value.') });
      const answer = await call.elicit('form', { message: 'What?', fields });
      return { content: [text(answer.action)] };
    },
  }),
  defineTool({
    ...base,
    name: 'hang_on',
    title: 'Hang',
    description: 'Waits until it is ended.',
    input: z.object({}),
    timeoutMs: 30,
    run: (call) =>
      new Promise((_, reject) => {
        call.signal.addEventListener('abort', () => {
          reject(call.signal.reason as Error);
        });
      }),
  }),
];
const notes: ResourceProvider = {
  prefix: 'test://notes/',
  scopes: [],
  templates: [{ uriTemplate: 'test://notes/{id}', name: 'note' }],
  list: () => Promise.resolve({ resources: [{ uri: 'test://notes/1', name: '1' }] }),
  read: (_context, uri) => Promise.resolve([{ uri, text: 'a note' }]),
  complete: () => Promise.resolve(['1']),
  watch: () => ({ follow: () => undefined, close: () => Promise.resolve() }),
};
const prompt: Prompt = {
  name: 'greet_all',
  title: 'Greet',
  description: 'Greets.',
  scopes: [],
  arguments: [],
  get: () => Promise.resolve([{ role: 'user', content: text('hello') }]),
  complete: () => Promise.resolve(['a']),
};

const defaults = mcpDefaults();
const endpoint = await startMcpEndpoint({
  tools,
  resources: [notes],
  prompts: [prompt],
  bodyLimitBytes: 100_000,
  options: {
    askTimeoutMs: 30,
    maxCallMs: 1000,
    streams: { ...defaults.streams, afterMs: 20, keptSeconds: 1, keptEvents: 50 },
  },
});
const pool = new Pool(new URL(endpoint.url).origin, { connections: AT_ONCE });
afterAll(async () => {
  await pool.destroy();
  await endpoint.close();
});

const statuses = new Map<number, number>();

/** Every request is answered, also the one that nobody would wait for. */
async function send(request: FuzzedRequest): Promise<void> {
  const hangUp = new AbortController();
  const timer = setTimeout(() => {
    hangUp.abort(new Error(`No answer to ${JSON.stringify(request)}`));
  }, PATIENCE_MS);
  try {
    await exchange(request, hangUp);
  } finally {
    clearTimeout(timer);
  }
}

/** Sends it and reads what comes, but of a stream that may stand open no more than its head. */
async function exchange({ method, headers, body }: FuzzedRequest, hangUp: AbortController): Promise<void> {
  const {
    statusCode,
    headers: got,
    body: stream,
  } = await pool.request({
    path: '/mcp',
    method,
    headers,
    body: body ?? null,
    signal: hangUp.signal,
  });
  statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
  if (statusCode === 200 && got['content-type'] === 'text/event-stream') {
    stream.on('error', () => undefined);
    hangUp.abort();
    return;
  }
  const answer = await stream.text();
  expect(statusCode, `${answer} for ${JSON.stringify({ method, headers, body })}`).toBeLessThan(500);
  expect(answer).not.toMatch(/node_modules|\.m?[jt]s:\d+:\d+|\n\s+at /);
}

async function heapMb(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 3; turn++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed / 2 ** 20;
}

async function isQuiet(): Promise<void> {
  await expect.poll(() => endpoint.mcp.runningCalls, { timeout: 10_000 }).toBe(0);
  await expect.poll(() => endpoint.telemetry.openStreams, { timeout: 10_000 }).toBe(0);
}

async function fuzz(rounds: number): Promise<number> {
  const sessions = await Promise.all(
    ['2025-11-25', '2025-06-18', '2025-03-26'].map(async (protocolVersion) => {
      const session = await openRawSession(endpoint.url, {
        protocolVersion,
        capabilities: { elicitation: {} },
      });
      return [protocolVersion, session.id] as const;
    }),
  );
  const known = {
    tools: tools.map(({ name }) => name),
    uris: ['test://notes/1', 'test://notes/{id}'],
    prompts: [prompt.name],
    sessions,
    events: [`${'A'.repeat(16)}.1`, 'changes.1', 'changes.at-1'],
  };
  let sent = 0;
  const together = fc.array(fuzzedRequest(known), { minLength: AT_ONCE, maxLength: AT_ONCE });
  await fc.assert(
    fc.asyncProperty(together, async (requests) => {
      sent += requests.length;
      await Promise.all(requests.map(send));
    }),
    { numRuns: rounds, endOnFailure: true },
  );
  return sent;
}

it(
  'twenty thousand requests of every kind end without a failure, a crash or a leak',
  { timeout: 240_000 },
  async () => {
    await fuzz(WARM_UP_ROUNDS);
    await isQuiet();
    const before = await heapMb();
    const sent = await fuzz(ROUNDS);
    expect(sent).toBeGreaterThanOrEqual(20_000);
    await isQuiet();
    const after = await heapMb();
    const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
    process.stdout.write(
      `${sent} requests; heap ${before.toFixed(1)} MB before, ${after.toFixed(1)} MB after; ${counts.join(', ')}\n`,
    );
    expect(after - before).toBeLessThan(HEAP_BOUND_MB);
    // Every part was reached: answers, refusals, sessions that are none.
    for (const status of [200, 202, 400, 404, 405, 406, 415])
      expect(statuses.get(status), String(status)).toBeGreaterThan(0);
    const session = await openRawSession(endpoint.url);
    expect((await session.request('tools/list')).status).toBe(200);
  },
);
