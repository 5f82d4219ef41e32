import { setTimeout as delay } from 'node:timers/promises';
import { text } from '../../../src/core/content.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { Tool } from '../../../src/core/tool.ts';
import { elicitation } from './asking-tools.ts';
import { fixture, taking } from './fixture.ts';

const nameAsked = { user_name: elicitation('What is your name?', 'name') };

/** Tools that can be polled (extension `io.modelcontextprotocol/tasks`). */
export const taskTools: readonly Tool[] = [
  fixture('greet', (_call, { name }) => ({ content: [text(`Hello, ${String(name)}!`)] }), {
    inputSchema: taking('name'),
  }),
  fixture(
    'slow_compute',
    async ({ signal }, { seconds, label }) => {
      await delay(Number(seconds) * 1000, undefined, { signal });
      return { content: [text(`${String(label)}: computed for ${Number(seconds)} seconds`)] };
    },
    {
      inputSchema: {
        type: 'object',
        properties: { seconds: { type: 'number' }, label: { type: 'string' } },
        required: ['seconds', 'label'],
      },
      task: 'optional',
    },
  ),
  fixture(
    'failing_job',
    async () => {
      await delay(50);
      throw new AppError('INVALID_ARGUMENT', 'This job fails on purpose');
    },
    { task: 'required' },
  ),
  // No failure that a model could mend: a fault of the server, and so an error of the protocol.
  fixture(
    'protocol_error_job',
    async () => {
      await delay(50);
      throw new Error('This job breaks on purpose');
    },
    { task: 'required' },
  ),
  fixture(
    'confirm_delete',
    async (call, { filename }) => {
      const asked = { confirm: elicitation(`Delete ${String(filename)}?`, 'confirm', 'boolean') };
      const { confirm } = await call.ask(asked);
      return { content: [text(`${String(filename)}: ${JSON.stringify(confirm)}`)] };
    },
    { inputSchema: taking('filename'), task: 'required' },
  ),
  fixture(
    'multi_input',
    async (call) => {
      const told = await call.ask({
        name: elicitation('What is your name?', 'name'),
        confirm: elicitation('Go on?', 'confirm', 'boolean'),
      });
      return { content: [text(JSON.stringify(told))] };
    },
    { task: 'required' },
  ),
  // Asks first, and is a task only then.
  fixture(
    'test_tool_with_task',
    async (call) => {
      const { user_name: answer } = await call.ask(nameAsked);
      await delay(200, undefined, { signal: call.signal });
      return { content: [text(`Hello, ${JSON.stringify(answer)}!`)] };
    },
    {
      task: 'required',
      askFirst: async (asker) => {
        await asker.ask(nameAsked);
      },
    },
  ),
];
