import { access, lstat, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, openTools, toolCall, type Tree } from '../../../../fixtures/file-tools.ts';

async function setUp(tree: Tree, files: Record<string, unknown> = {}) {
  const workspace = await makeFolder(tree);
  const tools = await openTools(workspace, { files });
  const trash = join(workspace, '.fairlead/trash');
  return { workspace, tools, trash };
}

describe('delete_file', () => {
  it('moves a file to the trash, with a record of who, when and from where', async () => {
    const { workspace, tools, trash } = await setUp({ 'a/b.txt': 'precious' });
    const said = await tools.text('delete_file', { path: 'a/b.txt' });
    const [id = ''] = await readdir(trash);
    expect(said).toBe(`[moved "/a/b.txt" to the trash: 8 B; the operator can restore it as ${id}]`);
    expect(await readdir(join(workspace, 'a'))).toEqual([]);
    expect(await readFile(join(trash, id, 'content'), 'utf8')).toBe('precious');
    const record: unknown = JSON.parse(await readFile(join(trash, id, 'record.json'), 'utf8'));
    expect(record).toEqual({
      ...{ id, path: '/a/b.txt', kind: 'file', entries: 1, bytes: 8 },
      deletedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
      ...{ subject: expect.any(String) as string, clientId: 'client' },
    });
    expect((await stat(trash)).mode & 0o077).toBe(0);
    expect(await readFile(join(workspace, '.fairlead/.gitignore'), 'utf8')).toBe('*\n');
  });

  it('needs recursive for a folder that is not empty', async () => {
    const { workspace, tools } = await setUp({ 'a/b.txt': 'x', 'empty/': '' });
    const refused = await tools.failure('delete_file', { path: '/a' });
    expect(refused).toMatchObject({
      code: 'INVALID_ARGUMENT',
      next: 'delete_file {"path":"/a","recursive":true}',
    });
    await tools.text('delete_file', { path: '/empty' });
    expect(await tools.text('delete_file', { path: '/a', recursive: true })).toContain('2 files and folders');
    expect(await readdir(workspace)).toEqual(['.fairlead']);
  });

  it('deletes a link, not what it leads to', async () => {
    const { workspace, tools } = await setUp({ 'a.txt': 'x' });
    await symlink('a.txt', join(workspace, 'link'));
    await tools.text('delete_file', { path: '/link' });
    expect((await readdir(workspace)).sort()).toEqual(['.fairlead', 'a.txt']);
  });

  it.each([
    ['/', 'INVALID_ARGUMENT'],
    ['/nope', 'PATH_NOT_FOUND'],
    ['/.env', 'PATH_NOT_FOUND'],
    ['/.fairlead', 'PATH_NOT_FOUND'],
    ['/.fairlead/trash', 'PATH_NOT_FOUND'],
    ['/many', 'INVALID_ARGUMENT'],
    ['/holding', 'FORBIDDEN'],
  ])('refuses %s, even if it is told to be recursive', async (path, code) => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`many/${index}`, '']));
    const { workspace, tools } = await setUp({
      ...many,
      '.env': 'x',
      'holding/a/.env': 'SECRET',
      'b.txt': '',
    });
    await tools.text('delete_file', { path: '/b.txt' });
    const refused = await tools.failure('delete_file', { path, recursive: true });
    expect(refused.code).toBe(code);
    if (path === '/holding') expect(`${refused.message} ${String(refused.next)}`).not.toContain('.env');
    await access(join(workspace, 'holding/a/.env'));
    await access(join(workspace, 'many/999'));
  });

  it('suggests what may have been meant', async () => {
    const { tools } = await setUp({ 'docs/plan.md': 'x' });
    const refused = await tools.failure('delete_file', { path: '/docs/paln.md' });
    expect(refused.next).toBe('list_files {"path":"/docs"}, then delete_file with the path that is meant');
  });

  it('deletes nothing where the trash is a link or a file', async () => {
    const outside = await makeFolder();
    const { workspace, tools } = await setUp({ 'a.txt': 'x' });
    await symlink(outside, join(workspace, '.fairlead'));
    expect((await tools.failure('delete_file', { path: '/a.txt' })).code).toBe('FORBIDDEN');
    expect(await readdir(outside)).toEqual([]);
    await lstat(join(workspace, 'a.txt'));
  });

  it('keeps the trash from every tool, whatever the operator denies', async () => {
    const { workspace, tools, trash } = await setUp({ 'a.txt': 'needle', 'b.txt': 'x' }, { deny: [] });
    await tools.text('delete_file', { path: '/a.txt' });
    await writeFile(join(workspace, '.fairlead-draft-1'), 'needle');
    const [id = ''] = await readdir(trash);
    const path = `/.fairlead/trash/${id}/content`;
    expect(await tools.text('list_files', { path: '/', depth: 5, include_ignored: true })).not.toContain(
      'fairlead',
    );
    expect(await tools.text('list_files', { path: '/', glob: '**/*', include_ignored: true })).not.toContain(
      'fairlead',
    );
    expect(await tools.text('search_files', { pattern: 'needle' })).toContain('nothing found');
    for (const [tool, args] of Object.entries({
      read_file: { paths: [path] },
      edit_file: { path, edits: [{ old_text: 'needle', new_text: 'x' }] },
      move_file: { from: path, to: '/c.txt' },
      delete_file: { path },
      list_files: { path: '/.fairlead' },
    })) {
      expect((await tools.failure(tool, args)).code, tool).toBe('PATH_NOT_FOUND');
    }
    expect((await tools.failure('write_file', { path, content: '', if_exists: 'overwrite' })).code).toBe(
      'FORBIDDEN',
    );
    expect((await tools.failure('move_file', { from: '/b.txt', to: path })).code).toBe('FORBIDDEN');
    await expect(tools.resources.read(toolCall(), `fairlead://workspace${path}`)).rejects.toThrow();
  });
});
