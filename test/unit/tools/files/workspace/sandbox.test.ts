import { link, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DenyList } from '../../../../../src/tools/files/workspace/deny-list.ts';
import {
  pinByComparison,
  pinByDescriptor,
  type Pinning,
} from '../../../../../src/tools/files/workspace/pin.ts';
import { WorkspaceRoot } from '../../../../../src/tools/files/workspace/root.ts';
import { Sandbox } from '../../../../../src/tools/files/workspace/sandbox.ts';
import { makeFolder, type Tree } from '../../../../fixtures/file-tools.ts';

const pinnings = { 'by descriptor': pinByDescriptor, 'by comparison': pinByComparison };

describe.each(Object.entries(pinnings))('the sandbox, judging %s', (_name, pinning) => {
  async function setUp(tree: Tree) {
    const outside = await makeFolder({ 'secret.txt': 'outside', 'inner/deep.txt': 'outside' });
    const inside = await makeFolder(tree);
    const sandbox = Sandbox.over([new WorkspaceRoot('/', inside)], new DenyList(['*.key', '.git/']), pinning);
    const read = async (path: string): Promise<string> => {
      const file = await sandbox.openFile(path);
      try {
        return (await file.handle.readFile()).toString();
      } finally {
        await file.close();
      }
    };
    const kind = async (path: string): Promise<string> => {
      const entry = await sandbox.open(path);
      await entry.close();
      return entry.kind;
    };
    return { inside, outside, sandbox, read, kind };
  }

  it('opens files and folders below the root, and the root itself', async () => {
    const { read, kind } = await setUp({ 'a/b.txt': 'hello' });
    expect(await read('/a/b.txt')).toBe('hello');
    expect(await kind('/a')).toBe('directory');
    expect(await kind('/')).toBe('directory');
  });

  it('follows links that stay inside, also through folders and with absolute targets', async () => {
    const { inside, read } = await setUp({ 'a/b.txt': 'hello' });
    await symlink('a', join(inside, 'folder'));
    await symlink(join(inside, 'a/b.txt'), join(inside, 'file'));
    expect(await read('/folder/b.txt')).toBe('hello');
    expect(await read('/file')).toBe('hello');
  });

  it.each([
    ['a file', 'secret.txt', '/out'],
    ['a folder', 'inner', '/out/deep.txt'],
  ])('refuses a link to %s outside', async (_what, target, path) => {
    const { inside, outside, read } = await setUp({});
    await symlink(join(outside, target), join(inside, 'out'));
    await expect(read(path)).rejects.toMatchObject({ code: 'OUTSIDE_WORKSPACE' });
  });

  it('refuses a link that climbs, and one to a folder whose name only starts like the root', async () => {
    const { inside, read } = await setUp({});
    await mkdir(`${inside}-other`);
    await writeFile(`${inside}-other/x`, 'outside');
    onTestFinished(() => rm(`${inside}-other`, { recursive: true }));
    await symlink('../../../../../../etc/passwd', join(inside, 'climb'));
    await symlink(`${inside}-other`, join(inside, 'similar'));
    await expect(read('/climb')).rejects.toMatchObject({ code: 'OUTSIDE_WORKSPACE' });
    await expect(read('/similar/x')).rejects.toMatchObject({ code: 'OUTSIDE_WORKSPACE' });
  });

  it('knows no such path for a dangling link, a loop, a file used as a folder and an overlong name', async () => {
    const { inside, read } = await setUp({ 'a.txt': 'x' });
    await symlink('nowhere', join(inside, 'dangling'));
    await symlink('loop', join(inside, 'loop'));
    for (const path of ['/dangling', '/loop', '/a.txt/b', `/${'n'.repeat(300)}`, '/none']) {
      await expect(read(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    }
  });

  it('treats what is denied as not there, by its name and by where a link leads', async () => {
    const { inside, read } = await setUp({ 'server.key': 'secret', '.git/config': 'secret' });
    await symlink('server.key', join(inside, 'harmless.txt'));
    await symlink('.git', join(inside, 'folder'));
    for (const path of ['/server.key', '/.git/config', '/harmless.txt', '/folder/config']) {
      await expect(read(path)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    }
  });

  it('counts a hard link as a file of the workspace', async () => {
    const { inside, outside, read } = await setUp({});
    await link(join(outside, 'secret.txt'), join(inside, 'linked.txt'));
    expect(await read('/linked.txt')).toBe('outside');
  });

  it('does not wait at a FIFO, and reads neither it nor a socket nor a device', async () => {
    const { inside, read, kind } = await setUp({});
    execFileSync('mkfifo', [join(inside, 'fifo')]);
    const server = createServer().listen(join(inside, 'socket'));
    onTestFinished(() => void server.close());
    await symlink('/dev/zero', join(inside, 'zero'));
    expect(await kind('/fifo')).toBe('other');
    await expect(read('/fifo')).rejects.toMatchObject({ code: 'NOT_TEXT' });
    await expect(read('/socket')).rejects.toMatchObject({ code: /NOT_TEXT|SOURCE_UNAVAILABLE/ });
    await expect(read('/zero')).rejects.toMatchObject({ code: 'OUTSIDE_WORKSPACE' });
  });

  it('names a folder as such when a file was asked for', async () => {
    const { read } = await setUp({ 'a/b.txt': 'hello' });
    await expect(read('/a')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      next: 'list_files {"path":"/a"}',
    });
  });

  it('keeps reading the opened file when its name goes to another', async () => {
    const { inside, outside, sandbox } = await setUp({ 'a.txt': 'mine' });
    const file = await sandbox.openFile('/a.txt');
    await rename(join(inside, 'a.txt'), join(inside, 'b.txt'));
    await symlink(join(outside, 'secret.txt'), join(inside, 'a.txt'));
    expect((await file.handle.readFile()).toString()).toBe('mine');
    await file.close();
  });

  it('says that the workspace is unavailable while its folder is missing, and serves it once it is there', async () => {
    const base = await makeFolder();
    const sandbox = Sandbox.over([new WorkspaceRoot('/', join(base, 'later'))], new DenyList([]), pinning);
    await expect(sandbox.open('/')).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    await mkdir(join(base, 'later'));
    await (await sandbox.open('/')).close();
  });

  it('follows a root that is switched to another checkout', async () => {
    const base = await makeFolder({ 'one/x.txt': '1', 'two/x.txt': '2', 'two/new.txt': '3' });
    await symlink('one', join(base, 'current'));
    const sandbox = Sandbox.over([new WorkspaceRoot('/', join(base, 'current'))], new DenyList([]), pinning);
    await (await sandbox.openFile('/x.txt')).close();
    await symlink('two', join(base, 'next'));
    await rename(join(base, 'next'), join(base, 'current'));
    const file = await sandbox.openFile('/new.txt');
    expect((await file.handle.readFile()).toString()).toBe('3');
    await file.close();
  });

  it('tells no place of the machine in any refusal', async () => {
    const { inside, outside, read } = await setUp({ 'a/b.txt': '' });
    await symlink(join(outside, 'secret.txt'), join(inside, 'out'));
    for (const path of ['/out', '/none', '/a', '/a/b.txt/c']) {
      const error = await read(path).catch((reason: unknown) => reason as Error & { next?: string });
      const said = error instanceof Error ? `${error.message} ${error.next ?? ''}` : '';
      expect(said).not.toContain(inside);
      expect(said).not.toContain(outside);
    }
  });
});

describe('a failure of the file system', () => {
  it.each([
    ['EACCES', 'FORBIDDEN'],
    ['EPERM', 'FORBIDDEN'],
    ['EMFILE', 'BUSY'],
    ['EIO', 'SOURCE_UNAVAILABLE'],
    ['ESTALE', 'SOURCE_UNAVAILABLE'],
    ['ELOOP', 'PATH_NOT_FOUND'],
  ])('%s is told as %s, without its own words', async (code, expected) => {
    const broken = Object.assign(new Error(`${code}: open '/private/place'`), { code });
    const pinning: Pinning = { pin: () => Promise.reject(broken), reader: () => Promise.reject(broken) };
    const sandbox = Sandbox.over([new WorkspaceRoot('/', await makeFolder())], new DenyList([]), pinning);
    const error = await sandbox.open('/a').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: expected });
    expect(String(error)).not.toContain('/private/place');
  });

  it('that is not foreseen stays what it is', async () => {
    const odd = Object.assign(new Error('odd'), { code: 'EODD' });
    const pinning: Pinning = { pin: () => Promise.reject(odd), reader: () => Promise.reject(odd) };
    const sandbox = Sandbox.over([new WorkspaceRoot('/', await makeFolder())], new DenyList([]), pinning);
    await expect(sandbox.open('/a')).rejects.toBe(odd);
  });
});
