import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { ResourceChange } from '../../src/core/resource.ts';
import { contestedWorkspace } from '../fixtures/contested-workspace.ts';
import { openTools } from '../fixtures/file-tools.ts';

it('tells followers nothing of files outside while files and folders are being exchanged for links to them', async () => {
  const { workspace, outside } = await contestedWorkspace();
  const { resources } = await openTools(workspace, { files: { watch: { pollMs: 1000 } } });
  const changes: ResourceChange[] = [];
  const watching = resources.watch?.((change) => changes.push(change));
  onTestFinished(() => watching?.close());
  const uris = ['file.txt', 'folder/inner.txt'].map((path) => `fairlead://workspace/${path}`);
  watching?.follow({ uris: new Set(uris), list: true });

  const foreign: number[] = [];
  for (const name of ['secret.txt', 'folder/inner.txt']) foreign.push((await stat(join(outside, name))).ino);
  await vi.waitFor(
    async () => {
      // Something that happens outside all the time; an update that names its inode or size would tell of it.
      await writeFile(join(outside, 'secret.txt'), 'FOREIGN and grown');
      await writeFile(join(outside, 'folder/inner.txt'), 'FOREIGN and grown');
      expect(changes.filter(({ kind }) => kind === 'updated').length).toBeGreaterThanOrEqual(8);
    },
    { timeout: 15_000, interval: 20 },
  );
  for (const { version } of changes) {
    for (const inode of foreign) expect(version).not.toMatch(new RegExp(`-${inode}$`));
  }
});
