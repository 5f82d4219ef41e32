import { appendFile, open, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  makeFolder,
  openTools,
  type Tree,
  withoutVersions,
  writeTree,
} from '../../../../fixtures/file-tools.ts';

async function setUp(tree: Tree, files: Record<string, unknown> = {}) {
  const workspace = await makeFolder(tree);
  const tools = await openTools(workspace, { files });
  return {
    workspace,
    read: async (args: object, budget?: number) =>
      withoutVersions(await tools.text('read_file', args, budget === undefined ? {} : { budget })),
    fail: (args: object) => tools.failure('read_file', args),
    call: (args: object) => tools.call('read_file', args),
  };
}

function numbered(count: number): string {
  return Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join('');
}

describe('reading a window of lines', () => {
  it('shows a short file whole and says so', async () => {
    const { read } = await setUp({ 'a.txt': 'one\ntwo\n' });
    expect(await read({ paths: ['/a.txt'] })).toBe('one\ntwo\n[lines 1-2 of 2]');
  });

  it('shows the first 400 lines and names the call that goes on', async () => {
    const { read } = await setUp({ 'a.txt': numbered(1000) });
    const page = await read({ paths: ['/a.txt'] });
    expect(page).toMatch(/^line 1\n/);
    expect(page).toMatch(/\nline 400\n\[lines 1-400 of 1,000; next start_line=401\]$/);
  });

  it('loses and repeats no line when the named calls are made one after the other', async () => {
    const { read } = await setUp({ 'a.txt': numbered(1234) });
    let all = '';
    let next: number | undefined = 1;
    while (next !== undefined) {
      const page = await read({ paths: ['/a.txt'], start_line: next, max_lines: 97 });
      all += page.slice(0, page.lastIndexOf('['));
      const found: string | undefined = /next start_line=(\d+)/.exec(page)?.[1];
      next = found === undefined ? undefined : Number(found);
    }
    expect(all).toBe(numbered(1234));
  });

  it('counts a negative start from the end', async () => {
    const { read } = await setUp({ 'a.txt': numbered(1000) });
    expect(await read({ paths: ['/a.txt'], start_line: -2 })).toBe(
      'line 999\nline 1000\n[lines 999-1,000 of 1,000]',
    );
    expect(await read({ paths: ['/a.txt'], start_line: -3, max_lines: 1 })).toBe(
      'line 998\n[line 998 of 1,000; next start_line=999]',
    );
    expect(await read({ paths: ['/a.txt'], start_line: -5000, max_lines: 1 })).toContain('[line 1 of 1,000;');
  });

  it('tells of a start behind the end how many lines there are, and where to start instead', async () => {
    const { fail } = await setUp({ 'a.txt': numbered(1000) });
    const error = await fail({ paths: ['/a.txt'], start_line: 1001 });
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toBe('start_line=1001 is behind the end: "/a.txt" has 1,000 lines.');
    expect(error.next).toBe('read_file {"paths":["/a.txt"],"start_line":601}');
  });

  it('marks an empty file, a missing newline at the end and CRLF', async () => {
    const { read } = await setUp({ 'empty.txt': '', 'open.txt': 'a\nb', 'crlf.txt': 'a\r\nb\r\n' });
    expect(await read({ paths: ['/empty.txt'] })).toBe('[empty file]');
    expect(await read({ paths: ['/open.txt'] })).toBe('a\nb\n[lines 1-2 of 2; no newline at the end]');
    expect(await read({ paths: ['/crlf.txt'] })).toBe('a\nb\n[lines 1-2 of 2; CRLF line ends]');
  });

  it('keeps to the budget with whole lines, and goes on behind the last one shown', async () => {
    const { read } = await setUp({ 'a.csv': '1,2,3,4,5,6,7,8,9\n'.repeat(1000) });
    const page = await read({ paths: ['/a.csv'] }, 2000);
    const shown = page.split('\n').length - 1;
    expect(page.length / 2.1).toBeLessThan(2000);
    expect(shown).toBeGreaterThan(150);
    expect(page).toMatch(new RegExp(`\\[lines 1-${shown} of 1,000; next start_line=${shown + 1}\\]$`));
  });

  it('cuts only a line that is too long by itself, saying how much is missing', async () => {
    const { read } = await setUp({ 'a.js': `${'x'.repeat(50_000)}\nsecond\n` });
    const page = await read({ paths: ['/a.js'] });
    expect(page).toMatch(/x… \[30,000 more characters\]\nsecond\n\[lines 1-2 of 2; 1 line cut, search_files/);
    const small = await read({ paths: ['/a.js'] }, 1000);
    expect(small).toMatch(
      /^x+… \[[\d,]+ more characters\]\n\[line 1 of 2; 1 line cut.*; next start_line=2\]$/,
    );
  });

  it('clamps nothing silently: more lines than allowed are refused with the limit', async () => {
    const { fail } = await setUp({ 'a.txt': 'x' }, { maxReadLines: 50 });
    expect((await fail({ paths: ['/a.txt'], max_lines: 51 })).message).toContain('<=50');
  });

  it('sees what was appended between two calls', async () => {
    const { read, workspace } = await setUp({ 'a.txt': numbered(3) });
    await utimes(join(workspace, 'a.txt'), new Date(0), new Date(0));
    expect(await read({ paths: ['/a.txt'] })).toContain('of 3]');
    await appendFile(join(workspace, 'a.txt'), 'line 4\n');
    expect(await read({ paths: ['/a.txt'], start_line: -1 })).toBe('line 4\n[line 4 of 4]');
  });
});

describe('reading several files', () => {
  it('puts each under its own heading', async () => {
    const { read } = await setUp({ 'a.txt': 'A\n', 'b/c.txt': 'C\n' });
    expect(await read({ paths: ['/a.txt', 'b/c.txt'] })).toBe(
      '==> /a.txt <==\nA\n[line 1 of 1]\n==> /b/c.txt <==\nC\n[line 1 of 1]',
    );
  });

  it('shows the others where one fails, and why that one did', async () => {
    const { read } = await setUp({ 'a.txt': 'A\n', 'bin.dat': Buffer.from([0, 1, 2]) });
    const page = await read({ paths: ['/nope.txt', '/a.txt', '/bin.dat'] });
    expect(page).toContain('==> /nope.txt <==\nPATH_NOT_FOUND: There is no "/nope.txt".');
    expect(page).toContain('==> /a.txt <==\nA\n');
    expect(page).toContain('==> /bin.dat <==\nNOT_TEXT: ');
  });

  it('fails when all of them fail', async () => {
    const { fail } = await setUp({});
    const error = await fail({ paths: ['/x', '/y'] });
    expect(error.code).toBe('PATH_NOT_FOUND');
    expect(error.message).toContain('"/x"');
    expect(error.message).toContain('"/y"');
  });

  it('shares the budget, so that a long file leaves room for those behind it', async () => {
    const long = 'word word word word\n'.repeat(5000);
    const { read } = await setUp({ 'a.md': long, 'b.md': long, 'c.md': 'short\n' });
    const page = await read({ paths: ['/a.md', '/b.md', '/c.md'] }, 3000);
    expect(page).toContain('==> /c.md <==\nshort\n[line 1 of 1]');
    const shown = [...page.matchAll(/\[lines 1-(\d+) of 5,000/g)].map((match) => Number(match[1]));
    expect(shown).toHaveLength(2);
    expect(Math.min(...shown)).toBeGreaterThan(100);
    expect(page.length / 4).toBeLessThan(3000);
  });
});

describe('reading what is no text', () => {
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(50, 1)]);

  it.each([
    ['image/png', png],
    ['image/jpeg', Buffer.from('ffd8ffe000104a464946', 'hex')],
    ['image/gif', Buffer.from('GIF89a----------', 'latin1')],
    ['image/webp', Buffer.from('RIFF----WEBPVP8 ', 'latin1')],
  ])('answers %s as an image, whatever its name', async (mimeType, bytes) => {
    const { call } = await setUp({ 'picture.txt': bytes });
    const { content } = await call({ paths: ['/picture.txt'] });
    expect(content).toEqual([{ type: 'image', data: bytes.toString('base64'), mimeType }]);
  });

  it('shows images up to 3 MB in one call, and names the others with the call that goes on', async () => {
    const large = Buffer.concat([png, Buffer.alloc(899_942)]);
    const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}.png`);
    const tree = Object.fromEntries(names.map((name) => [name, large]));
    const { call } = await setUp({ ...tree, 'small.png': png, 'x.txt': 'x\n' });
    const paths = [...names, 'small.png', 'x.txt'].map((name) => `/${name}`);
    const { content } = await call({ paths });
    expect(content.filter(({ type }) => type === 'image')).toHaveLength(4);
    expect(content.map((block) => (block.type === 'text' ? block.text : block.type)).slice(6)).toEqual([
      '==> /d.png <==\n[a PNG image of 900 kB; not shown, see the end]\n==> /e.png <==\n[a PNG image of 900 kB; not shown, see the end]\n==> /small.png <==',
      'image',
      expect.stringMatching(
        /^==> \/x\.txt <==\nx\n\[line 1 of 1; version=[\w-]+\]\n\[2 images not shown: those of one call come to 3\.0 MB at most; to see more: read_file \{"paths":\["\/d\.png","\/e\.png"\]\}\]$/,
      ) as string,
    ]);
  });

  it('links an image above 1 MB, with its size', async () => {
    const { call } = await setUp({ 'big one.png': Buffer.concat([png, Buffer.alloc(3_200_000)]) });
    const { content } = await call({ paths: ['/big one.png'] });
    expect(content).toEqual([
      {
        type: 'text',
        text: '["/big one.png" is a PNG image of 3.2 MB; images of up to 1 MB are shown, this one is linked for your client to open]',
      },
      {
        type: 'resource_link',
        uri: 'fairlead://workspace/big%20one.png',
        name: 'big one.png',
        mimeType: 'image/png',
        size: 3_200_000 + png.length,
      },
    ]);
  });

  it.each([
    ['ZIP archive', Buffer.from('504b0304140000', 'hex'), 'a.zip'],
    ['Office document', Buffer.from('504b0304140000', 'hex'), 'a.docx'],
    ['gzip archive', Buffer.from('1f8b080000', 'hex'), 'a.gz'],
    ['PDF document', Buffer.from('%PDF-1.7\n1 0 obj\n'), 'a.pdf'],
    ['SQLite database', Buffer.from('SQLite format 3\0', 'latin1'), 'a.db'],
    ['binary data', Buffer.from([1, 2, 3, 0, 0, 0, 5]), 'a.bin'],
    ['binary data', Buffer.from(Array.from({ length: 400 }, (_, index) => ((index * 7) % 255) + 1)), 'b.bin'],
  ])('names it: %s', async (name, bytes, path) => {
    const { fail } = await setUp({ [path]: bytes });
    const error = await fail({ paths: [path] });
    expect(error.code).toBe('NOT_TEXT');
    expect(error.message).toContain(`"/${path}" is not text: ${name}, ${bytes.length} B.`);
    expect(error.next).toContain('list_files {"path":"/"}');
    expect(error.next).toContain(`fairlead://workspace/${path}`);
  });
});

describe('reading what is not there', () => {
  it('names up to three closest files, and the call to make', async () => {
    const { fail } = await setUp({
      'src/main.ts': '',
      'src/mail.ts': '',
      'src/other.md': '',
      'docs/x.md': '',
    });
    const error = await fail({ paths: ['/src/mian.ts'] });
    expect(error.code).toBe('PATH_NOT_FOUND');
    expect(error.message).toBe('There is no "/src/mian.ts". Closest: "/src/main.ts", "/src/mail.ts".');
    expect(error.next).toBe('read_file {"paths":["/src/main.ts"]}');
  });

  it.each([
    ['another extension', '/docs/plan.txt', '/docs/plan.md'],
    ['other capitals', '/DOCS/Plan.MD', '/docs/plan.md'],
    ['a folder misspelt', '/dosc/plan.md', '/docs/plan.md'],
    ['the folder left out', '/plan.md', '/docs/plan.md'],
    ['a folder too many', '/home/me/docs/plan.md', '/docs/plan.md'],
  ])('finds what was meant with %s', async (_what, asked, meant) => {
    const { fail } = await setUp({ 'docs/plan.md': '', 'src/index.ts': '', 'src/lib/index.ts': '' });
    expect((await fail({ paths: [asked] })).next).toBe(`read_file {"paths":["${meant}"]}`);
  });

  it('offers the folder where nothing is close, and never what is denied', async () => {
    const { fail } = await setUp({ 'src/main.ts': '', 'src/.env': '', 'src/server.key': '' });
    const error = await fail({ paths: ['/src/.envy'] });
    expect(error.message).toBe('There is no "/src/.envy".');
    expect(error.next).toBe('list_files {"path":"/src"}');
  });

  it('repeats the other arguments in the call to make', async () => {
    const { fail } = await setUp({ 'main.ts': '' });
    expect((await fail({ paths: ['/mian.ts'], start_line: 50, max_lines: 10 })).next).toBe(
      'read_file {"paths":["/main.ts"],"start_line":50,"max_lines":10}',
    );
  });
});

describe('reading a very large file', () => {
  it('takes no more memory than a small one', { timeout: 60_000 }, async () => {
    const workspace = await makeFolder();
    await writeTree(workspace, { 'big.log': numbered(20_000) });
    const handle = await open(join(workspace, 'big.log'), 'r+');
    await handle.truncate(1_000_000_000);
    await handle.write('\nlast line\n', 1_000_000_000 - 11);
    await handle.close();
    const tools = await openTools(workspace);
    const before = process.memoryUsage();
    const page = await tools.text('read_file', { paths: ['/big.log'], start_line: 19_999, max_lines: 2 });
    expect(withoutVersions(page)).toBe(
      'line 19999\nline 20000\n[lines 19,999-20,000; 1.0 GB of 1.0 GB follow; next start_line=20001]',
    );
    const end = await tools.text('read_file', { paths: ['/big.log'], start_line: -1 });
    expect(withoutVersions(end)).toBe('last line\n[1 line from start_line=-1]');
    const error = await tools.failure('read_file', { paths: ['/big.log'], start_line: 20_003 });
    expect(error.message).toContain('has 20,002 lines');
    const after = process.memoryUsage();
    expect(after.rss - before.rss).toBeLessThan(120_000_000);
  });

  it('reads on from where a page ended without counting from the start again', async () => {
    const workspace = await makeFolder({ 'a.txt': numbered(300_000) });
    await utimes(join(workspace, 'a.txt'), new Date(0), new Date(0));
    await writeFile(join(workspace, 'other'), '');
    const tools = await openTools(workspace);
    const [first, second] = [
      await tools.text('read_file', { paths: ['/a.txt'], start_line: 200_000, max_lines: 2 }),
      await tools.text('read_file', { paths: ['/a.txt'], start_line: 200_002, max_lines: 1 }),
    ];
    expect(first).toContain('line 200001\n');
    expect(second).toContain('line 200002\n[line 200,002 of 300,000; next start_line=200003; version=');
  });
});
