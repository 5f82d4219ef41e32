import { chmod, mkdir, readFile, readdir, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, openTools, type Tree } from '../../../../fixtures/file-tools.ts';

async function setUp(tree: Tree = {}) {
  const workspace = await makeFolder(tree);
  const tools = await openTools(workspace);
  const write = (args: object): Promise<string> => tools.text('write_file', args);
  const read = (name: string): Promise<string> => readFile(join(workspace, name), 'utf8');
  return { workspace, tools, write, read };
}

function versionIn(said: string): string {
  return /version=([\w-]{12})/.exec(said)?.[1] ?? 'none';
}

describe('write_file', () => {
  it('creates a file with the folders that are missing, and tells size and version', async () => {
    const { tools, write, read } = await setUp();
    const said = await write({ path: 'a/b/plan.md', content: 'one\ntwo\n' });
    expect(said).toMatch(/^\[created "\/a\/b\/plan\.md": 2 lines written, 8 B in all; version=[\w-]{12}\]$/);
    expect(await read('a/b/plan.md')).toBe('one\ntwo\n');
    expect(versionIn(await tools.text('read_file', { paths: ['/a/b/plan.md'] }))).toBe(versionIn(said));
  });

  it('leaves a file that exists alone, and says how to replace it', async () => {
    const { tools, write, read } = await setUp({ 'x.txt': 'old' });
    const refused = await tools.failure('write_file', { path: '/x.txt', content: 'new' });
    expect(refused.code).toBe('ALREADY_EXISTS');
    expect(await read('x.txt')).toBe('old');
    const args = JSON.parse(/write_file (\{.*?\})/.exec(refused.next ?? '')?.[1] ?? '') as object;
    expect(await write({ ...args, content: 'new' })).toContain('overwrote "/x.txt"');
    expect(await read('x.txt')).toBe('new');
  });

  it('overwrites with the same permissions, and leaves nothing else in the folder', async () => {
    const { workspace, write } = await setUp({ 'run.sh': 'old' });
    await chmod(join(workspace, 'run.sh'), 0o750);
    await write({ path: '/run.sh', content: 'new', if_exists: 'overwrite' });
    expect((await stat(join(workspace, 'run.sh'))).mode & 0o777).toBe(0o750);
    expect(await readdir(workspace)).toEqual(['run.sh']);
  });

  it('refuses to replace another version than the expected one, and names the present one', async () => {
    const { workspace, tools, write, read } = await setUp({ 'x.txt': 'old' });
    const version = versionIn(await tools.text('read_file', { paths: ['/x.txt'] }));
    await writeFile(join(workspace, 'x.txt'), 'foreign');
    const args = { path: '/x.txt', content: 'new', if_exists: 'overwrite', expected_version: version };
    const stale = await tools.failure('write_file', args);
    expect(stale.code).toBe('STALE_FILE');
    expect(stale.next).toBe('read_file {"paths":["/x.txt"]}');
    expect(await read('x.txt')).toBe('foreign');
    const present = /its version is ([\w-]{12}) now/.exec(stale.message)?.[1];
    await write({ ...args, expected_version: present });
    expect(await read('x.txt')).toBe('new');
    const gone = await tools.failure('write_file', { ...args, path: '/gone.txt' });
    expect(gone.code).toBe('STALE_FILE');
  });

  it.each([
    ['LF, UTF-8', Buffer.from('é\n'), 'ü\nx', Buffer.from('é\nü\nx')],
    ['CRLF', Buffer.from('a\r\nb\r\n'), 'c\nd\n', Buffer.from('a\r\nb\r\nc\r\nd\r\n')],
    ['no final newline', Buffer.from('a\nb'), 'c\n', Buffer.from('a\nbc\n')],
    [
      'Latin-1',
      Buffer.from('caf\xe9 cr\xe8me\n', 'latin1'),
      'th\xe9\n',
      Buffer.from('caf\xe9 cr\xe8me\nth\xe9\n', 'latin1'),
    ],
    [
      'UTF-16 LE with a mark and CRLF',
      Buffer.from('\ufeffa\r\n', 'utf16le'),
      'é\n',
      Buffer.from('\ufeffa\r\né\r\n', 'utf16le'),
    ],
    ['nothing yet', Buffer.alloc(0), 'a\r\nb\n', Buffer.from('a\r\nb\n')],
  ])('appends to a file of %s as it is, byte for byte', async (_what, before, content, after) => {
    const { workspace, write } = await setUp({ 'x.txt': before });
    await write({ path: '/x.txt', content, if_exists: 'append' });
    expect(await readFile(join(workspace, 'x.txt'))).toEqual(after);
  });

  it('says when what it appends goes on with the last line', async () => {
    const { write } = await setUp({ 'x.txt': 'a' });
    const args = { path: '/x.txt', mode: 'append' };
    expect(await write({ ...args, content: 'b' })).toContain(
      '1 line written, the first in the last line, which had no ending, 2 B in all',
    );
    expect(await write({ ...args, content: '\nc\n' })).toContain('2 lines written, 5 B in all');
    expect(await write({ ...args, content: 'd\n' })).toContain('1 line written, 7 B in all');
  });

  it('appends no character that the file cannot hold', async () => {
    const bytes = Buffer.from('\xa9 2024 M\xfcller\n', 'latin1');
    const { workspace, tools } = await setUp({ 'x.txt': bytes });
    const refused = await tools.failure('write_file', { path: '/x.txt', content: '漢', if_exists: 'append' });
    expect(refused).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('"漢" (U+6F22)') as string,
    });
    expect(await readFile(join(workspace, 'x.txt'))).toEqual(bytes);
  });

  it('writes to what a link in the workspace leads to, and keeps the link', async () => {
    const { workspace, write, read } = await setUp({ 'real/a.txt': 'old' });
    await symlink('real/a.txt', join(workspace, 'link.txt'));
    await write({ path: '/link.txt', content: 'new', if_exists: 'overwrite' });
    expect(await read('real/a.txt')).toBe('new');
    expect(await readdir(workspace)).toEqual(['link.txt', 'real']);
  });

  it.each([
    [{ path: '/folder' }, 'INVALID_ARGUMENT'],
    [{ path: '/' }, 'INVALID_ARGUMENT'],
    [{ path: '/file.txt/below.txt' }, 'INVALID_ARGUMENT'],
    [{ path: '/dangling' }, 'INVALID_ARGUMENT'],
    [{ path: '/dangling', if_exists: 'overwrite' }, 'INVALID_ARGUMENT'],
    [{ path: '/dangling/x' }, 'INVALID_ARGUMENT'],
    [{ path: '/.env' }, 'FORBIDDEN'],
    [{ path: '/folder/.git/hooks/pre-commit' }, 'FORBIDDEN'],
    [{ path: '/.fairlead/trash/x' }, 'FORBIDDEN'],
    [{ path: '/hidden-link/x' }, 'INVALID_ARGUMENT'],
    [{ path: `/${'n'.repeat(300)}` }, 'INVALID_ARGUMENT'],
    [{ path: '/x', content: 'a\ud800' }, 'INVALID_ARGUMENT'],
    [{ path: '/x', content: 'é'.repeat(600_000) }, 'FILE_TOO_LARGE'],
  ])('refuses %j', async (args, code) => {
    const { workspace, tools } = await setUp({ 'file.txt': 'x', 'folder/': '', '.git/config': 'x' });
    await symlink('nowhere', join(workspace, 'dangling'));
    await symlink('.git', join(workspace, 'hidden-link'));
    const before = (await readdir(workspace, { recursive: true })).sort();
    expect((await tools.failure('write_file', { content: 'x', ...args })).code).toBe(code);
    expect((await readdir(workspace, { recursive: true })).sort()).toEqual(before);
  });

  it('is not offered in read-only mode', async () => {
    const tools = await openTools(await makeFolder(), { readOnly: true });
    expect(tools.tools.filter(({ effect }) => effect !== 'read')).toEqual([]);
  });

  it('removes what killed processes left, but nothing that may still be written', async () => {
    const { workspace, write } = await setUp();
    const [old, fresh] = ['.fairlead-draft-old', '.fairlead-draft-fresh'];
    await writeFile(join(workspace, old), 'x');
    await mkdir(join(workspace, `${old}-folder/in`), { recursive: true });
    await writeFile(join(workspace, fresh), 'x');
    const hoursAgo = new Date(Date.now() - 7_300_000);
    await utimes(join(workspace, old), hoursAgo, hoursAgo);
    await utimes(join(workspace, `${old}-folder`), hoursAgo, hoursAgo);
    await write({ path: '/x.txt', content: 'x' });
    expect((await readdir(workspace)).sort()).toEqual([fresh, 'x.txt']);
  });
});
