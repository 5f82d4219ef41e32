import { appendFile, mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { makeFolder, writeTree } from '../../../../fixtures/file-tools.ts';
import { FREQUENT, watchWorkspace } from '../../../../fixtures/workspace-watch.ts';

describe('following a file', () => {
  it('tells of a change that is made right after following began', async () => {
    const { updates, at } = await watchWorkspace({ 'a b.md': 'one' }, { paths: ['a%20b.md'] });
    await writeFile(at('a b.md'), 'two!');
    await vi.waitFor(() => {
      expect(updates('a%20b.md')).toHaveLength(1);
    }, FREQUENT);
  });

  it('tells of nothing but what is followed', async () => {
    const { changes, updates, put } = await watchWorkspace(
      { 'a.md': '1', 'b.md': '1', 'sub/a.md': '1' },
      { paths: ['a.md'] },
    );
    await put('b.md', 'two');
    await put('sub/a.md', 'two');
    await put('c.md', 'new');
    await put('a.md', 'two');
    await vi.waitFor(() => {
      expect(updates('a.md')).toHaveLength(1);
    }, FREQUENT);
    expect(changes).toHaveLength(1);
  });

  it('takes an editor that writes beside the file and renames over it for a change, each time', async () => {
    const { updates, at } = await watchWorkspace({ 'a.md': 'one' }, { paths: ['a.md'] });
    for (const round of [1, 2, 3]) {
      await writeFile(at('.a.md.tmp'), `round ${round}`);
      await rename(at('.a.md.tmp'), at('a.md'));
      await vi.waitFor(() => {
        expect(updates('a.md')).toHaveLength(round);
      }, FREQUENT);
    }
    expect(new Set(updates('a.md').map(({ version }) => version)).size).toBe(3);
  });

  it('goes on when the file is deleted and made again, and tells of both, each time by another version', async () => {
    const { updates, at, put } = await watchWorkspace({ 'sub/a.md': 'one' }, { paths: ['sub/a.md'] });
    let expected = 0;
    for (const content of ['two', 'three']) {
      await unlink(at('sub/a.md'));
      expected++;
      await vi.waitFor(() => {
        expect(updates('sub/a.md')).toHaveLength(expected);
      }, FREQUENT);
      expect(updates('sub/a.md').at(-1)?.version).toMatch(/^gone/);
      await put('sub/a.md', content);
      expected++;
      await vi.waitFor(() => {
        expect(updates('sub/a.md')).toHaveLength(expected);
      }, FREQUENT);
    }
    expect(new Set(updates('sub/a.md').map(({ version }) => version)).size).toBe(4);
  });

  it('goes on when its folders are deleted and made again, or replaced by others', async () => {
    const { updates, at, put } = await watchWorkspace({ 'x/y/a.md': 'one' }, { paths: ['x/y/a.md'] });
    const told = async (count: number): Promise<void> => {
      await vi.waitFor(() => {
        expect(updates('x/y/a.md')).toHaveLength(count);
      }, FREQUENT);
    };
    await rm(at('x'), { recursive: true });
    await told(1);
    await mkdir(at('x'));
    await mkdir(at('x/y'));
    await put('x/y/a.md', 'two');
    await told(2);
    await put('x/y/a.md', 'three');
    await told(3);
    await writeTree(at('other'), { 'y/a.md': 'four' });
    await rename(at('x'), at('old'));
    await rename(at('other'), at('x'));
    await vi.waitFor(() => {
      expect(updates('x/y/a.md').at(-1)?.version).toMatch(/-4-\d+$/);
    }, FREQUENT);
    const before = updates('x/y/a.md').length;
    await put('x/y/a.md', 'five!');
    await told(before + 1);
  });

  it('follows a link to where it leads in the workspace, never out of it', async () => {
    const outside = await makeFolder({ 'secret.md': 'x' });
    const { updates, changes, at, put, follow } = await watchWorkspace({
      'docs/real.md': 'one',
      'a.md': '1',
    });
    await symlink('docs/real.md', at('inner.md'));
    await symlink(join(outside, 'secret.md'), at('outer.md'));
    await symlink(outside, at('out'));
    follow({ paths: ['inner.md', 'outer.md', 'out/secret.md', 'a.md'], list: false });
    await put('a.md', 'settled');
    await vi.waitFor(() => {
      expect(updates('a.md')).toHaveLength(1);
    }, FREQUENT);
    const before = changes.length;
    await writeFile(join(outside, 'secret.md'), 'changed');
    await put('docs/real.md', 'changed');
    await vi.waitFor(() => {
      expect(changes.slice(before)).toEqual([updates('inner.md').at(-1)]);
    }, FREQUENT);
  });

  it('reports every URI that the file is followed under, parts of it among them', async () => {
    const uris = ['a.md', './a.md', 'a.md?offset=0&length=10'];
    const { updates, put } = await watchWorkspace(
      { 'a.md': 'one' },
      { paths: [...uris, 'a.md?offset=x', '../b'] },
    );
    await put('a.md', 'two!');
    await vi.waitFor(() => {
      for (const uri of uris) expect(updates(uri), uri).toHaveLength(1);
    }, FREQUENT);
    expect(updates('a.md?offset=x')).toEqual([]);
  });

  it('never tells of what is denied', async () => {
    const { updates, put } = await watchWorkspace(
      { '.env': 'x', '.git/config': 'x', 'a.md': '1' },
      { paths: ['.env', '.git/config', 'a.md'] },
    );
    await put('.env', 'changed');
    await put('.git/config', 'changed');
    await put('a.md', 'two');
    await vi.waitFor(() => {
      expect(updates('a.md')).toHaveLength(1);
    }, FREQUENT);
    expect(updates('.env')).toEqual([]);
    expect(updates('.git/config')).toEqual([]);
  });

  it('tells nothing of a file any more that is followed no more', async () => {
    const { updates, put, follow } = await watchWorkspace(
      { 'a.md': '1', 'b.md': '1' },
      { paths: ['a.md', 'b.md'] },
    );
    follow({ paths: ['b.md'] });
    await put('a.md', 'two');
    await put('b.md', 'two');
    await vi.waitFor(() => {
      expect(updates('b.md')).toHaveLength(1);
    }, FREQUENT);
    expect(updates('a.md')).toEqual([]);
  });

  it('tells less often than a file is written to, and of its last state', async () => {
    const { updates, at } = await watchWorkspace({ 'a.log': '' }, { paths: ['a.log'] });
    for (let line = 0; line < 200; line++) await appendFile(at('a.log'), 'line\n');
    await vi.waitFor(() => {
      expect(updates('a.log').at(-1)?.version).toContain('-1000-');
    }, FREQUENT);
    expect(updates('a.log').length).toBeLessThan(10);
  });
});
