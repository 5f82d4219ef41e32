import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { type FairleadProcess, startFairlead } from '../fixtures/fairlead-process.ts';
import { initializeMessage, openRawSession } from '../fixtures/raw-mcp.ts';

const SESSIONS = 10_000;
const STREAMS = 1000;
const AT_ONCE = 8;

let server: FairleadProcess;

beforeAll(async () => {
  server = await startFairlead(
    {
      FAIRLEAD_AUTH_MODE: 'none',
      FAIRLEAD_HTTP_RATE_LIMITS_MCP_PER_MINUTE: '1000000',
      FAIRLEAD_MCP_STREAMS_PER_PRINCIPAL: String(STREAMS),
      LOG_LEVEL: 'error',
    },
    ['--expose-gc', fileURLToPath(new URL('serve.ts', import.meta.url))],
  );
});
afterAll(() => server.stop());

interface Memory {
  readonly heap: number;
  readonly rss: number;
}

let measured = 0;

/** What the server holds after a collection, in bytes. */
async function memory(): Promise<Memory> {
  const lines = (): string[] =>
    server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{"memory"'));
  server.child.kill('SIGUSR2');
  measured++;
  await expect.poll(() => lines().length, { timeout: 10_000 }).toBe(measured);
  return (JSON.parse(lines().at(-1) ?? '') as { memory: Memory }).memory;
}

async function openSessions(count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await openSession(agent);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  agent.destroy();
}

function openSession(agent: Agent): Promise<void> {
  const body = JSON.stringify(initializeMessage());
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'content-length': Buffer.byteLength(body),
    };
    const request = httpRequest(server.mcpUrl, { method: 'POST', agent, headers }, (response) => {
      if (typeof response.headers['mcp-session-id'] !== 'string') reject(new Error(`${response.statusCode}`));
      response.resume().once('end', resolve);
    });
    request.once('error', reject).end(body);
  });
}

it('holds nothing for sessions that were opened and abandoned', { timeout: 120_000 }, async () => {
  // What is made once is made: caches are full, code is compiled.
  await openSessions(2000);
  const before = await memory();
  await openSessions(SESSIONS);
  const after = await memory();
  report(
    `${SESSIONS} abandoned sessions: heap ${megabytes(before.heap)} before, ${megabytes(after.heap)} after`,
  );
  expect(after.heap).toBeLessThan(before.heap * 1.05);
});

it('holds a bounded amount for each idle stream, and gives it back', { timeout: 120_000 }, async () => {
  const session = await openRawSession(server.mcpUrl.href);
  const before = await memory();
  const streams = await openStreams(session.headers);
  const during = await memory();
  const heap = (during.heap - before.heap) / STREAMS;
  const rss = (during.rss - before.rss) / STREAMS;
  report(`${STREAMS} idle streams: ${kilobytes(heap)} of heap and ${kilobytes(rss)} resident each`);
  expect(heap).toBeLessThan(64 * 1024);
  for (const stream of streams) stream.destroy();
  await expect
    .poll(async () => (await memory()).heap, { timeout: 30_000, interval: 500 })
    .toBeLessThan(before.heap * 1.1);
});

/** One session has one stream, so each stream is one of its own session's. */
async function openStreams(headers: Readonly<Record<string, string>>): Promise<ClientRequest[]> {
  const streams: ClientRequest[] = [];
  for (let count = 0; count < STREAMS; count++) {
    const session = await openRawSession(server.mcpUrl.href);
    streams.push(await openStream({ ...headers, ...session.headers }));
  }
  return streams;
}

function openStream(headers: Readonly<Record<string, string>>): Promise<ClientRequest> {
  return new Promise((resolve, reject) => {
    const options = { agent: false as const, headers: { ...headers, accept: 'text/event-stream' } };
    const request = httpRequest(server.mcpUrl, options, (response: IncomingMessage) => {
      if (response.statusCode !== 200) reject(new Error(`${response.statusCode}`));
      response.on('error', () => undefined).resume();
      resolve(request);
    });
    request.on('error', reject).end();
  });
}

/** Figures belong to whoever reads the output of the run. */
function report(line: string): void {
  process.stdout.write(`${line}\n`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} kB`;
}
