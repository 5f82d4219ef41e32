import { mkdir, readdir, rename, rmdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Permit, UNRESTRICTED } from '../../src/core/permit.ts';
import { makeFolder, openTools, toolCall, withoutVersions } from '../fixtures/file-tools.ts';
import { principalOf } from '../fixtures/principal.ts';

const ALICE = principalOf({ subject: 'alice' });
const BOB = principalOf({ subject: 'bob' });
const NO_WORKSPACE: Permit = { ...UNRESTRICTED, id: 'none', allowsWorkspace: () => false };
const KEPT = { name: 'rows.json', mimeType: 'application/json', content: '{"secret":"of Alice"}\n' };
const PATH = '/.scratch/rows.json';

async function setUp() {
  const directory = join(await makeFolder(), 'scratch');
  const workspace = await makeFolder({ 'a.txt': 'a\n', '.scratch/rows.json': 'of the workspace\n' });
  const tools = await openTools(workspace, { scratch: { directory } });
  await tools.scratch.keep(ALICE, KEPT);
  const [folder = ''] = await readdir(directory);
  return { tools, workspace, directory, folder: join(directory, folder) };
}

describe('what is kept for somebody', () => {
  it('can be read, searched, listed and fetched as a resource by them', async () => {
    const { tools } = await setUp();
    const as = { principal: ALICE };
    expect(withoutVersions(await tools.text('read_file', { paths: [PATH] }, as))).toBe(
      '{"secret":"of Alice"}\n[line 1 of 1]',
    );
    expect(await tools.text('search_files', { pattern: 'secret', path: '/.scratch' }, as)).toContain(PATH);
    expect(await tools.text('list_files', { path: '/.scratch' }, as)).toContain('rows.json  22 B');
    expect(await tools.text('list_files', { path: '/' }, as)).toContain(
      '  .scratch/  (results that were kept for you)\n  a.txt',
    );
    const context = { ...toolCall(), principal: ALICE };
    const [contents] = await tools.resources.read(context, 'fairlead://workspace/.scratch/rows.json');
    expect(contents).toMatchObject({ text: '{"secret":"of Alice"}\n' });
  });

  it.each([
    ['read_file', { paths: [PATH] }],
    ['read_file', { paths: ['fairlead://workspace/%2Escratch/rows.json'] }],
    ['list_files', { path: '/.scratch' }],
    ['list_files', { path: PATH }],
    ['search_files', { pattern: 'secret', path: '/.scratch' }],
    ['search_files', { pattern: 'secret', path: PATH }],
  ])('does not exist to anybody else: %s %j', async (tool, args) => {
    const { tools } = await setUp();
    for (const principal of [BOB, principalOf({ subject: 'bob', permit: NO_WORKSPACE })]) {
      const failure = await tools.failure(tool, args, { principal });
      expect(failure.code).toBe('PATH_NOT_FOUND');
      expect(failure.message).not.toMatch(/Closest|secret/);
    }
  });

  it('is in no listing, count, suggestion, completion or resource of anybody else', async () => {
    const { tools } = await setUp();
    const as = { principal: BOB };
    expect(await tools.text('list_files', { path: '/', include_ignored: true }, as)).not.toContain('scratch');
    expect(await tools.text('list_files', { path: '/', glob: '*' }, as)).toContain('1 entry of 1');
    expect(await tools.text('search_files', { pattern: 'secret' }, as)).toContain('nothing found');
    expect((await tools.failure('read_file', { paths: ['/rows.json'] }, as)).message).not.toContain(
      'Closest',
    );
    const context = { ...toolCall(), principal: BOB };
    expect(await tools.resources.complete(context, 'path', '.scratch/')).toEqual([]);
    expect((await tools.resources.list(context, undefined)).resources).toHaveLength(1);
    await expect(tools.resources.read(context, `fairlead://workspace${PATH}`)).rejects.toMatchObject({
      code: 'PATH_NOT_FOUND',
    });
  });

  it('stays theirs under a policy that allows them no workspace', async () => {
    const { tools } = await setUp();
    const as = { principal: principalOf({ subject: 'alice', permit: NO_WORKSPACE }) };
    expect(await tools.text('read_file', { paths: [PATH] }, as)).toContain('of Alice');
    expect(await tools.text('list_files', { path: '/' }, as)).toMatch(
      /^\/\n {2}\.scratch\/ {2}\(.*\)\n\[1 entry/,
    );
    expect((await tools.failure('read_file', { paths: ['/a.txt'] }, as)).code).toBe('PATH_NOT_FOUND');
  });

  it('is not mixed up with a folder of the workspace that has the same name', async () => {
    const { tools } = await setUp();
    for (const principal of [ALICE, BOB]) {
      const all = await tools.text(
        'search_files',
        { pattern: 'workspace|secret', regex: true },
        { principal },
      );
      expect(all).toContain('nothing found');
      const listing = await tools.text(
        'list_files',
        { path: '/', glob: '*.json', include_ignored: true },
        { principal },
      );
      expect(listing).toContain('0 entries of 0');
    }
  });

  it('is gone when its time is over, also while nobody has removed it', async () => {
    const { tools, folder } = await setUp();
    const yesterday = Date.now() / 1000 - 86_401;
    await utimes(join(folder, 'rows.json'), yesterday, yesterday);
    expect((await tools.failure('read_file', { paths: [PATH] }, { principal: ALICE })).code).toBe(
      'PATH_NOT_FOUND',
    );
  });

  it('shows nothing of what is still being written', async () => {
    const { tools, folder } = await setUp();
    await writeFile(join(folder, '.0b0e'), 'half a secret');
    const as = { principal: ALICE };
    const listing = await tools.text('list_files', { path: '/.scratch', include_ignored: true }, as);
    expect(listing).not.toContain('0b0e');
    expect(await tools.text('search_files', { pattern: 'half', path: '/.scratch' }, as)).toContain(
      'nothing found',
    );
    expect((await tools.failure('read_file', { paths: ['/.scratch/.0b0e'] }, as)).code).toBe(
      'PATH_NOT_FOUND',
    );
  });
});

describe('links in the folder of kept results', () => {
  it('lead nowhere, neither as a file nor in the place of the folder', async () => {
    const { tools, folder } = await setUp();
    const outside = await makeFolder({ passwd: 'SECRET\n', 'rows.json': 'SECRET\n' });
    const as = { principal: ALICE };
    await symlink(join(outside, 'passwd'), join(folder, 'link.txt'));
    expect((await tools.failure('read_file', { paths: ['/.scratch/link.txt'] }, as)).code).toBe(
      'OUTSIDE_WORKSPACE',
    );
    await rename(folder, `${folder}-away`);
    await symlink(outside, folder);
    expect((await tools.failure('read_file', { paths: [PATH] }, as)).code).toBe('OUTSIDE_WORKSPACE');
    expect((await tools.failure('list_files', { path: '/.scratch' }, as)).code).toBe('OUTSIDE_WORKSPACE');
  });

  it('are not written through', async () => {
    const { tools, folder } = await setUp();
    const outside = await makeFolder();
    await rename(folder, `${folder}-away`);
    await symlink(outside, folder);
    await expect(tools.scratch.keep(ALICE, KEPT)).rejects.toThrow();
    expect(await readdir(outside)).toEqual([]);
  });

  it('are not swept through', async () => {
    const { tools, directory } = await setUp();
    const outside = await makeFolder({ 'old.txt': 'x' });
    await utimes(join(outside, 'old.txt'), 1, 1);
    await symlink(outside, join(directory, 'A'.repeat(43)));
    await mkdir(join(directory, 'B'.repeat(43)));
    await symlink(outside, join(directory, 'B'.repeat(43), 'link'));
    await tools.scratch.keep(BOB, KEPT);
    expect(await readdir(outside)).toEqual(['old.txt']);
    await rmdir(join(directory, 'A'.repeat(43))).catch(() => undefined);
  });
});
