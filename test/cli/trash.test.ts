import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTools } from '../fixtures/file-tools.ts';
import { emptyFolder, fairlead } from './fairlead.ts';

it('lists, restores and empties the trash, and leaves its traces', async () => {
  const cwd = await emptyFolder();
  const workspace = join(cwd, 'files');
  await mkdir(workspace);
  await Promise.all(['a', 'b', 'c\u001b[31m'].map((name) => writeFile(join(workspace, name), name)));
  const env = { FAIRLEAD_WORKSPACE: workspace, FAIRLEAD_TELEMETRY_AUDIT_FILE: join(cwd, 'audit.jsonl') };
  const run = (...argv: string[]) => fairlead(['trash', ...argv], { cwd, env });

  expect(await run('list')).toEqual({ status: 0, stdout: 'The trash is empty.\n', stderr: '' });
  const tools = await openTools(workspace);
  for (const path of ['/a', '/b', 'fairlead://workspace/c%1B[31m']) await tools.text('delete_file', { path });

  const { stdout } = await run('list');
  expect(stdout).toMatch(/^\S+ {2}\/\S+ {2}\(file, \d+ B; by \S+\)$/m);
  expect(stdout).not.toContain('\u001b');
  const items = JSON.parse((await run('list', '--json')).stdout) as { id: string; path: string }[];
  const idOf = (path: string): string => items.find((item) => item.path === path)?.id ?? '';

  expect(await run('restore', idOf('/a'))).toEqual({ status: 0, stdout: 'Restored /a.\n', stderr: '' });
  expect(await readFile(join(workspace, 'a'), 'utf8')).toBe('a');
  const taken = await run('restore', idOf('/b'), '--to', '/a');
  expect(taken).toMatchObject({ status: 1, stderr: expect.stringContaining('--to OTHER-PATH') as string });
  expect((await run('restore', idOf('/b'), '--to', '/d', '--workspace', 'workspace')).status).toBe(0);
  expect((await run('restore', 'nope')).status).toBe(1);

  expect(await run('empty')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('use --yes') as string,
  });
  expect((await run('empty', '--yes', '--older-than', '1')).stdout).toBe('Removed 0 items for good.\n');
  expect((await run('empty', '--yes', '--older-than', 'soon')).status).toBe(1);
  expect((await run('empty', '--yes')).stdout).toBe('Removed 1 item for good.\n');
  expect((await readdir(workspace)).sort()).toEqual(['.fairlead', 'a', 'd']);
  const audit = (await readFile(env.FAIRLEAD_TELEMETRY_AUDIT_FILE, 'utf8')).trim().split('\n');
  const actions = audit.map((line) => (JSON.parse(line) as { action: string }).action);
  expect(actions).toEqual(['trash.restored', 'trash.restored', 'trash.emptied', 'trash.emptied']);
});
