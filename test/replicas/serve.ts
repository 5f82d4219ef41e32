/**
 * One replica: the server as its environment configures it, with tools whose every step a test takes by
 * making a file. Says how much memory it holds, after a collection, on SIGUSR2.
 */
import { access, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { type App, createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/index.ts';
import { text } from '../../src/core/content.ts';
import { defineTool, type Tool } from '../../src/core/tool.ts';

const base = { scopes: [], effect: 'read', timeoutMs: 60_000 } as const;

async function exists(file: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await delay(5, undefined, { signal });
  }
}

const followSteps = defineTool({
  ...base,
  name: 'follow_steps',
  title: 'Follow steps',
  description: 'Reports each step once its file is there; leaves a file when it is cancelled.',
  input: z.object({
    folder: z.string().describe('Where the files are.'),
    steps: z.int().describe('How many.'),
  }),
  async run(call, { folder, steps }) {
    try {
      for (let step = 1; step <= steps; step++) {
        await exists(path.join(folder, String(step)), call.signal);
        call.progress(step, steps);
      }
    } catch (error) {
      await writeFile(path.join(folder, 'cancelled'), '');
      throw error;
    }
    return { content: [text(`${steps} steps by ${process.pid}`)] };
  },
});

const askName = defineTool({
  ...base,
  name: 'ask_name',
  title: 'Ask for a name',
  description: 'Asks who is there.',
  input: z.object({}),
  async run(call) {
    const fields = z.object({ name: z.string().describe('Who is there.') });
    const answer = await call.elicit('name', { message: 'Who is there?', fields });
    return { content: [text(answer.action === 'accept' ? answer.content.name : answer.action)] };
  },
});

const touch = defineTool({
  ...base,
  name: 'touch_resource',
  title: 'Touch a resource',
  description: 'Tells everybody that a resource has changed.',
  input: z.object({ uri: z.string().describe('Of the resource.') }),
  async run(_call, { uri }) {
    await app.changes.resourceUpdated(uri);
    return { content: [text('told')] };
  },
});

const say = defineTool({
  ...base,
  name: 'say_level',
  title: 'Say at each level',
  description: 'Logs one line at debug and one at error.',
  input: z.object({}),
  run(call) {
    call.log('debug', 'low');
    call.log('error', 'high');
    return Promise.resolve({ content: [text(String(process.pid))] });
  },
});

// The same work as tasks.
const tasks: Tool[] = [
  { ...followSteps, name: 'follow_steps_later', task: 'optional' },
  { ...askName, name: 'ask_name_later', task: 'optional' },
];
const tools: Tool[] = [followSteps, askName, touch, say, ...tasks];
const config = await loadConfig({ env: process.env, cwd: process.cwd() });
const app: App = await createApp(config, { version: '0.0.0-test' }, { tools });
process.once('SIGTERM', () => {
  void app.drain().finally(() => process.exit());
});
process.on('SIGUSR2', () => {
  // Twice: what a finaliser frees goes with the second.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ memory: { heap: heapUsed + external, rss } })}\n`);
});
await app.listen();
