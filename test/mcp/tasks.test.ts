import { afterAll, describe, expect, it } from 'vitest';
import { answerOf } from '../fixtures/mcp-endpoint.ts';
import {
  type Answer,
  declaring,
  send,
  startTaskEndpoints,
  TASK_CLIENT,
  TASKS,
} from '../fixtures/task-endpoints.ts';

const endpoints = await startTaskEndpoints();
afterAll(() => endpoints.close());
const { gates, here, there, start, reach, options } = endpoints;

const INVALID = { code: -32602, message: expect.stringContaining('Unknown task') as string };
const UNDECLARED = {
  error: { code: -32021, data: { requiredCapabilities: { extensions: { [TASKS]: {} } } } },
};

describe('the tasks extension', () => {
  it('is declared in revision 2026-07-28 and to nobody else', async () => {
    const { result } = await send(here, 'server/discover', {});
    expect(result).toMatchObject({ capabilities: { extensions: { [TASKS]: {} } } });
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: TASK_CLIENT,
      clientInfo: { name: 'test', version: '1' },
    };
    const older = await answerOf(await here.post({ jsonrpc: '2.0', id: 1, method: 'initialize', params }));
    expect(older).toHaveProperty('result.capabilities.tools');
    expect(older).not.toHaveProperty('result.capabilities.extensions');
    expect(older).not.toHaveProperty('result.capabilities.tasks');
  });

  describe.each(['tasks/get', 'tasks/update', 'tasks/cancel'])('%s', (method) => {
    it('is refused to a client that does not declare the extension', async () => {
      const response = await here.modern(method, { taskId: 'any', inputResponses: {} });
      expect(response.status).toBe(400);
      expect(await answerOf(response)).toMatchObject(UNDECLARED);
    });

    it('is unknown in older revisions', async () => {
      const answer = await answerOf(await here.legacy(method, { taskId: 'any' }));
      expect(answer).toMatchObject({ error: { code: -32601 } });
    });

    it.each(['x', 'a'.repeat(32), 'a'.repeat(5000), '', '../task'])(
      'is answered as invalid for a task that is not there',
      async (taskId) => {
        const { error } = await send(here, method, { taskId, inputResponses: {} });
        expect(error).toMatchObject(INVALID);
      },
    );

    it('is refused where its header names another task', async () => {
      const params = { ...declaring(TASK_CLIENT), taskId: 'a'.repeat(32), inputResponses: {} };
      const response = await here.modern(method, params, { 'mcp-name': 'b'.repeat(32) });
      expect(await answerOf(response)).toMatchObject({ error: { code: -32020 } });
    });
  });

  it.each(['tasks/result', 'tasks/list'])('does not have the %s of its forerunner', async (method) => {
    expect((await send(here, method, {})).error?.code).toBe(-32601);
  });
});

describe('a call of a tool that can run as a task', () => {
  it('is answered at once, goes on, and ends with what the call would have answered, in every process', async () => {
    const taskId = await start('wait_long', 'basic');
    const working = (await send(there, 'tasks/get', { taskId }, 'basic')).result;
    expect(working).toMatchObject({
      resultType: 'complete',
      taskId,
      status: 'working',
      pollIntervalMs: 1000,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
    });
    expect(working).not.toHaveProperty('result');
    await gates.release('basic');
    expect(await reach('completed', taskId, 'basic')).toMatchObject({
      result: { resultType: 'complete', content: [{ type: 'text', text: 'basic is over' }] },
    });
    expect(here.telemetry.toolCalls).toContain('wait_long:ok');
    expect(here.telemetry.audits).toContainEqual(
      expect.objectContaining({ action: 'tool.called', outcome: 'success', subject: 'basic' }),
    );
  });

  it('shows its progress as the message of its status', async () => {
    const taskId = await start('wait_long', 'progress');
    const message = async () =>
      (await send(there, 'tasks/get', { taskId }, 'progress')).result?.['statusMessage'];
    await expect.poll(message, { timeout: 5000 }).toBe('Reading (1 of 4)');
    await gates.release('progress');
    expect(await reach('completed', taskId, 'progress')).not.toHaveProperty('statusMessage');
  });

  it('is kept for its time after its end', async () => {
    const taskId = await start('wait_long', 'kept');
    await gates.release('kept');
    const ended = await reach('completed', taskId, 'kept');
    const lived = Date.parse(String(ended['lastUpdatedAt'])) - Date.parse(String(ended['createdAt']));
    expect(ended['ttlMs']).toBe(lived + options.tasks.ttlMs);
  });

  it('is an ordinary call for a client that does not declare the extension', async () => {
    const answer = here.modern('tools/call', { name: 'wait_long', arguments: { gate: 'plain' } });
    await gates.release('plain');
    expect(await answerOf(await answer)).toMatchObject({
      result: { resultType: 'complete', content: [{ text: 'plain is over' }] },
    });
    const older = here.legacy('tools/call', { name: 'wait_long', arguments: { gate: 'older' } });
    await gates.release('older');
    expect(await answerOf(await older)).toMatchObject({ result: { content: [{ text: 'older is over' }] } });
  });

  it('is refused to a client that does not declare the extension where the tool runs in no other way', async () => {
    const response = await here.modern('tools/call', { name: 'wait_always', arguments: {} });
    expect(response.status).toBe(400);
    expect(await answerOf(response)).toMatchObject(UNDECLARED);
    const older = await answerOf(await here.legacy('tools/call', { name: 'wait_always', arguments: {} }));
    expect(older).toMatchObject({ error: { code: -32021 } });
    await start('wait_always', 'declared');
  });

  it('is told at once what is wrong with its arguments', async () => {
    const { result } = await send(here, 'tools/call', { name: 'wait_always', arguments: { gates: 'x' } });
    expect(result).toMatchObject({
      resultType: 'complete',
      isError: true,
      _meta: { code: 'INVALID_ARGUMENT' },
    });
  });

  it('goes on when its client hangs up', async () => {
    const hangUp = new AbortController();
    const params = { ...declaring(TASK_CLIENT), name: 'wait_long', arguments: { gate: 'hung-up' } };
    const headers = {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'wait_long',
      'x-subject': 'hung-up',
    };
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
    const { result } = (await answerOf(await here.post(body, headers, hangUp.signal))) as Answer;
    hangUp.abort();
    await gates.release('hung-up');
    await reach('completed', result?.taskId ?? '', 'hung-up');
  });

  it('does not become a task by a parameter of the forerunner', async () => {
    const call = { name: 'answer_now', arguments: {}, task: { ttl: 60_000 } };
    expect((await send(here, 'tools/call', call)).result).toMatchObject({ content: [{ text: 'now' }] });
  });
});

describe('the end of a task', () => {
  it('is an ordinary result where the tool itself says that it failed', async () => {
    expect(await reach('completed', await start('fail_known', 'known'), 'known')).toMatchObject({
      result: { isError: true, _meta: { code: 'PATH_NOT_FOUND' } },
    });
  });

  it('is a failure that tells nothing of the inside where the server broke', async () => {
    const task = await reach('failed', await start('fail_within', 'within'), 'within');
    expect(task).toMatchObject({ error: { code: -32603, data: { code: 'INTERNAL', request_id: 'req-1' } } });
    expect(task['statusMessage']).toBe((task['error'] as { message: string }).message);
    expect(JSON.stringify(task)).not.toContain('secret');
    expect(here.telemetry.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'tool failed' }),
    );
  });

  it('is an error where the result is more than is kept', async () => {
    const task = await reach('completed', await start('show_hugely', 'huge'), 'huge');
    expect(task).toMatchObject({ result: { isError: true, _meta: { code: 'BODY_TOO_LARGE' } } });
  });

  it('comes when any process is asked to cancel it, and ends the work', async () => {
    const subject = 'cancelled';
    const taskId = await start('wait_long', subject);
    await gates.reached(subject);
    const { result } = await send(there, 'tasks/cancel', { taskId }, subject);
    expect(Object.keys(result ?? {}).toSorted()).toEqual(['_meta', 'resultType']);
    expect(await reach('cancelled', taskId, subject)).not.toHaveProperty('result');
    expect(gates.stopped).toContain(subject);
    expect(here.telemetry.toolCalls).toContain('wait_long:cancelled');
    expect((await send(here, 'tasks/cancel', { taskId }, subject)).error).toBeUndefined();
  });

  it('is not undone by a cancellation that comes later', async () => {
    const taskId = await start('wait_long', 'late');
    await gates.release('late');
    await reach('completed', taskId, 'late');
    expect((await send(there, 'tasks/cancel', { taskId }, 'late')).error).toBeUndefined();
    await reach('completed', taskId, 'late');
  });
});
