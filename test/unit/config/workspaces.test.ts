import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, loadConfig } from '../../../src/config/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

type Paths = Readonly<Record<string, string>>;

async function problemsOf(paths: Paths, settings: object = {}): Promise<string[]> {
  const { path: cwd } = await temporaryFolder();
  await mkdir(join(cwd, 'docs/inner'), { recursive: true });
  await symlink(join(cwd, 'docs/inner'), join(cwd, 'link'));
  const workspaces = Object.entries(paths).map(([name, path]) => ({ name, path, access: 'read' }));
  const file = join(cwd, 'fairlead.json');
  await writeFile(file, JSON.stringify({ tools: { files: { workspaces }, ...settings } }));
  try {
    await loadConfig({ env: { FAIRLEAD_CONFIG: file }, cwd });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(({ what }) => what);
    throw error;
  }
  return [];
}

describe('several workspaces', () => {
  it.each<[string, Paths, string]>([
    [
      'one lies in another',
      { docs: 'docs', inner: 'docs/inner' },
      'the folder of inner lies in that of docs',
    ],
    [
      'one lies in another over a link',
      { docs: 'docs', other: 'link' },
      'the folder of other lies in that of docs',
    ],
    ['two are the same folder', { a: 'docs', b: './docs/../docs' }, 'the folder of b lies in that of a'],
    [
      'one does not exist and lies in another',
      { a: 'none', b: 'none/b' },
      'the folder of b lies in that of a',
    ],
    [
      'one holds the data folder',
      { all: '.' },
      'all: every client could read what lies in it: the data folder',
    ],
  ])('are refused when %s', async (_how, paths, expected) => {
    expect((await problemsOf(paths)).join('\n')).toContain(expected);
  });

  it('are refused when one holds what is kept for callers', async () => {
    const [problem] = await problemsOf({ docs: 'docs' }, { scratch: { directory: 'docs/kept' } });
    expect(problem).toBe(
      'docs: every client could read what lies in it: the results that are kept for others',
    );
  });

  it('may lie side by side, also with names that begin alike', async () => {
    expect(await problemsOf({ docs: 'docs', more: 'docs-more', none: 'nowhere' })).toEqual([]);
  });
});
