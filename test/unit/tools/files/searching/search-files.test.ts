import { execFileSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allPages, makeFolder, openTools, type Tree } from '../../../../fixtures/file-tools.ts';

async function setUp(tree: Tree, files: Record<string, unknown> = {}) {
  const workspace = await makeFolder(tree);
  const tools = await openTools(workspace, { files });
  return {
    workspace,
    tools,
    search: (args: object, budget?: number) =>
      tools.text('search_files', args, budget === undefined ? {} : { budget }),
    fail: (args: object) => tools.failure('search_files', args),
  };
}

describe('searching for a text', () => {
  it('shows matches with line numbers and context, by file in the order of paths', async () => {
    const { search } = await setUp({
      'b.txt': 'one\ntwo\nneedle three\nfour\nfive\nsix\nseven\nneedle eight\n',
      'a/x.txt': 'needle\n',
    });
    expect(await search({ pattern: 'needle', context: 1 })).toBe(
      [
        '/a/x.txt',
        '1: needle',
        '/b.txt',
        '2- two',
        '3: needle three',
        '4- four',
        '--',
        '7- seven',
        '8: needle eight',
        '[3 matches in 2 files; end of the results]',
      ].join('\n'),
    );
  });

  it('shows context that two matches share once', async () => {
    const { search } = await setUp({ 'a.txt': 'needle\nb\nneedle\nd\n' });
    expect(await search({ pattern: 'needle', context: 2 })).toBe(
      '/a.txt\n1: needle\n2- b\n3: needle\n4- d\n[2 matches in 1 file; end of the results]',
    );
  });

  it('takes every character literally', async () => {
    const { search } = await setUp({ 'a.txt': 'f(x) = [a-z]+ $1\nfx\n' });
    for (const pattern of ['f(x)', '[a-z]+', '$1', '+ $']) {
      expect(await search({ pattern, context: 0 })).toContain('1: f(x) = [a-z]+ $1\n[1 match');
    }
  });

  it('takes a regular expression on demand', async () => {
    const { search } = await setUp({ 'a.txt': 'cat\ncot\ncut\n' });
    expect(await search({ pattern: 'c[ao]t', regex: true, context: 0 })).toContain(
      '1: cat\n2: cot\n[2 matches',
    );
  });

  it.each([
    ['smart', 'needle', 2],
    ['smart', 'Needle', 1],
    ['yes', 'needle', 1],
    ['no', 'NEEDLE', 2],
  ])('minds case when told %s: %s', async (mode, pattern, count) => {
    const { search } = await setUp({ 'a.txt': 'Needle\nneedle\n' });
    expect(await search({ pattern, case: mode })).toContain(`[${count} match`);
  });

  it('says that nothing was found, and where it looked', async () => {
    const { search } = await setUp({ 'a/b.txt': 'x\n' });
    expect(await search({ pattern: 'needle', path: '/a' })).toBe(
      '[nothing found below /a; ignored, binary and denied files are not searched]',
    );
  });

  it('says of one file only that nothing was found in it: it is searched, whatever it is', async () => {
    const { search } = await setUp({ 'a.log': 'x\n', '.gitignore': '*.log\n' });
    for (const mode of ['matches', 'files', 'count']) {
      expect(await search({ pattern: 'needle', path: '/a.log', mode })).toBe('[nothing found in /a.log]');
    }
  });

  it('searches below a folder or in one file', async () => {
    const { search } = await setUp({ 'a/b.txt': 'needle\n', 'c.txt': 'needle\n', 'a/d.txt': 'needle\n' });
    expect(await search({ pattern: 'needle', path: '/a', mode: 'files' })).toMatch(
      /^\/a\/b\.txt\n\/a\/d\.txt\n\[2 files/,
    );
    expect(await search({ pattern: 'needle', path: '/c.txt' })).toMatch(
      /^\/c\.txt\n1: needle\n\[1 match in 1 file/,
    );
  });

  it('narrows by globs from the searched folder on', async () => {
    const { search } = await setUp({
      'a/b.ts': 'needle\n',
      'a/lib/c.ts': 'needle\n',
      'a/d.md': 'needle\n',
      'x.ts': 'needle\n',
      '.gitignore': 'x*\n',
    });
    const files = async (glob: unknown, path = '/') =>
      (await search({ pattern: 'needle', mode: 'files', glob, path })).split('\n').slice(0, -1);
    expect(await files(['*.ts'])).toEqual(['/a/b.ts', '/a/lib/c.ts']);
    expect(await files('*.md')).toEqual(['/a/d.md']);
    expect(await files(['*.ts', '!**/lib/**'])).toEqual(['/a/b.ts']);
    expect(await files(['!c.*', '*.ts'])).toEqual(['/a/b.ts']);
    expect(await files(['!c.*', 'a/**/*.ts', '*.md'])).toEqual(['/a/b.ts', '/a/d.md']);
    expect(await files(['/*.ts'])).toEqual([]);
    expect(await files(['lib/*.ts'], '/a')).toEqual(['/a/lib/c.ts']);
  });

  it('leaves out ignored, denied and binary files, and does not follow links', async () => {
    const outside = await makeFolder({ 'o.txt': 'needle\n' });
    const { search, workspace } = await setUp({
      '.gitignore': 'ignored/\n',
      'ignored/a.txt': 'needle\n',
      '.env': 'needle\n',
      'x/server.pem': 'needle\n',
      'b.bin': Buffer.from('needle\0needle\n'),
      'good.txt': 'needle\n',
    });
    await symlink(join(outside, 'o.txt'), join(workspace, 'link.txt'));
    await symlink(outside, join(workspace, 'folder'));
    for (const mode of ['matches', 'files', 'count']) {
      expect(await search({ pattern: 'needle', mode })).toMatch(/^\/good\.txt\b[^/]*\[/);
    }
  });

  it('finds text in UTF-16, and shows other encodings as far as they can be read', async () => {
    const { search } = await setUp({
      'u16.txt': Buffer.from('\ufeffvor\nnädel needle\n', 'utf16le'),
      'latin.txt': Buffer.from('na\xefve needle\n', 'latin1'),
    });
    expect(await search({ pattern: 'needle', context: 0 })).toBe(
      '/latin.txt\n1: naïve needle\n/u16.txt\n2: nädel needle\n[2 matches in 2 files; end of the results]',
    );
  });

  it('shows a long line around its match', async () => {
    const { search } = await setUp({ 'a.min.js': `${'é'.repeat(3000)}needle${'y'.repeat(3000)}\n` });
    const [, line = ''] = (await search({ pattern: 'needle' })).split('\n');
    expect(line).toMatch(/^1: …é+needley+…$/);
    expect(line.length).toBeLessThan(520);
  });

  it('passes over a line of megabytes without failing', async () => {
    const { search } = await setUp({ 'a.js': `${'x'.repeat(6_000_000)}needle\nneedle\n` });
    expect(await search({ pattern: 'needle', context: 0 })).toBe(
      '/a.js\n2: needle\n[1 match in 1 file; 1 line of more than 4 MB left out; end of the results]',
    );
  });
});

describe('the limits of a search', () => {
  const many = Object.fromEntries(
    Array.from({ length: 30 }, (_, file) => [
      `d${file % 4}/f${file}.txt`,
      Array.from({ length: file % 5 === 0 ? 45 : 3 }, (_, line) => `needle ${file}.${line}\n`).join(''),
    ]),
  );

  it('shows at most max_results, then goes on without loss or repetition', async () => {
    const few = Object.fromEntries(Object.entries(many).filter(([, text]) => text.length < 100));
    const { search } = await setUp(few);
    const { lines: found, count } = await allPages(search, { pattern: 'needle', context: 0, max_results: 7 });
    expect(count).toBeGreaterThan(5);
    const expected = Object.values(few).flatMap((text) => text.trimEnd().split('\n'));
    const matches = found
      .filter((line) => line.includes(': '))
      .map((line) => line.slice(line.indexOf(' ') + 1));
    expect(matches.sort()).toEqual(expected.sort());
  });

  it('gives the same pages each time', async () => {
    const { search } = await setUp(many);
    const args = { pattern: 'needle', context: 1, max_results: 40 };
    const runs = await Promise.all([1, 2, 3].map(() => allPages(search, args)));
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
  });

  it('shows 20 matches of a file and marks it, and all of them when the file is searched alone', async () => {
    const { search } = await setUp(many);
    const page = await search({ pattern: 'needle 0.', context: 0 });
    expect(page).toMatch(/^\/d0\/f0\.txt {2}\+\n/);
    expect(page).toContain(
      '[20 matches in 1 file; 1 file marked + with more matches than shown: search it alone, by path;',
    );
    const { lines: found } = await allPages(search, {
      pattern: 'needle 0.',
      path: '/d0/f0.txt',
      context: 0,
      max_results: 10,
    });
    expect(found.filter((line) => line.includes('needle'))).toHaveLength(45);
  });

  it('keeps to the budget and goes on where it stopped', async () => {
    const { search } = await setUp(many);
    const within = (args: object): Promise<string> => search(args, 2000);
    const page = await within({ pattern: 'needle', max_results: 500 });
    expect(page.length / 3).toBeLessThan(2000);
    const { lines: found } = await allPages(within, {
      pattern: 'needle',
      context: 0,
      max_results: 500,
      glob: ['f1.txt', 'f2.txt', 'f3.txt'],
    });
    expect(found.filter((line) => line.includes('needle'))).toHaveLength(9);
  });

  it('always gets on, however little fits', async () => {
    const { search } = await setUp({
      'a.txt': `${'w '.repeat(240)}\n`.repeat(9).replace('w', 'needle').repeat(3),
    });
    const { lines: found, count } = await allPages((args) => search(args, 650), {
      pattern: 'needle',
      context: 10,
    });
    expect(count).toBe(3);
    expect(found.filter((line) => line.includes('needle'))).toHaveLength(3);
  });

  it('counts matching lines by file, and lists files', async () => {
    const { search } = await setUp(many);
    const page = await search({ pattern: 'needle', mode: 'count', max_results: 2 });
    expect(page).toMatch(
      /^\/d0\/f0\.txt {2}45\n\/d0\/f12\.txt {2}3\n\[48 matching lines in 2 files; next cursor=/,
    );
    const { lines: found } = await allPages(search, { pattern: 'needle', mode: 'files', max_results: 4 });
    expect(found.sort()).toEqual(
      Object.keys(many)
        .map((path) => `/${path}`)
        .sort(),
    );
  });

  it('refuses more than 500 results', async () => {
    const { fail } = await setUp({});
    expect((await fail({ pattern: 'x', max_results: 501 })).message).toContain('<=500');
  });

  it('is not brought down by a line that takes more memory than it may', { timeout: 60_000 }, async () => {
    const { search, workspace } = await setUp({ 'a.txt': 'needle\n', 'c/needle.txt': 'needle\n' });
    const long = join(workspace, 'long.json');
    execFileSync('sh', ['-c', `(echo needle; head -c 700000000 /dev/zero | tr '\\0' x) > ${long}`]);
    const page = await search({ pattern: 'needle' });
    expect(page).toContain('/a.txt\n1: needle\n');
    expect(page).toContain('/c/needle.txt\n1: needle\n');
    expect(page).toMatch(/\[2 matches in 2 files; .*too long to be searched; end of the results\]$/);
  });

  it('ends at its own deadline with advice', async () => {
    const { fail, workspace } = await setUp({}, { searchTimeoutMs: 100 });
    const big = join(workspace, 'big.txt');
    execFileSync('sh', [
      '-c',
      `yes 'some line of text that goes on for a while' | head -c 400000000 > ${big}`,
    ]);
    const error = await fail({ pattern: '(\\w+ ){20}q(\\w+ ){20}z', regex: true, path: '/' });
    expect(error.code).toBe('TIMEOUT');
    expect(error.message).toBe('The search did not end within 0.1 seconds.');
    expect(error.next).toContain('list_files {"path":"/"}');
  });
});

describe('patterns that cannot be searched for', () => {
  it.each([
    ['(', 'The expression is malformed: unclosed group.'],
    ['a{2,1}', 'The expression is malformed: invalid repetition count range'],
    ['(?=x)', 'look-around'],
    ['\\w{500}{500}', 'too large'],
    ['a\\nb', 'line break'],
  ])('are refused with the reason: %s', async (pattern, reason) => {
    const { fail, workspace } = await setUp({ 'a.txt': 'x\n' });
    for (const path of ['/', '/a.txt']) {
      const error = await fail({ pattern, regex: true, path });
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).toContain(reason);
      expect(error.message).not.toContain(workspace);
    }
  });

  it('are those with a line break, too', async () => {
    const { fail } = await setUp({ 'a.txt': 'x\n' });
    expect((await fail({ pattern: 'a\nb' })).message).toContain('line break');
  });

  it('take no longer for being built to backtrack', async () => {
    const { search } = await setUp({ 'a.txt': `${'a'.repeat(50_000)}\n` });
    expect(await search({ pattern: '^(a+)+$b', regex: true })).toContain('[nothing found');
  });
});

describe('searching where something is wrong', () => {
  it('names the closest path', async () => {
    const { fail } = await setUp({ 'docs/a.md': 'x' });
    expect((await fail({ pattern: 'x', path: '/docz' })).next).toBe(
      'search_files {"pattern":"x","path":"/docs"}',
    );
  });

  it('goes on after a file that vanished between two pages', async () => {
    const { search, workspace } = await setUp({
      'a.txt': 'needle\n',
      'b.txt': 'needle\nneedle\n',
      'c.txt': 'needle\n',
    });
    const args = { pattern: 'needle', max_results: 2, context: 0 };
    const cursor = /next cursor="([\w-]+)"/.exec(await search(args))?.[1];
    execFileSync('rm', [join(workspace, 'b.txt')]);
    expect(await search({ ...args, cursor })).toBe(
      '/c.txt\n1: needle\n[1 match in 1 file; end of the results]',
    );
  });
});
