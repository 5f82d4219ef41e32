import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { AppError } from '../../../../../src/core/errors.ts';
import type { ToolResult } from '../../../../../src/core/tool.ts';
import { makeFolder, openTools, toolCall } from '../../../../fixtures/file-tools.ts';
import { openToolsContext } from '../../../../fixtures/tools-context.ts';
import { createTools } from '../../../../../src/tools/index.ts';
import { toolsOptions } from '../../../../../src/tools/options.ts';

const EDITOR = new URL('../../../../fixtures/file-editor.ts', import.meta.url);
const COUNT = 25;

async function start(args: readonly string[]): Promise<ChildProcess> {
  const child = fork(EDITOR, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}

/** The same tools twice, as in two processes that share a store. */
async function twoServers(workspace: string) {
  const contexts = [await openToolsContext(), await openToolsContext()] as const;
  const { store } = contexts[0];
  const servers = await Promise.all(
    contexts.map((context) =>
      createTools(toolsOptions.parse({ files: { workspace } }), { ...context, store }),
    ),
  );
  onTestFinished(async () => {
    for (const server of servers) await server.close();
    for (const context of contexts) await context.release();
  });
  const calls = servers.map(({ tools }) => (name: string, args: object): Promise<ToolResult> => {
    const tool = tools.find((candidate) => candidate.name === name);
    if (tool === undefined) throw new Error(`No tool ${name}`);
    return tool.bind(args)(toolCall());
  });
  return (index: number, name: string, args: object): Promise<ToolResult> =>
    calls[index % calls.length]?.(name, args) ?? Promise.reject(new Error('No server'));
}

it('lets exactly one of many edits win that expect the same version', async () => {
  const workspace = await makeFolder({ 'x.txt': 'value: 0\n' });
  const call = await twoServers(workspace);
  const tools = await openTools(workspace);
  const version = /version=([\w-]+)/.exec(await tools.text('read_file', { paths: ['/x.txt'] }))?.[1];
  const results = await Promise.allSettled(
    Array.from({ length: COUNT }, (_, index) =>
      call(index, 'edit_file', {
        path: '/x.txt',
        edits: [{ old_text: 'value: 0', new_text: `value: ${index + 1}` }],
        expected_version: version,
      }),
    ),
  );
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  expect(failures).toHaveLength(COUNT - 1);
  expect(failures.every((error) => error instanceof AppError && error.code === 'STALE_FILE')).toBe(true);
  expect(await readFile(join(workspace, 'x.txt'), 'utf8')).toMatch(/^value: [1-9]\d*\n$/);
});

it('loses none of many edits, appendings and creations at the same time', async () => {
  const workspace = await makeFolder({ 'x.txt': 'END\n' });
  const call = await twoServers(workspace);
  const numbers = Array.from({ length: COUNT }, (_, index) => index);
  await Promise.all([
    ...numbers.map((index) =>
      call(index, 'edit_file', {
        path: '/x.txt',
        edits: [{ old_text: 'END', new_text: `edit ${index}.\nEND` }],
      }),
    ),
    ...numbers.map((index) =>
      call(index, 'write_file', {
        path: '/x.txt',
        content: `more ${index}.\n`,
        if_exists: 'append',
      }),
    ),
  ]);
  const text = await readFile(join(workspace, 'x.txt'), 'utf8');
  for (const index of numbers) expect(text).toContain(`edit ${index}.\n`);
  for (const index of numbers) expect(text).toContain(`more ${index}.\n`);
  const created = await Promise.allSettled(
    numbers.map((index) => call(index, 'write_file', { path: '/new/y.txt', content: `${index}` })),
  );
  expect(created.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

it('loses nothing between processes, nor when one of them is killed', { timeout: 60_000 }, async () => {
  const workspace = await makeFolder({ 'log.txt': 'END\n' });
  const state = `sqlite:${join(await makeFolder(), 'state.sqlite')}`;
  const [one, two, victim] = await Promise.all([
    start([workspace, state, 'add', 'one', String(COUNT)]),
    start([workspace, state, 'add', 'two', String(COUNT)]),
    start([workspace, state, 'add', 'victim', '100000']),
  ]);
  let written = -1;
  victim.on('message', (index: number) => {
    written = index;
    if (index === 5) victim.kill('SIGKILL');
  });
  const ends = [one, two, victim].map((child) => once(child, 'exit'));
  for (const child of [one, two, victim]) child.send('go');
  await Promise.all(ends);
  const lines = (await readFile(join(workspace, 'log.txt'), 'utf8')).split('\n');
  const linesOf = (name: string): string[] => lines.filter((line) => line.startsWith(`${name} `));
  expect(linesOf('one')).toEqual(Array.from({ length: COUNT }, (_, index) => `one ${index}`));
  expect(linesOf('two')).toEqual(Array.from({ length: COUNT }, (_, index) => `two ${index}`));
  // What it was told to be written is there; the last change may have come about without a word.
  expect(linesOf('victim').length).toBeGreaterThan(written);
  expect(lines.slice(-2)).toEqual(['END', '']);
});

it('leaves the file as it was when there is no room for the new one', { timeout: 60_000 }, async () => {
  const workspace = await makeFolder({ 'log.txt': 'precious\n' });
  const child = await start([workspace, 'memory', 'fill', '900000']);
  // To a write this is what a full disk is: the system takes the beginning, and no byte beyond.
  await promisify(execFile)('prlimit', [`--pid=${String(child.pid)}`, '--fsize=500000']);
  const [answer, end] = [once(child, 'message'), once(child, 'exit')];
  child.send('go');
  expect(await answer).toEqual(['SOURCE_UNAVAILABLE', undefined]);
  await end;
  expect(await readFile(join(workspace, 'log.txt'), 'utf8')).toBe('precious\n');
  expect(await readdir(workspace)).toEqual(['log.txt']);
});
