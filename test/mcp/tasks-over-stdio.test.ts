import { expect, it } from 'vitest';
import { makeWorkspace, StdioProcess } from '../fixtures/stdio-process.ts';
import { TASK_CLIENT, TASKS } from '../fixtures/task-endpoints.ts';

const SOON = { timeout: 15_000 };

function modern(id: number, method: string, params: object) {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': TASK_CLIENT,
  };
  return { jsonrpc: '2.0', id, method, params: { ...params, _meta } };
}

it('tasks are started, asked for and answered over standard streams as well', async () => {
  const workspace = await makeWorkspace();
  const server = new StdioProcess({ cwd: workspace, env: { PATH: process.env['PATH'] ?? '' } });
  let next = 1;
  const send = async (method: string, params: object) => {
    const id = next++;
    server.send(modern(id, method, params));
    await expect.poll(() => server.response(id), SOON).toBeDefined();
    return server.response(id)?.result;
  };
  expect(await send('server/discover', {})).toMatchObject({ capabilities: { extensions: { [TASKS]: {} } } });
  const started = await send('tools/call', { name: 'ask_name', arguments: {} });
  expect(started).toMatchObject({ resultType: 'task' });
  const taskId = started?.['taskId'];
  const status = async () => (await send('tasks/get', { taskId }))?.['status'];
  await expect.poll(status, SOON).toBe('input_required');
  await send('tasks/update', {
    taskId,
    inputResponses: { name: { action: 'accept', content: { name: 'Ann' } } },
  });
  await expect.poll(status, SOON).toBe('completed');
  expect(await send('tasks/get', { taskId })).toMatchObject({ result: { content: [{ text: 'Ann' }] } });
});
