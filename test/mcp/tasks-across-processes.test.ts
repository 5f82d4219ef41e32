import { isTaskStatusNotificationV2 } from '@modelcontextprotocol/ext-tasks/core/v2';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import type { McpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { modernClient } from '../fixtures/raw-mcp.ts';
import { declaring, send, startTaskEndpoints, TASK_CLIENT, TASKS } from '../fixtures/task-endpoints.ts';

const endpoints = await startTaskEndpoints();
afterAll(() => endpoints.close());
const { gates, here, there, start, reach, options, store, another } = endpoints;

/** The store as a process sees it for whom one of its verbs does something else. */
function withVerb<V extends keyof Store>(verb: V, does: Store[V]): Store {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === verb) return does;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

describe('a task that asks', () => {
  const answered = (name: string) => ({ action: 'accept', content: { name } });

  it('waits for answers that any process takes, in any number', async () => {
    const subject = 'asked';
    const taskId = await start('ask_names', subject);
    const asking = await reach('input_required', taskId, subject);
    expect(asking['inputRequests']).toMatchObject({
      one: { method: 'elicitation/create', params: { mode: 'form', message: 'Who?' } },
      two: { method: 'elicitation/create', params: { message: 'And who?' } },
    });
    const first = { one: answered('Ann'), none: answered('Eve') };
    const { result } = await send(there, 'tasks/update', { taskId, inputResponses: first }, subject);
    expect(Object.keys(result ?? {}).toSorted()).toEqual(['_meta', 'resultType']);
    const half = (await send(here, 'tasks/get', { taskId }, subject)).result;
    expect(half?.status).toBe('input_required');
    expect(Object.keys(half?.['inputRequests'] as object)).toEqual(['two']);
    const second = { one: answered('Mallory'), two: answered('Bob') };
    await send(there, 'tasks/update', { taskId, inputResponses: second }, subject);
    expect(await reach('completed', taskId, subject)).toMatchObject({
      result: { content: [{ text: JSON.stringify([answered('Ann'), answered('Bob')]) }] },
    });
  });

  it('shows no question any more to which an answer was taken, read by the work or not', async () => {
    // A process that does not get to read.
    const slow = await another(
      {},
      withVerb('readAfter', () => Promise.resolve([])),
    );
    onTestFinished(() => slow.close());
    const { result } = await send(slow, 'tools/call', { name: 'ask_names', arguments: {} }, 'moment');
    const taskId = result?.taskId ?? '';
    await reach('input_required', taskId, 'moment');
    await send(there, 'tasks/update', { taskId, inputResponses: { one: answered('Ann') } }, 'moment');
    const half = (await send(there, 'tasks/get', { taskId }, 'moment')).result;
    expect(Object.keys(half?.['inputRequests'] as object)).toEqual(['two']);
    await send(there, 'tasks/update', { taskId, inputResponses: { two: answered('Bob') } }, 'moment');
    expect(await reach('working', taskId, 'moment')).not.toHaveProperty('inputRequests');
  });

  it('is not answered by an update without answers', async () => {
    const taskId = await start('ask_names', 'empty');
    await reach('input_required', taskId, 'empty');
    const { error } = await send(there, 'tasks/update', { taskId }, 'empty');
    expect(error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('inputResponses') as string,
    });
  });

  it('can be cancelled', async () => {
    const taskId = await start('ask_names', 'unasked');
    await reach('input_required', taskId, 'unasked');
    await send(there, 'tasks/cancel', { taskId }, 'unasked');
    expect(await reach('cancelled', taskId, 'unasked')).not.toHaveProperty('inputRequests');
  });

  it('that must know something first asks in rounds, and begins with the answers', async () => {
    const call = { name: 'ask_first', arguments: {} };
    const { result: round } = await send(here, 'tools/call', call, 'careful');
    expect(round).toMatchObject({ resultType: 'input_required', inputRequests: { one: {} } });
    expect(round).not.toHaveProperty('taskId');
    const again = {
      ...call,
      requestState: round?.['requestState'],
      inputResponses: { one: answered('Ann') },
    };
    const { result } = await send(here, 'tools/call', again, 'careful');
    expect(result).toMatchObject({ resultType: 'task', status: 'working' });
    expect(result).not.toHaveProperty('requestState');
    expect(await reach('completed', result?.taskId ?? '', 'careful')).toMatchObject({
      result: { content: [{ text: JSON.stringify(answered('Ann')) }] },
    });
  });

  it('that must know something first does not begin with an answer that does not fit', async () => {
    const wrong = { one: { action: 'accept', content: { nom: 'Ann' } } };
    const call = { name: 'ask_first', arguments: {}, inputResponses: wrong };
    expect((await send(here, 'tools/call', call)).result).toMatchObject({
      resultType: 'complete',
      isError: true,
      _meta: { code: 'INVALID_ARGUMENT' },
    });
  });

  it('learns that its client cannot answer', async () => {
    const params = { ...declaring({ extensions: { [TASKS]: {} } }), name: 'ask_names', arguments: {} };
    const { result } = await send(here, 'tools/call', params, 'mute');
    expect(await reach('completed', result?.taskId ?? '', 'mute')).toMatchObject({
      result: { isError: true, _meta: { code: 'CLIENT_CANNOT_ANSWER' } },
    });
  });
});

describe('the number of tasks of a principal', () => {
  const call = (endpoint: McpEndpoint, subject: string, name = 'wait_long') =>
    send(endpoint, 'tools/call', { name, arguments: { gate: subject } }, subject);

  it('is bounded as long as they run', async () => {
    await start('wait_long', 'first', 'busy');
    await start('wait_long', 'second', 'busy');
    expect((await call(here, 'busy')).result).toMatchObject({
      resultType: 'complete',
      isError: true,
      _meta: { code: 'BUSY' },
    });
    expect(here.telemetry.toolCalls).toContain('wait_long:busy');
    await start('wait_long', 'other', 'not-busy');
    await gates.release('first');
    await expect.poll(async () => (await call(here, 'busy')).result?.['resultType']).toBe('task');
  });

  it('is bounded as long as they are kept, over all processes', async () => {
    const [one, two] = [await another({ startsPerPrincipal: 2 }), await another({ startsPerPrincipal: 2 })];
    onTestFinished(async () => {
      await Promise.all([one.close(), two.close()]);
    });
    expect((await call(one, 'eager', 'fail_known')).result?.['resultType']).toBe('task');
    expect((await call(two, 'eager', 'fail_known')).result?.['resultType']).toBe('task');
    expect((await call(one, 'eager', 'fail_known')).result).toMatchObject({
      isError: true,
      _meta: { code: 'BUSY', retry_after: options.tasks.ttlMs / 1000 },
    });
  });
});

describe('whoever follows tasks', () => {
  const follower = (subject: string, capabilities = TASK_CLIENT) =>
    modernClient(there.url, { capabilities, headers: { 'x-subject': subject } });

  it('is told in any process of each status, and of nothing of others', async () => {
    const subject = 'following';
    const taskId = await start('ask_names', subject);
    const foreign = await start('wait_long', 'followed');
    const { stream } = await follower(subject).request('subscriptions/listen', {
      notifications: { taskIds: [taskId, foreign, 'x'] },
    });
    onTestFinished(() => {
      stream?.close();
    });
    const acknowledged = await stream?.of('notifications/subscriptions/acknowledged');
    expect(acknowledged?.params).toMatchObject({ notifications: { taskIds: [taskId] } });
    const told = () => (stream?.messages ?? []).filter(({ method }) => method === 'notifications/tasks');
    const statuses = () => told().map(({ params }) => params?.['status']);
    await expect.poll(statuses).toContain('input_required');
    await send(here, 'tasks/cancel', { taskId }, subject);
    await expect.poll(statuses).toContain('cancelled');
    for (const message of told()) {
      expect(isTaskStatusNotificationV2(message)).toBe(true);
      expect(message.params).toMatchObject({
        taskId,
        _meta: { 'io.modelcontextprotocol/subscriptionId': 1 },
      });
    }
    const { result } = await send(here, 'tasks/get', { taskId }, subject);
    const shown = ['status', 'statusMessage', 'createdAt', 'lastUpdatedAt', 'ttlMs', 'pollIntervalMs'];
    for (const name of shown) expect(told().at(-1)?.params?.[name], name).toEqual(result?.[name]);
  });

  it('has to declare the extension', async () => {
    const answer = await follower('undeclared', {} as typeof TASK_CLIENT).request('subscriptions/listen', {
      notifications: { taskIds: ['x'] },
    });
    expect(answer.status).toBe(400);
    expect(answer.json?.error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { extensions: { [TASKS]: {} } } },
    });
  });
});

describe('the end of a process', () => {
  async function begin(endpoint: McpEndpoint, gate: string): Promise<string> {
    const { result } = await send(endpoint, 'tools/call', { name: 'wait_long', arguments: { gate } }, gate);
    await gates.reached(gate);
    return result?.taskId ?? '';
  }

  it('waits for its tasks', async () => {
    const ending = await another();
    const taskId = await begin(ending, 'waited-for');
    const finished = ending.mcp.finishTasks(60_000);
    await gates.release('waited-for');
    await finished;
    expect((await send(there, 'tasks/get', { taskId }, 'waited-for')).result?.status).toBe('completed');
    await ending.close();
  });

  it('ends those that do not end in time, which are shown as failed', async () => {
    const ending = await another();
    const taskId = await begin(ending, 'too-long');
    await ending.mcp.finishTasks(1);
    expect(gates.stopped).toContain('too-long');
    expect((await send(there, 'tasks/get', { taskId }, 'too-long')).result).toMatchObject({
      status: 'failed',
      error: { code: -32603, message: expect.stringContaining('was stopped') as string },
    });
    await ending.close();
  });

  it('without a word is noticed by whoever asks, and a late result is not taken any more', async () => {
    let isDead = false;
    // The store of a process whose heartbeat stops.
    const silent = withVerb('put', (...args) => (isDead ? Promise.resolve() : store.put(...args)));
    const dying = await another({}, silent);
    const taskId = await begin(dying, 'orphan');
    isDead = true;
    const processes = (await store.scan('mcp:process:', 100)).keys;
    await Promise.all(processes.map((key) => store.take(key)));
    await expect
      .poll(async () => (await send(there, 'tasks/get', { taskId }, 'orphan')).result, { timeout: 10_000 })
      .toMatchObject({
        status: 'failed',
        error: { code: -32603, message: expect.stringContaining('has died') as string },
      });
    await gates.release('orphan');
    await expect.poll(() => dying.mcp.runningCalls).toBe(0);
    await dying.close();
    expect((await send(there, 'tasks/get', { taskId }, 'orphan')).result?.status).toBe('failed');
  });
});
