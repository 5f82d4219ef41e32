import { describe, expect, it } from 'vitest';
import { UNRESTRICTED } from '../../../../../src/core/permit.ts';
import { ScratchRoot } from '../../../../../src/tools/files/scratch/scratch-root.ts';
import { Mounts } from '../../../../../src/tools/files/workspace/mounts.ts';
import { WorkspaceRoot } from '../../../../../src/tools/files/workspace/root.ts';

const scratch = new ScratchRoot({ directory: '/nowhere', key: 'key', isExpired: () => false });
const several = new Mounts([
  new WorkspaceRoot('/docs', '/srv/docs', { access: 'read' }),
  new WorkspaceRoot('/code', '/srv/code'),
  new WorkspaceRoot('/data', '/srv/data', { access: 'write' }),
  scratch,
]);
const single = new Mounts([new WorkspaceRoot('/', '/srv/all', { access: 'read' }), scratch]);

describe('where a path leads', () => {
  it.each([
    [several, '/docs', 'docs', '/'],
    [several, '/docs/a/b', 'docs', '/a/b'],
    [several, '/.scratch/a', '.scratch', '/a'],
    [several, '/', undefined, undefined],
    [several, '/docs-old', undefined, undefined],
    [several, '/doc/s', undefined, undefined],
    [single, '/', 'workspace', '/'],
    [single, '/docs/a', 'workspace', '/docs/a'],
    [single, '/.scratch', '.scratch', '/'],
    [single, '/.scratchy', 'workspace', '/.scratchy'],
    [single, '/a/.scratch', 'workspace', '/a/.scratch'],
  ])('is found by its beginning', (mounts, path, name, relative) => {
    const located = mounts.locate(path);
    expect([located?.root.name, located?.relative]).toEqual([name, relative]);
  });

  it('is only what a permit allows, and the own results', () => {
    const mine = several.seenBy({ ...UNRESTRICTED, allowsWorkspace: (name) => name === 'docs' }, scratch);
    expect(mine.workspaces.map(({ name }) => name)).toEqual(['docs']);
    expect(mine.locate('/code/a')).toBeUndefined();
    expect(mine.locate('/.scratch/a')?.root).toBe(scratch);
    expect(several.seenBy(UNRESTRICTED, undefined).locate('/.scratch/a')).toBeUndefined();
  });
});

describe('what may be written', () => {
  it('is what lies in a workspace that is served for it', () => {
    expect(several.writable('/code/new.ts')).toMatchObject({ relative: '/new.ts' });
    expect(new Mounts([new WorkspaceRoot('/', '/srv')]).writable('/a').root.name).toBe('workspace');
  });

  it.each([
    [
      several,
      '/docs/a',
      'the workspace "docs" is served for reading',
      'take a path below "/code" or "/data"',
    ],
    [several, '/nothing/a', 'it lies in no workspace', 'take a path below "/code" or "/data"'],
    [several, '/', 'it lies in no workspace', 'take a path below "/code" or "/data"'],
    [several, '/.scratch/a', 'only the server keeps results there', 'take a path below "/code" or "/data"'],
    [
      single,
      '/a',
      'the workspace is served for reading',
      'ask the operator for a workspace that can be written',
    ],
  ])('says why not, and where instead', (mounts, path, why, next) => {
    expect(() => mounts.writable(path)).toThrow(
      expect.objectContaining({ code: 'READ_ONLY', message: `"${path}" cannot be written: ${why}.`, next }),
    );
  });
});
