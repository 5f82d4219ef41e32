import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Processes } from '../../src/core/processes.ts';
import { createTools } from '../../src/tools/index.ts';
import { toolsOptions } from '../../src/tools/options.ts';
import { shellJob } from '../fixtures/job-tools.ts';
import { type McpEndpoint, MODERN, modernMeta, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { openRawSession } from '../fixtures/raw-mcp.ts';
import { openSseSession } from '../fixtures/sse-client.ts';
import { send } from '../fixtures/task-endpoints.ts';
import { openToolsContext } from '../fixtures/tools-context.ts';

// Real work, as no stand-in shows whether a statement really ends: one engine, so that the next statement has to
// wait for as long as this one holds it.

const ENDLESS = 'SELECT count(*) AS n FROM range(1000000000000) t(i) WHERE i % 7 = 3';
const JOB = shellJob('spin', 'while :; do :; done', { graceSeconds: 0.1 });
const ID = 'the-call';
const SOON = { timeout: 15_000 };

let endpoint: McpEndpoint;
let close = (): Promise<void> => Promise.resolve();
/** Of all that the tools have started. */
const pids = new Set<number>();

beforeAll(async () => {
  const workspace = mkdtempSync(join(tmpdir(), 'fairlead-cancelling-'));
  const context = await openToolsContext();
  const processes: Processes = Object.assign(Object.create(context.processes) as Processes, {
    start: (order: Parameters<Processes['start']>[0]) => {
      const started = context.processes.start(order);
      if (started.child.pid !== undefined) pids.add(started.child.pid);
      return started;
    },
  });
  const options = { files: { workspace }, data: { engine: { processes: 1 } }, jobs: { jobs: [JOB] } };
  const tools = await createTools(toolsOptions.parse(options), { ...context, processes });
  endpoint = await startMcpEndpoint({ tools: tools.tools });
  close = async () => {
    await endpoint.close();
    await tools.close();
    await context.release();
    rmSync(workspace, { recursive: true });
  };
});
afterAll(() => close());

/** Processor time that what was started has used, in ticks of 10 ms. */
async function ticks(): Promise<number> {
  const used = [...pids].map(async (pid) => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  });
  return (await Promise.all(used)).reduce((sum, one) => sum + one, 0);
}

async function isBusy(): Promise<boolean> {
  const before = await ticks();
  await delay(150);
  return (await ticks()) - before > 5;
}

interface Work {
  readonly name: string;
  readonly arguments: object;
}

const QUERY: Work = { name: 'query_data', arguments: { sql: ENDLESS } };
const EXPORT: Work = { name: 'export_data', arguments: { sql: ENDLESS, path: 'counted.csv' } };
const RUN: Work = { name: 'run_job', arguments: { job: 'spin', wait_s: 500 } };

interface Started {
  cancel(): Promise<unknown>;
  /** What the client has been answered to the call when it has ended. */
  answered(): Promise<unknown>;
}

const message = (work: Work) => ({ jsonrpc: '2.0', id: ID, method: 'tools/call', params: work });

async function inSession(work: Work): Promise<Started> {
  const session = await openRawSession(endpoint.url);
  const answering = session.request('tools/call', { ...work }, {}, ID);
  return {
    cancel: () => session.notify('notifications/cancelled', { requestId: ID }),
    answered: async () => {
      const { json, stream } = await answering;
      await stream?.end();
      return json ?? stream?.messages.find(({ id }) => id === ID);
    },
  };
}

async function overSse(work: Work): Promise<Started> {
  const client = await openSseSession(endpoint.url);
  await client.post(message(work));
  return {
    cancel: () => client.notify('notifications/cancelled', { requestId: ID }),
    answered: async () => {
      // Whatever was to come before it would have come.
      await client.request('ping');
      return client.stream.messages.find(({ id }) => id === ID);
    },
  };
}

async function withoutItsStream(work: Work): Promise<Started> {
  const client = await openSseSession(endpoint.url);
  await client.post(message(work));
  return {
    cancel: () => {
      client.stream.close();
      return Promise.resolve();
    },
    answered: () => Promise.resolve(client.stream.messages.find(({ id }) => id === ID)),
  };
}

function overOneConnection(work: Work): Promise<Started> {
  const controller = new AbortController();
  const headers = { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': work.name };
  const body = { ...message(work), params: { ...work, _meta: modernMeta } };
  const answering = endpoint.post(body, headers, controller.signal).then(
    (response) => response.text(),
    () => undefined,
  );
  return Promise.resolve({
    cancel: () => {
      controller.abort();
      return Promise.resolve();
    },
    answered: () => answering,
  });
}

describe.each([
  ['a notification in a session of 2025-11-25', inSession],
  ['a notification over HTTP+SSE', overSse],
  ['the end of its HTTP+SSE stream', withoutItsStream],
  ['the end of its connection in 2026-07-28', overOneConnection],
] as const)('%s', (_how, begin) => {
  it.each([
    ['a statement', QUERY],
    ['a job', RUN],
  ])('ends %s, and answers nothing', async (_what, work) => {
    const started = await begin(work);
    await expect.poll(isBusy, SOON).toBe(true);
    await started.cancel();
    await expect.poll(isBusy, SOON).toBe(false);
    await expect.poll(() => endpoint.mcp.runningCalls).toBe(0);
    expect(await started.answered()).toBeUndefined();
    await nextGoesOn();
  });
});

describe('tasks/cancel', () => {
  it.each([
    ['an export', EXPORT],
    ['a job', RUN],
  ])('ends %s, and the task is cancelled', async (_what, work) => {
    const { result } = await send(endpoint, 'tools/call', work);
    const taskId = result?.taskId ?? '';
    await expect.poll(isBusy, SOON).toBe(true);
    await send(endpoint, 'tasks/cancel', { taskId });
    await expect.poll(isBusy, SOON).toBe(false);
    await expect
      .poll(async () => (await send(endpoint, 'tasks/get', { taskId })).result?.status, SOON)
      .toBe('cancelled');
    await nextGoesOn();
  });
});

/** What was held is free: the one engine, the one place of the job. */
async function nextGoesOn(): Promise<void> {
  const session = await openRawSession(endpoint.url);
  const sql = { sql: 'SELECT 42 AS n' };
  expect(
    JSON.stringify(await session.result('tools/call', { name: 'query_data', arguments: sql })),
  ).toContain('42');
  const run = { name: 'run_job', arguments: { job: 'spin', wait_s: 0 } };
  const told = JSON.stringify(await session.result('tools/call', run));
  const [, id] = /run ([\w-]{24}): spin is running/.exec(told) ?? [];
  expect(id, told).toBeDefined();
  await session.result('tools/call', { name: 'cancel_job', arguments: { run_id: id } });
}
