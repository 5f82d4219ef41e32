import { appendFile, chmod, open, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { versionAt } from '../../../../../src/tools/files/workspace/version.ts';
import { makeFolder } from '../../../../fixtures/file-tools.ts';

async function versionOfFile(path: string): Promise<string> {
  const handle = await open(path);
  try {
    return await versionAt(handle);
  } finally {
    await handle.close();
  }
}

describe('the version of a file', () => {
  it('is short, opaque, and stays as long as nothing changes', async () => {
    const path = join(await makeFolder({ 'a.txt': 'one' }), 'a.txt');
    const version = await versionOfFile(path);
    expect(version).toMatch(/^[\w-]{12}$/);
    expect(await versionOfFile(path)).toBe(version);
  });

  it.each<[string, (path: string) => Promise<unknown>]>([
    ['is written', (path) => appendFile(path, '!')],
    ['is replaced', (path) => writeFile(`${path}.new`, 'one').then(() => rename(`${path}.new`, path))],
    [
      'is written and given its old time back',
      async (path) => {
        const { atime, mtime } = await stat(path);
        await writeFile(path, 'two');
        await utimes(path, atime, mtime);
      },
    ],
    ['has other rights', (path) => chmod(path, 0o640)],
  ])('is another one when the file %s', async (_how, change) => {
    const path = join(await makeFolder({ 'a.txt': 'one' }), 'a.txt');
    // Made long ago, so that the time of the change differs on a file system with coarse times as well.
    await utimes(path, 1, 1);
    const before = await versionOfFile(path);
    const ticks = async (): Promise<void> => {
      await change(path);
      expect(await versionOfFile(path)).not.toBe(before);
    };
    await expect.poll(() => ticks().then(() => 'changed'), { timeout: 2000 }).toBe('changed');
  });

  it('is another one for each file', async () => {
    const folder = await makeFolder({ 'a.txt': 'one', 'b.txt': 'one' });
    const [a, b] = await Promise.all(['a.txt', 'b.txt'].map((name) => versionOfFile(join(folder, name))));
    expect(a).not.toBe(b);
  });
});
