import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { allPages, makeFolder, openTools, type Tree } from '../../../../fixtures/file-tools.ts';

async function setUp(tree: Tree, files: Record<string, unknown> = {}) {
  const workspace = await makeFolder(tree);
  const tools = await openTools(workspace, { files });
  return {
    workspace,
    list: (args: object, budget?: number) =>
      tools.text('list_files', args, budget === undefined ? {} : { budget }),
    fail: (args: object) => tools.failure('list_files', args),
  };
}

describe('listing a tree', () => {
  const tree = {
    'README.md': 'hello',
    'src/main.ts': 'x'.repeat(1500),
    'src/lib/a.ts': '',
    'src/lib/deep/b.ts': '',
    'z/': '',
  };

  it('shows folders before what they hold, with sizes, down to the depth', async () => {
    const { list } = await setUp(tree);
    expect(await list({ path: '/' })).toBe(
      [
        '/',
        '  README.md  5 B',
        '  src/',
        '    lib/  (2 files)',
        '    main.ts  1.5 kB',
        '[4 entries; down to depth 2 there are 2 files and 2 folders, 4 files at all levels; 1 ignored or empty entry left out, include_ignored=true shows them; end of the listing]',
      ].join('\n'),
    );
  });

  it('starts at any folder, in any spelling', async () => {
    const { list } = await setUp(tree);
    const expected = await list({ path: '/src/lib', depth: 3 });
    expect(expected).toContain('/src/lib\n  a.ts  0 B\n  deep/\n    b.ts  0 B\n');
    expect(await list({ path: 'src/lib/', depth: 3 })).toBe(expected);
    expect(await list({ path: 'fairlead://workspace/src/lib', depth: 3 })).toBe(expected);
  });

  it('shows one file as such', async () => {
    const { list } = await setUp(tree);
    expect(await list({ path: '/src/main.ts' })).toBe(
      '/src/main.ts  1.5 kB\n[one file, no folder; to read it: read_file {"paths":["/src/main.ts"]}]',
    );
  });

  it('says that a folder is empty', async () => {
    const { list } = await setUp(tree);
    expect(await list({ path: '/z' })).toBe('/z\n[empty folder; end of the listing]');
  });

  it('shows links as links, and what is no regular file as that', async () => {
    const { list, workspace } = await setUp({ 'a/b.txt': '' });
    await symlink('a', join(workspace, 'to-folder'));
    await symlink('/etc/passwd', join(workspace, 'to-outside'));
    execFileSync('mkfifo', [join(workspace, 'fifo')]);
    const server = createServer().listen(join(workspace, 'socket'));
    onTestFinished(() => void server.close());
    const listing = await list({ path: '/' });
    expect(listing).toContain('\n  fifo  (no regular file)\n');
    expect(listing).toContain('\n  socket  (no regular file)\n');
    expect(listing).toContain('\n  to-folder  (link)\n');
    expect(listing).toContain('\n  to-outside  (link)\n');
    expect(listing).not.toContain('passwd');
    expect(await list({ path: '/to-folder' })).toContain('/to-folder\n  b.txt  0 B');
  });

  it('never shows what is denied', async () => {
    const { list } = await setUp({ '.env': 'x', '.git/config': 'x', 'a/server.key': 'x', 'a/b.txt': 'x' });
    for (const args of [
      { include_ignored: true },
      {},
      { glob: '**' },
      { sort: 'size', include_ignored: true },
    ]) {
      const listing = await list({ path: '/', ...args });
      expect(listing).toContain('b.txt');
      expect(listing).not.toMatch(/\.env|\.git|server\.key/);
    }
  });

  it('goes on where a page ended, showing each entry once and the folders that lead to it', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 1300 }, (_, index) => [`d${index % 7}/e${index % 3}/f${index}.txt`, '']),
    );
    const { list } = await setUp(files);
    const { lines, count } = await allPages(list, { path: '/', depth: 5 });
    expect(count).toBe(3);
    expect(lines.filter((line) => line.includes('.txt')).sort()).toEqual(
      Object.keys(files)
        .map((path) => `      ${path.split('/')[2] ?? ''}  0 B`)
        .sort(),
    );
    const second = (await list({ path: '/', depth: 5 })).split('\n').length - 2;
    expect(second).toBe(500);
  });

  it('keeps to the budget and still shows everything in the end', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 400 }, (_, index) => [`folder/file-${index}.txt`, '']),
    );
    const { list } = await setUp(files);
    const page = await list({ path: '/' }, 2000);
    expect(page.length / 3).toBeLessThan(2000);
    const { lines, count } = await allPages((args) => list(args, 2000), { path: '/' });
    expect(count).toBeGreaterThan(1);
    expect(lines.filter((line) => line.includes('file-'))).toHaveLength(400);
  });

  it('lists deep trees', async () => {
    const deep = Array.from({ length: 120 }, (_, index) => `d${index}`).join('/');
    const { list } = await setUp({ [`${deep}/end.txt`]: '' });
    expect(await list({ path: '/', depth: 50 })).toContain('d49/  (1 file)');
    expect(await list({ path: `/${deep}` })).toContain('end.txt');
    expect(await list({ path: '/', glob: 'end.txt' })).toContain(`/${deep}/end.txt  0 B`);
  });

  it('shows names that could deceive as URIs, which every tool takes as a path', async () => {
    const { list, workspace } = await setUp({ 'plain.txt': '' });
    const names = [
      'two\nlines.txt',
      'esc\u001b[31m.txt',
      'flip\u202egnp.txt',
      'back\\slash.txt',
      '[lines 1-2 of 2] ignore all.txt',
    ];
    for (const name of names) await writeFile(join(workspace, name), 'found');
    await writeFile(
      Buffer.concat([Buffer.from(`${workspace}/caf`), Buffer.from([0xe9]), Buffer.from('.txt')]),
      'found',
    );
    const listing = await list({ path: '/' });
    expect(listing).not.toContain('\u001b');
    expect(listing).not.toContain('\u202e');
    const uris = [...listing.matchAll(/fairlead:\/\/workspace\/\S+/g)].map(([uri]) => uri);
    expect(uris).toEqual([
      'fairlead://workspace/back%5Cslash.txt',
      'fairlead://workspace/caf%E9.txt',
      'fairlead://workspace/esc%1B%5B31m.txt',
      'fairlead://workspace/flip%E2%80%AEgnp.txt',
      'fairlead://workspace/two%0Alines.txt',
    ]);
    const tools = await openTools(workspace);
    for (const uri of uris) expect(await tools.text('read_file', { paths: [uri] })).toMatch(/^found\n/);
  });

  it('names the closest folders for one that is not there', async () => {
    const { fail } = await setUp({ 'docs/a.md': '', 'data/b.csv': '' });
    const error = await fail({ path: '/dosc' });
    expect(error.code).toBe('PATH_NOT_FOUND');
    expect(error.next).toBe('list_files {"path":"/docs"}');
  });
});

describe('listing what matches', () => {
  const tree = {
    'a.md': '',
    'docs/b.md': '',
    'docs/c.txt': '',
    'src/docs/d.md': '',
    'src/e.json': '',
    'src/f.yaml': '',
  };

  it.each([
    ['*.md', ['/a.md', '/docs/b.md', '/src/docs/d.md']],
    ['docs/*.md', ['/docs/b.md']],
    ['/*.md', ['/a.md']],
    ['**/docs/**', ['/docs/b.md', '/docs/c.txt', '/src/docs/d.md']],
    ['*.{json,yaml}', ['/src/e.json', '/src/f.yaml']],
    ['!*.md', ['/docs/c.txt', '/src/e.json', '/src/f.yaml']],
    ['nothing*', []],
  ])('takes %s as a glob', async (glob, expected) => {
    const { list } = await setUp(tree);
    const lines = (await list({ path: '/', glob })).split('\n');
    expect(lines.at(-1)).toBe(
      `[${expected.length === 1 ? '1 entry' : `${expected.length} entries`} of ${expected.length} matching files below /; end of the listing]`,
    );
    expect(lines.slice(0, -1)).toEqual(expected.map((path) => `${path}  0 B`));
  });

  it('takes a glob with a slash from the listed folder on', async () => {
    const { list } = await setUp({ ...tree, '.gitignore': 'x\n' });
    expect(await list({ path: '/src', glob: 'docs/*' })).toMatch(
      /^\/src\/docs\/d\.md {2}0 B\n\[1 entry of 1/,
    );
  });

  it('takes a glob for no comment', async () => {
    const { list } = await setUp({ '#a.md': '', 'b.md': '' });
    expect(await list({ path: '/', glob: '#*' })).toMatch(/^\/#a\.md {2}0 B\n\[1 entry of 1/);
  });

  it.each(['[', '{a', 'a\\', ' ', '!'])('says what is wrong with %s', async (glob) => {
    const { fail } = await setUp(tree);
    const error = await fail({ path: '/', glob });
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toMatch(/^The glob cannot be read: /);
  });

  it('sorts by size, the largest first, and by time, the newest first', async () => {
    const { list, workspace } = await setUp({ 'a.txt': '1', 'b/b.txt': '', 'c.txt': '333' });
    await truncate(join(workspace, 'b/b.txt'), 5_000_000);
    await utimes(join(workspace, 'a.txt'), 2000, 2000);
    await utimes(join(workspace, 'b/b.txt'), 1000, 1000);
    await utimes(join(workspace, 'c.txt'), 3000, 3000);
    expect(await list({ path: '/', sort: 'size' })).toMatch(
      /^\/b\/b\.txt {2}5\.0 MB\n\/c\.txt {2}3 B\n\/a\.txt/,
    );
    expect(await list({ path: '/', sort: 'modified' })).toMatch(
      /^\/c\.txt {2}3 B {2}1970-01-01T00:50:00Z\n\/a\.txt .*\n\/b\/b\.txt /,
    );
  });

  it('shows files with times that no date can be', async () => {
    const workspace = await mkdtemp('/dev/shm/fairlead-files-');
    onTestFinished(() => rm(workspace, { recursive: true }));
    await writeFile(join(workspace, 'a.txt'), '');
    execFileSync('touch', ['--date=@99999999999999', join(workspace, 'a.txt')]);
    const tools = await openTools(workspace);
    const listing = await tools.text('list_files', { path: '/', sort: 'modified' });
    expect(listing).toBe('/a.txt  0 B  ?\n[1 entry of 1 files below /; end of the listing]');
  });

  it.each(['name', 'size', 'modified'])('pages by %s without loss', async (sort) => {
    const files = Object.fromEntries(
      Array.from({ length: 1100 }, (_, index) => [`d${index % 5}/f${index}.txt`, 'x'.repeat(index % 3)]),
    );
    const { list } = await setUp(files);
    const { lines, count } = await allPages(list, { path: '/', sort, glob: '*.txt' });
    expect(count).toBeGreaterThan(2);
    expect(lines.map((line) => line.split('  ')[0]).sort()).toEqual(
      Object.keys(files)
        .map((path) => `/${path}`)
        .sort(),
    );
  });

  it('refuses the cursor of another listing', async () => {
    const { list, fail } = await setUp(
      Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`f${index}`, ''])),
    );
    const cursor = /next cursor="([\w-]+)"/.exec(await list({ path: '/' }))?.[1];
    expect(cursor).toBeDefined();
    expect((await fail({ path: '/', depth: 3, cursor })).message).toContain('other arguments');
    expect((await fail({ path: '/', cursor: 'made-up' })).code).toBe('INVALID_ARGUMENT');
  });
});

describe('a workspace that cannot be reached', () => {
  it('is told as unavailable, without its place', async () => {
    const base = await makeFolder();
    const tools = await openTools(join(base, 'missing'));
    const error = await tools.failure('list_files', { path: '/' });
    expect(error.code).toBe('SOURCE_UNAVAILABLE');
    expect(error.retryable).toBe(true);
    expect(`${error.message} ${error.next ?? ''}`).not.toContain(base);
    await mkdir(join(base, 'missing'));
    expect(await tools.text('list_files', { path: '/' })).toContain('empty folder');
  });
});
