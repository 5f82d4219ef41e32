import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, openTools, type Tree } from '../../../../fixtures/file-tools.ts';

async function setUp(tree: Tree) {
  const workspace = await makeFolder(tree);
  const tools = await openTools(workspace);
  return {
    workspace,
    list: (args: object) => tools.text('list_files', args),
    fail: (args: object) => tools.failure('list_files', args),
  };
}

describe('ignore files', () => {
  const tree = {
    '.gitignore': 'node_modules/\n*.log\n!keep.log\n/only-at-root\n',
    'packages/.gitignore': 'dist/\n/app/anchored\n',
    'packages/.ignore': '!special.log\n',
    'packages/app/main.ts': '',
    'packages/app/anchored': '',
    'packages/app/only-at-root': '',
    'packages/app/debug.log': '',
    'packages/app/keep.log': '',
    'packages/app/special.log': '',
    'packages/app/dist/main.js': '',
    'packages/app/node_modules/x/index.js': '',
    'only-at-root': '',
  };
  const kept = ['keep.log', 'main.ts', 'only-at-root', 'special.log'];
  const namesIn = (listing: string): string[] =>
    [...listing.matchAll(/^ *(\S+?) {2}/gm)].map((match) => match[1]?.split('/').at(-1) ?? '').sort();

  it('are honoured from the root down', async () => {
    const { list } = await setUp(tree);
    const listing = await list({ path: '/', depth: 5 });
    expect(namesIn(listing)).toEqual(['.gitignore', '.gitignore', '.ignore', ...kept]);
  });

  it('are honoured in the same way when the listing starts further down', async () => {
    const { list } = await setUp(tree);
    expect(namesIn(await list({ path: '/packages/app', depth: 5 }))).toEqual(kept);
    expect(namesIn(await list({ path: '/packages/app', glob: '*' }))).toEqual(kept);
    expect(namesIn(await list({ path: '/packages/app', sort: 'modified' }))).toEqual(kept);
  });

  it('may begin with a byte order mark, in whatever folder', async () => {
    const { list } = await setUp({ 'a/.gitignore': '\ufeffhidden\n', 'a/b/hidden': '', 'a/b/seen': '' });
    for (const path of ['/', '/a', '/a/b']) {
      expect(namesIn(await list({ path, depth: 3 })).filter((name) => name !== '.gitignore')).toEqual([
        'seen',
      ]);
    }
  });

  it('that cannot be read in the memory there is make a listing fail, which is no empty folder', async () => {
    const { fail, workspace } = await setUp({ 'a.txt': '', '.gitignore': '' });
    // One line; it takes no room on the disk.
    await truncate(join(workspace, '.gitignore'), 700_000_000);
    for (const args of [{ path: '/' }, { path: '/', glob: '*' }]) {
      expect(await fail(args)).toMatchObject({
        code: 'SOURCE_UNAVAILABLE',
        next: 'search or list a smaller part, with a narrower path or a glob',
      });
    }
  });

  it('do not hide what is asked for by name', async () => {
    const { list } = await setUp(tree);
    expect(await list({ path: '/packages/app/node_modules' })).toContain('index.js');
  });

  it('are passed over on demand', async () => {
    const { list } = await setUp(tree);
    expect(await list({ path: '/packages/app', include_ignored: true, depth: 3 })).toContain('index.js');
    expect(await list({ path: '/packages/app', include_ignored: true, glob: '*.log' })).toContain(
      'debug.log',
    );
  });

  it('are not outweighed by a glob', async () => {
    const { list } = await setUp(tree);
    for (const glob of ['*.log', '**/*.log', '/**/*.log']) {
      expect(namesIn(await list({ path: '/', glob }))).toEqual(['keep.log', 'special.log']);
    }
  });

  it('of folders above the workspace have no say', async () => {
    const above = await makeFolder({ '.gitignore': '*\n', 'workspace/a.txt': '' });
    const tools = await openTools(join(above, 'workspace'));
    expect(await tools.text('list_files', { path: '/' })).toContain('a.txt');
  });
});
