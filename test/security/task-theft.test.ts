import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import type { Store } from '../../src/core/store.ts';
import { defineTool } from '../../src/core/tool.ts';
import { openStore } from '../../src/store/index.ts';
import { answerOf, type McpEndpoint, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { modernClient } from '../fixtures/raw-mcp.ts';
import { recordTelemetry } from '../fixtures/recorded-telemetry.ts';
import { type Answer, declaring, Gates, TASK_CLIENT } from '../fixtures/task-endpoints.ts';

const gates = new Gates();
const read = defineTool({
  name: 'read_secret',
  title: 'Read a secret',
  description: 'Reads what only some may read.',
  scopes: ['files:read'],
  effect: 'read',
  input: z.object({}),
  task: 'required',
  run: async (call) => {
    await gates.wait('secret', call);
    const { who } = await call.ask({
      who: { method: 'elicitation/create', params: { message: 'Who?', requestedSchema: {} } },
    });
    return { content: [text(`the secret of ${JSON.stringify(who)}`)] };
  },
});

let store: Store;
let granted: McpEndpoint;
/** Another process, for tokens that do not allow to read. */
let narrow: McpEndpoint;
let taskId: string;

const OWNER = { 'x-subject': 'alice', 'x-client': 'her-client' };
const THIEVES: [string, Record<string, string>][] = [
  ['another subject', { 'x-subject': 'mallory', 'x-client': 'her-client' }],
  ['another client of the same subject', { 'x-subject': 'alice', 'x-client': 'other-client' }],
  ['a subject whose name ends where the client begins', { 'x-subject': 'aliceher', 'x-client': '-client' }],
];

beforeAll(async () => {
  store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
  granted = await startMcpEndpoint({ tools: [read], scopes: ['files:read'], store });
  narrow = await startMcpEndpoint({ tools: [read], scopes: [], store });
  const { result } = await send(granted, 'tools/call', { name: 'read_secret', arguments: {} });
  taskId = result?.taskId ?? '';
});
afterAll(async () => {
  await granted.close();
  await narrow.close();
  await store.close();
});

async function send(
  endpoint: McpEndpoint,
  method: string,
  params: object,
  headers: Record<string, string> = OWNER,
): Promise<Answer> {
  const declared = { ...declaring(TASK_CLIENT), ...params };
  return await answerOf(await endpoint.modern(method, declared, headers));
}

/** The answer without what differs from one request to the next. */
async function refusal(method: string, id: string, headers: Record<string, string>) {
  const inputResponses = { who: { action: 'accept', content: {} } };
  return send(granted, method, { taskId: id, inputResponses }, headers);
}

describe.each(THIEVES)('%s', (_who, headers) => {
  it.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    'gets by %s for a stolen id what an unknown one brings',
    async (method) => {
      const stolen = await refusal(method, taskId, headers);
      expect(stolen.error?.code).toBe(-32602);
      expect(stolen).toEqual(await refusal(method, 'A'.repeat(32), headers));
    },
  );

  it('is not told how a stolen task goes on', async () => {
    const client = modernClient(granted.url, { capabilities: TASK_CLIENT, headers });
    const { stream } = await client.request('subscriptions/listen', {
      notifications: { taskIds: [taskId], toolsListChanged: true },
    });
    const acknowledged = await stream?.of('notifications/subscriptions/acknowledged');
    expect(acknowledged?.params?.['notifications']).toEqual({ toolsListChanged: true });
    stream?.close();
  });
});

it('the owner gets nothing either with a token that does not allow what the task does', async () => {
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
    const { error } = await send(narrow, method, { taskId, inputResponses: {} });
    expect(error).toMatchObject({ code: -32603, data: { code: 'SCOPE_REQUIRED' } });
  }
});

it('after all that the task is as it was, and its owner gets what it brings', async () => {
  const status = async () => (await send(granted, 'tasks/get', { taskId })).result?.status;
  expect(await status()).toBe('working');
  await gates.release('secret');
  await expect.poll(status).toBe('input_required');
  for (const [, headers] of THIEVES) await refusal('tasks/update', taskId, headers);
  const who = { action: 'accept', content: { name: 'Alice' } };
  await send(granted, 'tasks/update', { taskId, inputResponses: { who } });
  await expect.poll(status).toBe('completed');
  const { result } = await send(granted, 'tasks/get', { taskId });
  expect(result?.['result']).toMatchObject({
    content: [{ text: `the secret of ${JSON.stringify(who)}` }],
  });
});

it('ids cannot be guessed from one another', async () => {
  const calls = Array.from({ length: 3 }, (_, index) =>
    send(granted, 'tools/call', { name: 'read_secret', arguments: {} }, { 'x-subject': `subject-${index}` }),
  );
  const ids = (await Promise.all(calls)).map(({ result }) => result?.taskId ?? '');
  for (const id of ids) expect(Buffer.from(id, 'base64url')).toHaveLength(24);
  const prefixes = ids.map((id) => id.slice(0, 6));
  expect(new Set(prefixes).size).toBe(ids.length);
});
