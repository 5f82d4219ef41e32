import { access, mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RawClient, modernClient } from '../fixtures/raw-mcp.ts';
import { TASK_CLIENT } from '../fixtures/task-endpoints.ts';
import { deploy, type Deployment } from './deployment.ts';
import { SHARED_STORES } from './shared-stores.ts';

let deployment: Deployment;

function client(index: number): RawClient {
  return modernClient(deployment.urls[index] ?? '', { capabilities: TASK_CLIENT });
}

async function resultOf(from: RawClient, method: string, params: Record<string, unknown>) {
  return (await (await from.request(method, params)).response()).result;
}

async function begin(from: RawClient, name: string, args: object): Promise<string> {
  const result = await resultOf(from, 'tools/call', { name, arguments: args });
  expect(result).toMatchObject({ resultType: 'task', status: 'working' });
  return String(result?.['taskId']);
}

/** Work of one step, which is done when its file is made. */
async function steps() {
  const folder = await mkdtemp(path.join(deployment.folder, 'steps-'));
  return {
    args: { folder, steps: 1 },
    finish: () => writeFile(path.join(folder, '1'), ''),
    wasCancelled: () =>
      access(path.join(folder, 'cancelled')).then(
        () => true,
        () => false,
      ),
  };
}

async function reach(status: string, from: RawClient, taskId: string) {
  const look = () => resultOf(from, 'tasks/get', { taskId });
  await expect.poll(async () => (await look())?.['status'], { timeout: 20_000, interval: 100 }).toBe(status);
  return look();
}

describe.each(SHARED_STORES)('processes that share %s', (_name, openStore) => {
  beforeAll(async () => {
    deployment = await deploy(2, await openStore());
  });
  afterAll(() => deployment.stop());

  it('show a task that one of them runs, and its result', async () => {
    const work = await steps();
    const taskId = await begin(client(0), 'follow_steps_later', work.args);
    expect(await resultOf(client(1), 'tasks/get', { taskId })).toMatchObject({ status: 'working' });
    await work.finish();
    expect(await reach('completed', client(1), taskId)).toMatchObject({
      result: { content: [{ text: expect.stringContaining('1 steps') as string }] },
    });
  });

  it('bring answers to a task that another one runs', async () => {
    const taskId = await begin(client(0), 'ask_name_later', {});
    await reach('input_required', client(1), taskId);
    const inputResponses = { name: { action: 'accept', content: { name: 'Ann' } } };
    await resultOf(client(1), 'tasks/update', { taskId, inputResponses });
    expect(await reach('completed', client(1), taskId)).toMatchObject({
      result: { content: [{ text: 'Ann' }] },
    });
  });

  it('cancel the work of a task that another one runs', async () => {
    const work = await steps();
    const taskId = await begin(client(0), 'follow_steps_later', work.args);
    await resultOf(client(1), 'tasks/cancel', { taskId });
    await reach('cancelled', client(1), taskId);
    await expect.poll(work.wasCancelled).toBe(true);
  });

  it('tell who listens how a task goes on that another one runs', async () => {
    const work = await steps();
    const taskId = await begin(client(0), 'follow_steps_later', work.args);
    const { stream } = await client(1).request('subscriptions/listen', {
      notifications: { taskIds: [taskId] },
    });
    await stream?.of('notifications/subscriptions/acknowledged');
    await work.finish();
    const ended = await stream?.message(
      ({ method, params }) => method === 'notifications/tasks' && params?.['status'] === 'completed',
    );
    expect(ended?.params).toMatchObject({ taskId, result: { content: [{}] } });
    stream?.close();
  });

  it('show as failed what was run by one that died, and keep what it has ended', async () => {
    const [ended, lost] = [await steps(), await steps()];
    const endedId = await begin(client(0), 'follow_steps_later', ended.args);
    const lostId = await begin(client(0), 'follow_steps_later', lost.args);
    await ended.finish();
    await reach('completed', client(1), endedId);
    await deployment.kill(0);
    expect(await reach('failed', client(1), lostId)).toMatchObject({
      error: { code: -32603, message: expect.stringContaining('has died') as string },
    });
    expect(await resultOf(client(1), 'tasks/get', { taskId: endedId })).toMatchObject({
      status: 'completed',
    });
    await deployment.restart(0);
    expect(await resultOf(client(0), 'tasks/get', { taskId: lostId })).toMatchObject({ status: 'failed' });
  });
});
