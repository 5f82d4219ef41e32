import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UNRESTRICTED } from '../../../../src/core/permit.ts';
import { createFileTools } from '../../../../src/tools/files/index.ts';
import { toolsOptions } from '../../../../src/tools/options.ts';
import { makeFolder } from '../../../fixtures/file-tools.ts';
import { principalOf } from '../../../fixtures/principal.ts';
import { openToolsContext } from '../../../fixtures/tools-context.ts';

const ALICE = principalOf();
const { signal } = new AbortController();
const again = (path: string): string => `query ${path}`;

async function open(files: Record<string, unknown>) {
  const context = await openToolsContext();
  const tools = createFileTools(toolsOptions.parse({ files }), context);
  onTestFinished(async () => {
    await tools.close();
    await context.release();
  });
  return tools;
}

async function setUp() {
  const workspace = await makeFolder({
    '.gitignore': 'old/\n!keep.csv\n',
    'sales/2025.csv': 'a\n',
    'sales/2026.csv': 'a,b\n',
    'sales/more/2024.csv': 'a\n',
    'sales/notes.md': 'x',
    'old/2020.csv': 'a\n',
    'odd [1]*.csv': 'a\n',
    '.env': 'SECRET',
    'keep.csv': 'a\n',
  });
  const tools = await open({ workspace });
  const find = async (pattern: string, limit = 100) => tools.files.find(ALICE, pattern, limit, signal);
  return { ...tools, workspace, find };
}

describe('holding a file', () => {
  it('gives what it was when it was opened, under the path that it was asked for by', async () => {
    const { files, workspace } = await setUp();
    const held = await files.open(ALICE, 'sales/./2026.csv', again, signal);
    await writeFile(join(workspace, 'new'), 'other');
    await rename(join(workspace, 'new'), join(workspace, 'sales/2026.csv'));
    expect(held).toMatchObject({ path: '/sales/2026.csv', size: 4 });
    expect((await held.handle.readFile()).toString()).toBe('a,b\n');
    await held.close();
    const later = await files.open(ALICE, '/sales/2026.csv', again, signal);
    await later.close();
    expect(later.version).toMatch(/^[\w-]{12}$/);
    expect(later.version).not.toBe(held.version);
  });

  it.each([
    ['/sales/2027.csv', { code: 'PATH_NOT_FOUND', next: 'query /sales/2025.csv' }],
    ['/.env', { code: 'PATH_NOT_FOUND' }],
    ['/sales', { code: 'INVALID_ARGUMENT' }],
    ['../x', { code: 'OUTSIDE_WORKSPACE' }],
  ])('is refused for %s', async (path, failure) => {
    const { files } = await setUp();
    await expect(files.open(ALICE, path, again, signal)).rejects.toMatchObject(failure);
  });
});

describe('finding files', () => {
  it.each([
    ['/sales/*.csv', ['/sales/2025.csv', '/sales/2026.csv']],
    ['sales/**/*.csv', ['/sales/2025.csv', '/sales/2026.csv', '/sales/more/2024.csv']],
    ['/sales/202[56].csv', ['/sales/2025.csv', '/sales/2026.csv']],
    ['/{sales,old}/*.{csv,md}', ['/sales/2025.csv', '/sales/2026.csv', '/sales/notes.md']],
    ['/s*/more/*', ['/sales/more/2024.csv']],
    ['/sales/more', ['/sales/more/2024.csv']],
    ['/sales/2025.csv', ['/sales/2025.csv']],
    ['/odd [1]*.csv', ['/odd [1]*.csv']],
    ['/*.csv', ['/keep.csv', '/odd [1]*.csv']],
    ['/old/*.csv', ['/old/2020.csv']],
    ['/.e*', []],
    ['/nowhere/*.csv', []],
    ['/sales/2025.csv/*', []],
  ])('by %s', async (pattern, paths) => {
    const { find } = await setUp();
    expect(await find(pattern)).toEqual({ paths, more: false });
  });

  it('tells whether there are more, and names what is nearest to a path that does not exist', async () => {
    const { find } = await setUp();
    expect(await find('/sales/*.csv', 1)).toEqual({ paths: ['/sales/2025.csv'], more: true });
    expect(await find('/sales/*.csv', 2)).toMatchObject({ more: false });
    await expect(find('/sale')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    await expect(find('/../*.csv')).rejects.toMatchObject({ code: 'OUTSIDE_WORKSPACE' });
    await expect(find('/sales/{a')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('looks into several workspaces, but for those that are not allowed', async () => {
    const [one, two] = await Promise.all([makeFolder({ 'a.csv': '1' }), makeFolder({ 'a.csv': '22' })]);
    const { files } = await open({
      workspaces: [
        { name: 'one', path: one, access: 'read' },
        { name: 'two', path: two, access: 'read' },
      ],
    });
    const all = await files.find(ALICE, '/*/a.csv', 9, signal);
    expect(all.paths).toEqual(['/one/a.csv', '/two/a.csv']);
    const permit = { ...UNRESTRICTED, allowsWorkspace: (name: string) => name === 'two' };
    const some = await files.find(principalOf({ permit }), '/**/*.csv', 9, signal);
    expect(some.paths).toEqual(['/two/a.csv']);
    await expect(files.find(principalOf({ permit }), '/one/*', 9, signal)).resolves.toMatchObject({
      paths: [],
    });
  });

  it('finds what was kept for the caller, below its own path only', async () => {
    const { files, scratch, find } = await setUp();
    await scratch.keep(ALICE, { name: 'rows.csv', mimeType: 'text/csv', content: 'a\n' });
    expect((await find('/.scratch/*.csv')).paths).toEqual(['/.scratch/rows.csv']);
    expect((await find('/**/rows.csv')).paths).toEqual([]);
    const held = await files.open(ALICE, '/.scratch/rows.csv', again, signal);
    expect(held.size).toBe(2);
    await held.close();
    const bob = principalOf({ subject: 'bob' });
    expect((await files.find(bob, '/.scratch/*.csv', 9, signal)).paths).toEqual([]);
  });
});
