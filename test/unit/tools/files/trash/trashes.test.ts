import { readdirSync } from 'node:fs';
import { cp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Trashes } from '../../../../../src/tools/files/index.ts';
import { filesOptions } from '../../../../../src/tools/files/options.ts';
import { Trash } from '../../../../../src/tools/files/trash/trash.ts';
import { DenyList } from '../../../../../src/tools/files/workspace/deny-list.ts';
import { HeldFolder } from '../../../../../src/tools/files/workspace/held-folder.ts';
import { WorkspaceRoot } from '../../../../../src/tools/files/workspace/root.ts';
import { Sandbox } from '../../../../../src/tools/files/workspace/sandbox.ts';
import { makeFolder, openTools, type Tree } from '../../../../fixtures/file-tools.ts';

async function setUp(tree: Tree) {
  const workspace = await makeFolder(tree);
  const tools = await openTools(workspace);
  const trashes = new Trashes(filesOptions.parse({ workspace }));
  const remove = async (path: string): Promise<string> => {
    const said = await tools.text('delete_file', { path, recursive: true });
    return /restore it as (\S+)\]/.exec(said)?.[1] ?? '';
  };
  return { workspace, trashes, remove, read: (name: string) => readFile(join(workspace, name), 'utf8') };
}

describe('what was deleted', () => {
  it('is restored where it was, with the folders that are gone, and then is no longer in the trash', async () => {
    const { workspace, trashes, remove, read } = await setUp({ 'a/b/c.txt': 'x' });
    await symlink('c.txt', join(workspace, 'a/b/link'));
    const [file, link, folder] = [await remove('/a/b/c.txt'), await remove('/a/b/link'), await remove('/a')];
    expect(
      (await trashes.list()).map(({ id, path, kind, workspace: name }) => [id, path, kind, name]),
    ).toEqual(
      expect.arrayContaining([
        [file, '/a/b/c.txt', 'file', 'workspace'],
        [link, '/a/b/link', 'link', 'workspace'],
        [folder, '/a', 'folder', 'workspace'],
      ]) as unknown,
    );
    expect(await trashes.restore(file)).toBe('/a/b/c.txt');
    expect(await trashes.restore(link)).toBe('/a/b/link');
    expect(await read('a/b/link')).toBe('x');
    await expect(trashes.restore(folder)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await trashes.restore(folder, { to: '/other' })).toBe('/other');
    expect(await readdir(join(workspace, 'other'))).toEqual(['b']);
    expect(await trashes.list()).toEqual([]);
    expect(await readdir(join(workspace, '.fairlead/trash'))).toEqual([]);
  });

  it('overwrites nothing when it is restored, and stays in the trash then', async () => {
    const { workspace, trashes, remove, read } = await setUp({ 'a.txt': 'old' });
    const id = await remove('/a.txt');
    await writeFile(join(workspace, 'a.txt'), 'new');
    await expect(trashes.restore(id)).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      next: `fairlead trash restore ${id} --to OTHER-PATH`,
    });
    expect(await read('a.txt')).toBe('new');
    await trashes.restore(id, { to: 'b/c.txt' });
    expect(await read('b/c.txt')).toBe('old');
  });

  it.each([['../../etc/cron.d/x'], ['/out/x'], ['/.git/hooks/x']])('is not restored to %s', async (to) => {
    const { workspace, trashes, remove } = await setUp({ 'a.txt': 'x', '.git/config': '' });
    const outside = await makeFolder();
    await symlink(outside, join(workspace, 'out'));
    const id = await remove('/a.txt');
    await expect(trashes.restore(id, { to })).rejects.toMatchObject({
      code: expect.stringMatching(/^(OUTSIDE_WORKSPACE|FORBIDDEN)$/) as string,
    });
    expect(await readdir(outside)).toEqual([]);
    expect(await trashes.list()).toHaveLength(1);
  });

  it.each(['nope', '../x', '20260101-000000-aaaaaaaa', ''])('is not found as %j', async (id) => {
    const { trashes, remove } = await setUp({ 'a.txt': 'x' });
    await remove('/a.txt');
    await expect(trashes.restore(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is removed for good once it is old enough, and nothing else', async () => {
    const outside = await makeFolder({ 'precious.txt': 'x' });
    const { workspace, trashes, remove } = await setUp({ 'a.txt': 'x', 'b/c.txt': 'x' });
    await symlink(outside, join(workspace, 'b/link'));
    await remove('/a.txt');
    const start = Date.now();
    expect(await trashes.empty(start - 60_000)).toBe(0);
    const id = await remove('/b');
    await writeFile(join(workspace, '.fairlead/trash/notes.txt'), 'of the operator');
    expect(await trashes.empty(Date.now() + 1)).toBe(2);
    expect(await trashes.list()).toEqual([]);
    expect(await readdir(join(workspace, '.fairlead/trash'))).toEqual(['notes.txt']);
    expect(await readdir(outside)).toEqual(['precious.txt']);
    await expect(trashes.restore(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is restored as a whole or not at all while the trash is emptied', async () => {
    const names = Array.from({ length: 400 }, (_, index) => `f${index}`);
    const tree = Object.fromEntries(names.map((name) => [`a/${name}`, name]));
    const { workspace, trashes, remove } = await setUp(tree);
    const id = await remove('/a');
    const emptied = trashes.empty(Number.MAX_SAFE_INTEGER);
    const restored = await trashes.restore(id).catch((error: unknown) => error);
    await emptied;
    if (restored === '/a') expect(await readdir(join(workspace, 'a'))).toHaveLength(names.length);
    else expect(restored).toMatchObject({ code: 'NOT_FOUND' });
    expect(await trashes.list()).toEqual([]);
    expect(await readdir(join(workspace, '.fairlead/trash'))).toEqual([]);
  });

  it('is not found when the trash is emptied after it was', async () => {
    const { workspace, remove } = await setUp({ 'a/x': 'x' });
    const id = await remove('/a');
    const { deny, ...options } = filesOptions.parse({ workspace });
    const sandbox = Sandbox.over([new WorkspaceRoot('/', options.workspace)], new DenyList(deny));
    const trash = new Trash(sandbox, sandbox.rootOf('/'));
    const taken = await trash.take(id, async ({ folder }) => {
      expect(await trash.empty(Number.MAX_SAFE_INTEGER)).toBe(1);
      return folder.look(Trash.content);
    });
    expect(taken).toBeUndefined();
  });

  it('is listed with few descriptors, however much there is', async () => {
    const { workspace, trashes, remove } = await setUp({ 'a.txt': 'x' });
    const id = await remove('/a.txt');
    const trash = join(workspace, '.fairlead/trash');
    const record = await readFile(join(trash, id, 'record.json'), 'utf8');
    for (let index = 100; index < 200; index++) {
      const other = `20260101-000000-aaaaa${index}`;
      await cp(join(trash, id), join(trash, other), { recursive: true });
      await writeFile(join(trash, other, 'record.json'), record.replace(id, other));
    }
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    const [before, seen] = [descriptors(), [0]];
    const look = setInterval(() => seen.push(descriptors()), 0);
    expect(await trashes.list()).toHaveLength(101);
    clearInterval(look);
    expect(Math.max(...seen) - before).toBeLessThan(30);
  });

  it('leaves nothing half written behind when the disk is full', async () => {
    const { workspace, remove } = await setUp({ 'a.txt': 'x' });
    const create = vi.spyOn(HeldFolder.prototype, 'create');
    create.mockImplementationOnce(async function (this: HeldFolder, name, mode) {
      create.mockRestore();
      const handle = await this.create(name, mode);
      const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
      vi.spyOn(handle, 'writeFile').mockRejectedValueOnce(full);
      return handle;
    });
    await expect(remove('/a.txt')).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: 'There is no room left to write "/a.txt". Nothing was changed.',
    });
    expect(await readdir(join(workspace, '.fairlead'))).toEqual([]);
    await remove('/a.txt');
    expect(await readFile(join(workspace, '.fairlead/.gitignore'), 'utf8')).toBe('*\n');
  });

  it('is kept by workspace', async () => {
    const [one, two] = [await makeFolder({ 'a.txt': '1' }), await makeFolder({ 'a.txt': '2' })];
    const files = {
      workspaces: [
        { name: 'one', path: one, access: 'write' },
        { name: 'two', path: two, access: 'write' },
      ],
    };
    const tools = await openTools(one, { files });
    await tools.text('delete_file', { path: '/one/a.txt' });
    await tools.text('delete_file', { path: '/two/a.txt' });
    const trashes = new Trashes(filesOptions.parse(files));
    expect((await trashes.list()).map(({ path }) => path).sort()).toEqual(['/one/a.txt', '/two/a.txt']);
    const [item] = await trashes.list('two');
    expect(item?.path).toBe('/two/a.txt');
    await expect(trashes.restore(item?.id ?? '', { workspace: 'one' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await trashes.empty(Number.POSITIVE_INFINITY, 'one')).toBe(1);
    expect(await trashes.restore(item?.id ?? '')).toBe('/two/a.txt');
    expect(await readFile(join(two, 'a.txt'), 'utf8')).toBe('2');
    await expect(trashes.list('three')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      next: 'name one of one, two',
    });
  });
});
