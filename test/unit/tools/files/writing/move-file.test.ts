import {
  chmod,
  link,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HeldFolder } from '../../../../../src/tools/files/workspace/held-folder.ts';
import { makeFolder, openTools, type Tree } from '../../../../fixtures/file-tools.ts';

async function setUp(tree: Tree, files: Record<string, unknown> = {}) {
  const workspace = await makeFolder(tree);
  const tools = await openTools(workspace, { files });
  const all = async (): Promise<string[]> => {
    const names = await readdir(workspace, { recursive: true });
    return names.filter((name) => !name.startsWith('.fairlead')).sort();
  };
  return { workspace, tools, all, read: (name: string) => readFile(join(workspace, name), 'utf8') };
}

describe('move_file', () => {
  it('moves a file into folders that it makes, and tells its version', async () => {
    const { tools, all, read } = await setUp({ 'a.txt': 'x\n' });
    const said = await tools.text('move_file', { from: '/a.txt', to: '/b/c/d.txt' });
    expect(said).toMatch(/^\[moved "\/a\.txt" to "\/b\/c\/d\.txt"; version=[\w-]{12}\]$/);
    expect(await all()).toEqual(['b', 'b/c', 'b/c/d.txt']);
    expect(await read('b/c/d.txt')).toBe('x\n');
    const version = /version=([\w-]+)/.exec(said)?.[1];
    expect(await tools.text('read_file', { paths: ['/b/c/d.txt'] })).toContain(String(version));
  });

  it('moves a folder with everything in it, links too', async () => {
    const { workspace, tools, all } = await setUp({ 'a/b/c.txt': 'x', 'a/d.txt': 'y' });
    await symlink('d.txt', join(workspace, 'a/link'));
    await tools.text('move_file', { source: '/a', destination: '/e/f' });
    expect(await all()).toEqual(['e', 'e/f', 'e/f/b', 'e/f/b/c.txt', 'e/f/d.txt', 'e/f/link']);
  });

  it('copies a file with its permissions, and a folder without links and what is hidden', async () => {
    const { workspace, tools, all, read } = await setUp({
      'a/run.sh': 'x',
      'a/.env': 'SECRET',
      'a/b/c.txt': 'y',
    });
    await chmod(join(workspace, 'a/run.sh'), 0o750);
    await symlink('run.sh', join(workspace, 'a/link'));
    const file = await tools.text('move_file', { from: '/a/link', to: '/run2.sh', copy: true });
    expect(file).toMatch(/^\[copied "\/a\/link" to "\/run2\.sh": 1 B; version=/);
    expect((await stat(join(workspace, 'run2.sh'))).mode & 0o777).toBe(0o750);
    const folder = await tools.text('move_file', { from: '/a', to: '/copy', copy: true });
    expect(folder).toBe(
      '[copied "/a" to "/copy": 4 files and folders, 2 B; 1 link or special file left out]',
    );
    expect((await all()).filter((name) => name.startsWith('copy'))).toEqual([
      'copy',
      'copy/b',
      'copy/b/c.txt',
      'copy/run.sh',
    ]);
    expect(await read('a/.env')).toBe('SECRET');
  });

  it.each([
    [{ from: '/a.txt', to: '/b.txt' }, 'ALREADY_EXISTS'],
    [{ from: '/a.txt', to: '/folder' }, 'ALREADY_EXISTS'],
    [{ from: '/folder', to: '/empty' }, 'ALREADY_EXISTS'],
    [{ from: '/a.txt', to: '/dangling' }, 'ALREADY_EXISTS'],
    [{ from: '/a.txt', to: '/a.txt' }, 'ALREADY_EXISTS'],
    [{ from: '/folder', to: '/folder/in/it' }, 'INVALID_ARGUMENT'],
    [{ from: '/folder', to: '/way/in/it' }, 'INVALID_ARGUMENT'],
    [{ from: '/', to: '/folder/in' }, 'INVALID_ARGUMENT'],
    [{ from: '/a.txt', to: '/b.txt/c' }, 'INVALID_ARGUMENT'],
    [{ from: '/dangling', to: '/folder/link' }, 'INVALID_ARGUMENT'],
    [{ from: '/nope', to: '/c' }, 'PATH_NOT_FOUND'],
    [{ from: '/.env', to: '/c' }, 'PATH_NOT_FOUND'],
    [{ from: '/a.txt', to: '/.env.local' }, 'FORBIDDEN'],
    [{ from: '/a.txt', to: '/.git/hooks/post-commit' }, 'FORBIDDEN'],
    [{ from: '/secret', to: '/open' }, 'FORBIDDEN'],
    [{ from: '/plain', to: '/finance' }, 'FORBIDDEN'],
  ])('refuses %j and changes nothing, copying or moving', async (args, code) => {
    const tree = {
      ...{ 'a.txt': 'a', 'b.txt': 'b', 'folder/x': 'x', 'empty/': '', '.env': 'x', 'secret/sub/.env': 'x' },
      ...{ 'plain/payroll/x': 'x' },
    };
    const { workspace, tools, all } = await setUp(tree, { deny: ['.env*', '.git', 'finance/payroll'] });
    await symlink('nowhere', join(workspace, 'dangling'));
    await symlink('folder', join(workspace, 'way'));
    const before = await all();
    expect((await tools.failure('move_file', args)).code).toBe(code);
    const canBeCopied = ['/secret', '/plain', '/dangling'].includes(args.from);
    if (!canBeCopied) expect((await tools.failure('move_file', { ...args, copy: true })).code).toBe(code);
    expect(await all()).toEqual(before);
  });

  it('begins no copy of a file that is too large, however little of it is on the disk', async () => {
    const workspace = await makeFolder({ 'a/sparse': '', 'b.txt': '' });
    await truncate(join(workspace, 'a/sparse'), 1_000_000_001);
    const tools = await openTools(workspace);
    const create = vi.spyOn(HeldFolder.prototype, 'create');
    onTestFinished(() => {
      create.mockRestore();
    });
    for (const from of ['/a', '/a/sparse']) {
      const refused = await tools.failure('move_file', { from, to: '/copy', copy: true });
      expect(refused.code).toBe('FILE_TOO_LARGE');
    }
    expect(create).not.toHaveBeenCalled();
    expect(await readdir(workspace)).toEqual(['a', 'b.txt']);
  });

  it('shows by no move what was hidden by its path', async () => {
    const { tools, all } = await setUp(
      { 'finance/payroll/x': 'SECRET', 'finance/y': 'y' },
      { deny: ['finance/payroll'] },
    );
    expect((await tools.failure('move_file', { from: '/finance', to: '/f' })).code).toBe('FORBIDDEN');
    await tools.text('move_file', { from: '/finance', to: '/f', copy: true });
    expect((await all()).filter((name) => name.startsWith('f/'))).toEqual(['f/y']);
  });

  it('renames a link within its folder', async () => {
    const { workspace, tools } = await setUp({ 'a.txt': 'x' });
    await symlink('a.txt', join(workspace, 'link'));
    await tools.text('move_file', { from: '/link', to: '/other' });
    expect(await readlink(join(workspace, 'other'))).toBe('a.txt');
  });

  it('moves from one workspace to another by copying, and keeps the source in the trash', async () => {
    const [one, two, three] = [await makeFolder({ 'a/b.txt': 'x' }), await makeFolder(), await makeFolder()];
    const workspaces = [
      { name: 'one', path: one, access: 'write' },
      { name: 'two', path: two, access: 'write' },
      { name: 'three', path: three, access: 'read' },
    ];
    const tools = await openTools(one, { files: { workspaces } });
    await tools.text('move_file', { from: '/one/a', to: '/two/c' });
    expect(await readdir(two, { recursive: true })).toEqual(['c', 'c/b.txt']);
    expect((await readdir(one)).sort()).toEqual(['.fairlead']);
    expect((await tools.failure('move_file', { from: '/two/c', to: '/three/c' })).code).toBe('READ_ONLY');
    expect((await tools.failure('move_file', { from: '/two/c', to: '/c' })).code).toBe('READ_ONLY');
    await mkdir(join(three, 'd'));
    await writeFile(join(three, 'd/e'), 'x');
    const refused = await tools.failure('move_file', { from: '/three/d', to: '/two/d' });
    expect(refused.code).toBe('READ_ONLY');
    expect(refused.next).toContain('move_file {"from":"/three/d","to":"/two/d","copy":true}');
    await tools.text('move_file', { from: '/three/d', to: '/two/d', copy: true });
    expect((await readdir(two)).sort()).toEqual(['c', 'd']);
  });

  it('says what is where when the source cannot go to the trash', async () => {
    const [one, two] = [await makeFolder({ 'a/b.txt': 'x', '.fairlead': 'no folder' }), await makeFolder()];
    const workspaces = [
      { name: 'one', path: one, access: 'write' },
      { name: 'two', path: two, access: 'write' },
    ];
    const tools = await openTools(one, { files: { workspaces } });
    const refused = await tools.failure('move_file', { from: '/one/a', to: '/two/c' });
    expect(refused).toMatchObject({
      code: 'FORBIDDEN',
      message: '"/two/c" was made, but "/one/a" cannot go to the trash and is still there.',
      next: 'leave both, or delete_file {"path":"/two/c","recursive":true}',
    });
    expect(await readdir(one)).toContain('a');
    expect(await readdir(two, { recursive: true })).toEqual(['c', 'c/b.txt']);
  });

  it('gives a file another name, whatever other names it has', async () => {
    const { workspace, tools, read } = await setUp({ 'a.txt': 'x' });
    await link(join(workspace, 'a.txt'), join(workspace, 'same.txt'));
    await tools.text('move_file', { from: '/a.txt', to: '/b.txt' });
    expect(await read('b.txt')).toBe('x');
    expect(await read('same.txt')).toBe('x');
  });
});
