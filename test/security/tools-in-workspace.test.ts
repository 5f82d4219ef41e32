/** Attack: an agent that may write files changes the code of a team's own tools, which the server runs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.ts';
import { makeFolder } from '../fixtures/file-tools.ts';

it.each([
  ['workspace', (path: string) => ({ workspace: path })],
  ['workspaces', (path: string) => ({ workspaces: [{ name: 'shared', path, access: 'write' }] })],
])('a server whose own tools lie in a folder of tools.files.%s does not start', async (_setting, filesIn) => {
  const workspace = await makeFolder({ 'tools/add.ts': '' });
  const cwd = await makeFolder();
  const custom = { files: [{ path: join(workspace, 'tools/add.ts') }] };
  await writeFile(
    join(cwd, 'fairlead.yaml'),
    JSON.stringify({ tools: { files: filesIn(workspace), custom } }),
  );
  await expect(loadConfig({ env: { FAIRLEAD_CONFIG: 'fairlead.yaml' }, cwd })).rejects.toThrow(
    /every client could read what lies in it: the tools of add\.ts/,
  );
});
