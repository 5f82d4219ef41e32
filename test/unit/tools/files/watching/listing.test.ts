import { rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { makeFolder, writeTree } from '../../../../fixtures/file-tools.ts';
import { FREQUENT, untilListed, untilTold, watchWorkspace } from '../../../../fixtures/workspace-watch.ts';

describe('watching the list', () => {
  it('tells of files that are added, renamed and removed, each time by another version', async () => {
    const watching = await watchWorkspace({ 'a.md': '1' }, { list: true });
    const { at, listings, versions } = watching;
    let count = await untilListed(watching, 'probe');
    const steps = [
      () => writeFile(at('b.md'), ''),
      () => rename(at('b.md'), at('c.md')),
      () => unlink(at('c.md')),
      () => writeFile(at('b.md'), ''),
    ];
    for (const step of steps) {
      await step();
      count++;
      await vi.waitFor(() => {
        expect(listings()).toHaveLength(count);
      }, FREQUENT);
    }
    expect(new Set(versions()).size).toBe(count);
  });

  it('tells of files in folders that come, however deep, and that were empty', async () => {
    const watching = await watchWorkspace({ 'a.md': '1', 'empty/': '' }, { list: true });
    const { at, listings } = watching;
    let count = await untilListed(watching, 'probe');
    for (const path of ['empty/x.md', 'new/deep/deeper/x.md', 'new/deep/deeper/y.md', 'new/other/z.md']) {
      await writeTree(at('.'), { [path]: '' });
      count++;
      await vi.waitFor(() => {
        expect(listings(), path).toHaveLength(count);
      }, FREQUENT);
    }
    await rm(at('new'), { recursive: true });
    await vi.waitFor(() => {
      expect(listings().length).toBeGreaterThan(count);
    }, FREQUENT);
  });

  it('tells nothing of what is not listed: ignored and denied files, folders, changed contents', async () => {
    const watching = await watchWorkspace(
      { 'a.md': '1', '.gitignore': '*.log\nbuild/', 'build/out.txt': '', 'logs/x.log': '' },
      { list: true },
    );
    const { at, listings, changes } = watching;
    const count = await untilListed(watching, 'probe');
    await writeTree(at('.'), {
      'b.log': '',
      '.env': '',
      '.git/HEAD': '',
      'build/new.txt': '',
      'logs/y.log': '',
      'folder/': '',
      'a.md': 'changed',
    });
    await writeFile(at('c.md'), '');
    await vi.waitFor(() => {
      expect(listings()).toHaveLength(count + 1);
    }, FREQUENT);
    expect(changes).toHaveLength(count + 1);
  });

  it('goes by the ignore files as they are now', async () => {
    const watching = await watchWorkspace({ 'a.md': '1', 'x/b.log': '', '.gitignore': '' }, { list: true });
    const { at, listings } = watching;
    const count = await untilListed(watching, 'probe');
    await writeFile(at('.gitignore'), '*.log');
    await vi.waitFor(() => {
      expect(listings()).toHaveLength(count + 1);
    }, FREQUENT);
    await writeFile(at('.gitignore'), '');
    await vi.waitFor(() => {
      expect(listings()).toHaveLength(count + 2);
    }, FREQUENT);
  });

  it('puts a burst together, and does not lose its end', async () => {
    const watching = await watchWorkspace({ 'a.md': '1' }, { list: true });
    const { at, listings } = watching;
    const count = await untilListed(watching, 'probe');
    for (let index = 0; index < 300; index++) await writeTree(at('.'), { [`d${index % 20}/f${index}`]: '' });
    await writeFile(at('last'), '');
    await untilTold(watching);
    expect(listings().length - count).toBeLessThan(10);
  });

  it('does not go into folders that links lead to', async () => {
    const outside = await makeFolder({ 'x.md': '' });
    const watching = await watchWorkspace({ 'a.md': '1' }, { list: true });
    const { at, listings } = watching;
    await symlink(outside, at('out'));
    await symlink('.', at('loop'));
    const count = await untilListed(watching, 'probe');
    await writeFile(join(outside, 'y.md'), '');
    await writeFile(at('b.md'), '');
    await vi.waitFor(() => {
      expect(listings().length).toBeGreaterThanOrEqual(count + 1);
    }, FREQUENT);
    expect(listings()).toHaveLength(count + 1);
  });
});
