import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ResourceContext } from '../../../../../src/core/resource.ts';
import { makeFolder, openTools, toolCall, type Tree } from '../../../../fixtures/file-tools.ts';

async function setUp(tree: Tree, files: Record<string, unknown> = {}) {
  const workspace = await makeFolder(tree);
  const { resources } = await openTools(workspace, { files });
  const { principal, signal } = toolCall();
  const context: ResourceContext = { principal, signal };
  return {
    workspace,
    resources,
    list: (cursor?: string) => resources.list(context, cursor),
    read: (path: string) => resources.read(context, `fairlead://workspace/${path}`),
    check: (path: string) => resources.check?.(context, `fairlead://workspace/${path}`),
    complete: (typed: string, variable = 'path') => resources.complete(context, variable, typed),
  };
}

describe('the files of the workspace as resources', () => {
  it('are listed with name, size and media type, ignored and denied ones left out', async () => {
    const { list } = await setUp({
      'docs/a b.md': 'hello',
      '.env': 'x',
      'x/y.unknown': '',
      'z.log': '',
      '.gitignore': '*.log',
    });
    expect((await list()).resources).toEqual([
      { uri: 'fairlead://workspace/.gitignore', name: '.gitignore', size: 5 },
      { uri: 'fairlead://workspace/docs/a%20b.md', name: 'a b.md', size: 5, mimeType: 'text/markdown' },
      { uri: 'fairlead://workspace/x/y.unknown', name: 'y.unknown', size: 0 },
    ]);
  });

  it('are listed in pages that lose none', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 450 }, (_, index) => [`d${index % 3}/f${index}.txt`, '']),
    );
    const { list } = await setUp(files);
    const uris: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list(cursor);
      expect(page.resources.length).toBeLessThanOrEqual(200);
      uris.push(...page.resources.map(({ uri }) => uri));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(uris.sort()).toEqual(
      Object.keys(files)
        .map((path) => `fairlead://workspace/${path}`)
        .sort(),
    );
    await expect(list('made-up')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('are read as text, or as base64 where they are none', async () => {
    const { read } = await setUp({
      'a b.md': 'naïve',
      'x.bin': Buffer.from([0, 255]),
      'x.png': Buffer.from([137, 80]),
    });
    expect(await read('a%20b.md')).toEqual([
      { uri: 'fairlead://workspace/a%20b.md', mimeType: 'text/markdown', text: 'naïve' },
    ]);
    expect(await read('x.bin')).toEqual([
      { uri: 'fairlead://workspace/x.bin', mimeType: 'application/octet-stream', blob: 'AP8=' },
    ]);
    expect(await read('x.png')).toMatchObject([{ mimeType: 'image/png' }]);
  });

  it('are refused above the size that is served whole, with the URI and the call that read them in parts', async () => {
    const { read } = await setUp({ 'big.txt': 'x'.repeat(5000) }, { maxResourceBytes: 4096 });
    await expect(read('big.txt')).rejects.toMatchObject({
      code: 'FILE_TOO_LARGE',
      message: '"/big.txt" has 5.0 kB; resources of up to 4.1 kB are served whole.',
      next: 'read the resource fairlead://workspace/big.txt?offset=0&length=4096, or call read_file {"paths":["/big.txt"]}',
    });
  });

  it('do not lead out, nor to what is denied', async () => {
    const outside = await makeFolder({ 'secret.txt': 'x' });
    const { read, workspace } = await setUp({ '.env': 'x' });
    await symlink(join(outside, 'secret.txt'), join(workspace, 'link'));
    await expect(read('../secret.txt')).rejects.toMatchObject({ code: 'OUTSIDE_WORKSPACE' });
    await expect(read('%2e%2e/%2e%2e/etc/passwd')).rejects.toMatchObject({ code: 'OUTSIDE_WORKSPACE' });
    await expect(read('link')).rejects.toMatchObject({ code: 'OUTSIDE_WORKSPACE' });
    await expect(read('.env')).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  });

  it('can be checked without being read: also those that are too large for that', async () => {
    const { check } = await setUp(
      { 'big.txt': 'x'.repeat(5000), 'docs/plan.md': '' },
      { maxResourceBytes: 4096 },
    );
    await expect(check('big.txt')).resolves.toBeUndefined();
    await expect(check('big.txt?offset=4999&length=1')).resolves.toBeUndefined();
    await expect(check('big.txt?offset=5000')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(check('docs')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(check('%zz')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(check('../x')).rejects.toMatchObject({ code: 'OUTSIDE_WORKSPACE' });
    await expect(check('docs/plam.md')).rejects.toMatchObject({
      code: 'PATH_NOT_FOUND',
      next: 'read the resource fairlead://workspace/docs/plan.md',
    });
  });

  it('have a template for the whole and one for a part', async () => {
    const { resources } = await setUp({});
    expect(resources.prefix).toBe('fairlead://workspace/');
    expect(resources.scopes).toEqual(['files:read']);
    expect(resources.templates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      'fairlead://workspace/{+path}',
      'fairlead://workspace/{+path}{?offset,length}',
    ]);
  });
});

describe('completing a path', () => {
  it('offers what starts with the typed text, folders with a slash', async () => {
    const { complete } = await setUp({
      'docs/plan.md': '',
      'docs/Places.md': '',
      'docs/sub/x': '',
      'data/y': '',
      '.env': '',
    });
    expect(await complete('')).toEqual(['data/', 'docs/']);
    expect(await complete('D')).toEqual(['data/', 'docs/']);
    expect(await complete('docs/sub/')).toEqual(['docs/sub/x']);
    expect(await complete('/docs/su')).toEqual(['/docs/sub/']);
    expect(await complete('docs/')).toEqual(['docs/Places.md', 'docs/plan.md', 'docs/sub/']);
  });

  it('offers first what is spelled as it was typed, last what is hidden', async () => {
    const { complete } = await setUp({ 'a/Plan.md': '', 'a/plan.md': '', 'a/.plan': '', 'a/z.md': '' });
    expect(await complete('a/pl')).toEqual(['a/plan.md', 'a/Plan.md']);
    expect(await complete('a/P')).toEqual(['a/Plan.md', 'a/plan.md']);
    expect(await complete('a/')).toEqual(['a/Plan.md', 'a/plan.md', 'a/z.md', 'a/.plan']);
  });

  it('offers nothing for what leads nowhere, leads out, or is no path', async () => {
    const { complete } = await setUp({ 'docs/plan.md': '' });
    expect(await complete('nowhere/x')).toEqual([]);
    expect(await complete('../')).toEqual([]);
    expect(await complete('docs/plan.md/')).toEqual([]);
    expect(await complete('doc', 'other')).toEqual([]);
  });

  it('offers at most 100', async () => {
    const { complete } = await setUp(
      Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`f${index}`, ''])),
    );
    expect(await complete('f')).toHaveLength(100);
  });
});
