import {
  type ConnectedMcpSessionPort,
  createApplicationInputHandler,
  resultFromTaskOutcome,
  type TaskEnabledSession,
  withTasks,
} from '@modelcontextprotocol/ext-tasks/client';
import { isDetailedTaskV2, isToolCallTaskResultV2 } from '@modelcontextprotocol/ext-tasks/core/v2';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { modernClient } from '../fixtures/raw-mcp.ts';
import { send, startTaskEndpoints, TASK_CLIENT } from '../fixtures/task-endpoints.ts';

// The extension's own client package, which knows nothing of this server.

const endpoints = await startTaskEndpoints();
afterAll(() => endpoints.close());
const { gates, here, there, reach } = endpoints;

/** A session whose requests alternate between the two processes. */
function openSession(subject: string): TaskEnabledSession {
  const clients = [here, there].map(({ url }) =>
    modernClient(url, { capabilities: TASK_CLIENT, headers: { 'x-subject': subject } }),
  );
  const port: ConnectedMcpSessionPort = {
    endpointId: 'test',
    invalidated: false,
    taskCapabilities: { generation: 'v2', capabilities: {} },
    onServerRequest: () => () => undefined,
    onNotification: () => () => undefined,
    onInvalidated: () => () => undefined,
    dispatch: async (request) => {
      const { method, params } = request as { method: string; params: Record<string, unknown> };
      // It declares the extension alone: what its host can be asked is the host's to add.
      const declared = { ...params, _meta: {} };
      const client = clients.shift();
      if (client === undefined) throw new Error('No client');
      clients.push(client);
      const { result, error } = await (await client.request(method, declared)).response();
      return error === undefined
        ? { kind: 'result', result: result as never }
        : { kind: 'error', error: error as never };
    },
  };
  const session = withTasks(port, {
    onInputRequest: createApplicationInputHandler({
      elicitation: ({ params: { message } }) => ({
        action: 'accept',
        content: { name: typeof message === 'string' ? message : '' },
      }),
      sampling: () => Promise.reject(new Error('Not asked for')),
      roots: () => ({ roots: [] }),
    }),
  });
  onTestFinished(() => session.close());
  return session;
}

describe("the extension's own client", () => {
  it('gets the result of a call that became a task, over whichever process', async () => {
    const execution = await openSession('official').callTool('wait_long', { gate: 'official' });
    expect(execution.kind).toBe('task');
    await gates.release('official');
    const { outcome } = await execution.settle();
    expect(resultFromTaskOutcome(outcome)).toMatchObject({ content: [{ text: 'official is over' }] });
  });

  it('answers what a task asks', async () => {
    const execution = await openSession('answering').callTool('ask_names', {});
    const { outcome } = await execution.settle();
    const names = ['Who?', 'And who?'].map((name) => ({ action: 'accept', content: { name } }));
    expect(resultFromTaskOutcome(outcome)).toMatchObject({ content: [{ text: JSON.stringify(names) }] });
  });

  it('answers in rounds what a call asks before it becomes a task', async () => {
    const execution = await openSession('rounds').callTool('ask_first', {});
    expect(execution.kind).toBe('task');
    const { outcome } = await execution.settle();
    expect(outcome).toMatchObject({ status: 'completed', result: { content: [{}] } });
  });

  it('cancels, and learns of failures', async () => {
    const session = openSession('failing');
    const execution = await session.callTool('wait_long', { gate: 'given-up' });
    await gates.reached('given-up');
    await execution.cancel();
    expect((await execution.settle()).outcome.status).toBe('cancelled');
    const broken = await session.callTool('fail_within', {});
    expect((await broken.settle()).outcome).toMatchObject({ status: 'failed', error: { code: -32603 } });
    const known = await session.callTool('fail_known', {});
    expect((await known.settle()).outcome).toMatchObject({ status: 'completed', result: { isError: true } });
  });

  it('finds every answer well-formed', async () => {
    const call = { name: 'ask_names', arguments: {} };
    const created = (await send(here, 'tools/call', call, 'formal')).result;
    expect(isToolCallTaskResultV2('tools/call', created)).toBe(true);
    const taskId = created?.taskId ?? '';
    expect(isDetailedTaskV2(await reach('input_required', taskId, 'formal'))).toBe(true);
    await send(here, 'tasks/cancel', { taskId }, 'formal');
    expect(isDetailedTaskV2(await reach('cancelled', taskId, 'formal'))).toBe(true);
    for (const [tool, status] of [
      ['fail_known', 'completed'],
      ['fail_within', 'failed'],
    ] as const) {
      const failing = (await send(here, 'tools/call', { name: tool, arguments: {} }, 'formal')).result;
      expect(isDetailedTaskV2(await reach(status, failing?.taskId ?? '', 'formal')), tool).toBe(true);
    }
  });
});
