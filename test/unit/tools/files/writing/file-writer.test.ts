import type { BigIntStats } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../../../src/core/clock.ts';
import { ScopeSet } from '../../../../../src/core/scopes.ts';
import { createFileTools } from '../../../../../src/tools/files/index.ts';
import { Trash } from '../../../../../src/tools/files/trash/trash.ts';
import { DenyList } from '../../../../../src/tools/files/workspace/deny-list.ts';
import { HeldFolder } from '../../../../../src/tools/files/workspace/held-folder.ts';
import { pinByComparison } from '../../../../../src/tools/files/workspace/pin.ts';
import { Places } from '../../../../../src/tools/files/workspace/places.ts';
import { WorkspaceRoot } from '../../../../../src/tools/files/workspace/root.ts';
import { Sandbox } from '../../../../../src/tools/files/workspace/sandbox.ts';
import { writeError } from '../../../../../src/tools/files/workspace/write-error.ts';
import { copyFolder } from '../../../../../src/tools/files/writing/copy-tree.ts';
import { FileLocks } from '../../../../../src/tools/files/writing/file-locks.ts';
import { FileWriter } from '../../../../../src/tools/files/writing/file-writer.ts';
import { placeFolder, placeNew } from '../../../../../src/tools/files/writing/placing.ts';
import { rename as moveByName } from '../../../../../src/tools/files/writing/transfer.ts';
import { toolsOptions } from '../../../../../src/tools/options.ts';
import { makeFolder, openTools, type Tree } from '../../../../fixtures/file-tools.ts';
import { principalOf } from '../../../../fixtures/principal.ts';
import { openToolsContext } from '../../../../fixtures/tools-context.ts';
import { FREQUENT, watchWorkspace } from '../../../../fixtures/workspace-watch.ts';

const { signal } = new AbortController();

async function setUp(tree: Tree, sandboxed?: typeof pinByComparison) {
  const workspace = await makeFolder(tree);
  const root = new WorkspaceRoot('/', workspace);
  const sandbox = Sandbox.over([root], new DenyList([]), sandboxed);
  const context = await openToolsContext();
  onTestFinished(() => context.release());
  const { store } = context;
  const locks = new FileLocks(store);
  return {
    ...{ workspace, root, sandbox, store, locks, places: new Places(sandbox), writer: new FileWriter(locks) },
    at: (name: string) => join(workspace, name),
    read: (name: string) => readFile(join(workspace, name), 'utf8'),
  };
}

const held = { realPath: '/', close: () => Promise.resolve() };

/** A folder of which files can be neither read nor taken away: as root that cannot be had otherwise. */
class Locked extends HeldFolder {
  failure = Object.assign(new Error('refused'), { code: 'EACCES' });
  override remove(): Promise<never> {
    return Promise.reject(this.failure);
  }
  override read(): Promise<never> {
    return Promise.reject(this.failure);
  }
}

describe('a file that others change past the service', () => {
  it('is not replaced when it was changed between looking and writing', async () => {
    const { places, writer, at, read } = await setUp({ 'x.txt': 'old' });
    const change = writer.change(places, '/x.txt', signal, async (target) => {
      const present = await target.read(1000, '');
      await writeFile(at('x.txt'), 'foreign');
      await target.write({ bytes: Buffer.from('new'), replaces: { version: present?.version ?? '' } });
    });
    await expect(change).rejects.toMatchObject({ code: 'STALE_FILE' });
    expect(await read('x.txt')).toBe('foreign');
  });

  it('is not overwritten when it came into being meanwhile', async () => {
    const { workspace, places, writer, at, read } = await setUp({});
    const change = writer.change(places, '/x.txt', signal, async (target) => {
      await writeFile(at('x.txt'), 'foreign');
      await target.write({ bytes: Buffer.from('new'), replaces: 'nothing' });
    });
    await expect(change).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await read('x.txt')).toBe('foreign');
    expect(await readdir(workspace)).toEqual(['x.txt']);
  });

  it('is not written to a folder that was moved away meanwhile', async () => {
    const { places, writer, at } = await setUp({ 'a/x.txt': 'old' });
    const change = writer.change(places, '/a/y.txt', signal, async (target) => {
      await rename(at('a'), at('b'));
      await target.write({ bytes: Buffer.from('new'), replaces: 'nothing' });
    });
    await expect(change).rejects.toMatchObject({ code: 'BUSY' });
    expect(await readdir(at('b'))).toEqual(['x.txt']);
  });

  it('is not replaced by a move, whatever came there since it was looked at', async () => {
    const { places, at, read } = await setUp({ 'new.txt': 'new', 'new/x': 'x' });
    const source = await places.of('/new.txt');
    const [file, folder] = [await places.forNew('/a.txt'), await places.forNew('/b')];
    await writeFile(at('a.txt'), 'foreign');
    await mkdir(at('b'));
    const goalOf = (place: typeof file) => ({ folder: place.folder, name: place.name, path: place.path });
    await expect(placeNew(source.folder, 'new.txt', goalOf(file))).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    await expect(placeFolder(source.folder, 'new', goalOf(folder))).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    expect(await read('a.txt')).toBe('foreign');
    expect(await read('new.txt')).toBe('new');
    await Promise.all([source.close(), file.close(), folder.close()]);
  });

  it('keeps its one name when that cannot be taken away, and loses none that is gone', async () => {
    const { workspace, places, at, read } = await setUp({ 'a.txt': 'x', 'b/': '' });
    const from = new Locked({ ...held, at: workspace });
    const goal = { folder: new HeldFolder({ ...held, at: at('b') }), name: 'a.txt', path: '/b/a.txt' };
    await expect(placeNew(from, 'a.txt', goal)).rejects.toBe(from.failure);
    expect(await readdir(workspace, { recursive: true })).toEqual(['a.txt', 'b']);
    const source = { ...(await places.of('/a.txt')), folder: from };
    const target = await places.forNew('/b/a.txt');
    const transfer = { places, signal, lock: { confirm: () => Promise.resolve() } };
    await expect(moveByName(transfer, source, target)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('may not move "/a.txt" to "/b/a.txt"') as string,
    });
    const mayBeChanged = vi.spyOn(HeldFolder.prototype, 'mayBeChanged').mockResolvedValueOnce(false);
    await expect(moveByName(transfer, source, target)).rejects.toMatchObject({
      message: expect.stringContaining('may not change "/b/a.txt"') as string,
    });
    mayBeChanged.mockRestore();
    from.failure.code = 'EBUSY';
    await expect(moveByName(transfer, source, target)).rejects.toMatchObject({
      message: expect.stringContaining('keeps "/a.txt" in its place') as string,
    });
    await Promise.all([source.close(), target.close()]);
    from.failure.code = 'ENOENT';
    await placeNew(from, 'a.txt', goal);
    expect(await read('b/a.txt')).toBe('x');
  });

  it('is named when it cannot be read in a folder that is copied', async () => {
    const { workspace, sandbox } = await setUp({ 'a/b.txt': 'x' });
    const copying = { ...{ sandbox, path: '/a', signal }, ...{ entries: 0, bytes: 0, leftOut: 0 } };
    const source = new Locked({ ...held, realPath: '/a', at: join(workspace, 'a') });
    const into = { folder: new HeldFolder({ ...held, at: workspace }), name: 'c', goal: '/c' };
    await expect(copyFolder(copying, source, into)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('may not read "/a/b.txt"') as string,
    });
  });
});

it('is refused by the trash of another file system, and told to be in use where the system keeps it', async () => {
  const { sandbox, root, places } = await setUp({ 'a.txt': 'x' });
  const place = await places.of('/a.txt');
  await place.close();
  const trash = new Trash(sandbox, root);
  expect(await trash.isNear(place)).toBe(true);
  const stats = Object.assign(Object.create(place.stats ?? null) as BigIntStats, { dev: -1n });
  expect(await trash.isNear({ stats })).toBe(false);
  const busy = Object.assign(new Error('EBUSY'), { code: 'EBUSY' });
  expect(writeError(busy, '/mnt')).toMatchObject({ code: 'FORBIDDEN' });
});

describe('a lock', () => {
  it('that others have got meanwhile lets nothing be changed', async () => {
    const { places, writer, store, read } = await setUp({ 'x.txt': 'old' });
    const change = writer.change(places, '/x.txt', signal, async (target) => {
      const { keys } = await store.scan('workspace:lock:', 10);
      await store.put(keys[0] ?? '', 'somebody else', 10);
      await target.write({ bytes: Buffer.from('new'), replaces: 'anything' });
    });
    await expect(change).rejects.toMatchObject({ code: 'BUSY', retryable: true });
    expect(await read('x.txt')).toBe('old');
  });

  it('is waited for no longer than the call lasts, and let go at the end', async () => {
    const { root, locks, store } = await setUp({});
    const call = new AbortController();
    let free = (): void => undefined;
    const first = locks.hold(root, '/x', signal, () => new Promise<void>((resolve) => (free = resolve)));
    const second = locks.hold(root, '/x', call.signal, () => Promise.resolve());
    const other = new FileLocks(store).hold(root, '/x', call.signal, () => Promise.resolve());
    call.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    await expect(other).rejects.toThrow('gone');
    free();
    await first;
    expect((await store.scan('workspace:lock:', 10)).keys).toEqual([]);
  });
});

describe('a draft for tools of other kinds', () => {
  async function drafts(tree: Tree) {
    const workspace = await makeFolder(tree);
    const options = toolsOptions.parse({ files: { workspace } });
    const context = await openToolsContext();
    const built = createFileTools(options, context);
    onTestFinished(async () => {
      await built.close();
      await context.release();
    });
    const reader = principalOf({ clientId: 'client', scopes: ScopeSet.of(['files:write']), expiresAt: 0 });
    return {
      workspace,
      draft: built.files.draft.bind(built.files, reader),
      open: built.files.open.bind(built.files, reader),
    };
  }

  it('is seen by nobody before it is committed, and then has its place and a version', async () => {
    const { workspace, draft, open } = await drafts({});
    const one = await draft('/out/data.csv', { ifExists: 'fail' });
    await one.handle.writeFile('a,b\n');
    expect((await readdir(workspace)).filter((name) => !name.startsWith('.fairlead-draft-'))).toEqual([]);
    const written = await one.commit();
    expect(written).toMatchObject({ path: '/out/data.csv', size: 4 });
    const held = await open('/out/data.csv', (path) => path, signal);
    expect(held.version).toBe(written.version);
    await held.close();
    await expect(draft('/out/data.csv', { ifExists: 'fail' })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    const stale = { ifExists: 'overwrite', expectedVersion: 'other' } as const;
    await expect(draft('/out/data.csv', stale)).rejects.toMatchObject({ code: 'STALE_FILE' });
    expect(await readdir(workspace, { recursive: true })).toEqual(['out', 'out/data.csv']);
  });

  it('is gone when it is discarded, or when what it replaces was changed meanwhile', async () => {
    const { workspace, draft } = await drafts({ 'x.csv': 'old' });
    const one = await draft('/y.csv', { ifExists: 'fail' });
    await one.discard();
    const two = await draft('/y.csv', { ifExists: 'fail' });
    await writeFile(join(workspace, 'y.csv'), 'foreign');
    await expect(two.commit()).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect((await readdir(workspace)).sort()).toEqual(['x.csv', 'y.csv']);
    await expect(draft('/../x', { ifExists: 'fail' })).rejects.toMatchObject({ code: 'OUTSIDE_WORKSPACE' });
  });
});

it('works where the system does not tell what a descriptor is', async () => {
  const { places, writer, sandbox, root, read, workspace } = await setUp(
    { 'a/x.txt': 'old' },
    pinByComparison,
  );
  const write = (path: string): Promise<unknown> =>
    writer.change(places, path, signal, (target) =>
      target.write({ bytes: Buffer.from('new'), replaces: 'anything' }),
    );
  await write('/a/x.txt');
  await write('/a/b/c/y.txt');
  expect([await read('a/x.txt'), await read('a/b/c/y.txt')]).toEqual(['new', 'new']);
  const place = await places.of('/a');
  const deletion = { path: '/a', kind: 'folder', entries: 1, bytes: 0, subject: 's', clientId: 'c' } as const;
  await new Trash(sandbox, root, systemClock).put(place, deletion);
  await place.close();
  expect(await readdir(workspace)).toEqual(['.fairlead']);
});

it('is seen by those who follow files and lists, without a trace of drafts and trash', async () => {
  const watching = await watchWorkspace({ 'a.md': 'one' }, { paths: ['a.md'], list: true });
  const tools = await openTools(watching.workspace);
  await tools.text('write_file', { path: '/a.md', content: 'two', if_exists: 'overwrite' });
  await vi.waitFor(() => {
    expect(watching.updates('a.md')).toHaveLength(1);
  }, FREQUENT);
  await tools.text('write_file', { path: '/b.md', content: 'new' });
  await vi.waitFor(() => {
    expect(watching.listings().length).toBeGreaterThan(0);
  }, FREQUENT);
  await tools.text('delete_file', { path: '/a.md' });
  await vi.waitFor(() => {
    expect(watching.updates('a.md')).toHaveLength(2);
  }, FREQUENT);
  expect(JSON.stringify(watching.changes)).not.toContain('fairlead-draft');
  expect(JSON.stringify(watching.changes)).not.toContain('trash');
});
