import { readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AppError } from '../../../../src/core/errors.ts';
import type { ResourceChange } from '../../../../src/core/resource.ts';
import { toolsOptions } from '../../../../src/tools/options.ts';
import { makeFolder, openTools, toolCall, withoutVersions } from '../../../fixtures/file-tools.ts';
import { startEdge } from '../../../fixtures/http-edge.ts';
import { FREQUENT } from '../../../fixtures/workspace-watch.ts';

async function setUp() {
  const docs = await makeFolder({
    '.gitignore': 'build/\n/top.md\n',
    'plan.md': 'needle plan\n',
    'top.md': 'needle\n',
    'build/out.md': 'needle\n',
    'sub/top.md': 'needle below\n',
    'sub/deep/note.md': 'needle deep\n',
  });
  const code = await makeFolder({
    'src/main.ts': 'const needle = 1;\n',
    'secret/key.txt': 'needle hidden\n',
    '.env': 'needle hidden\n',
  });
  const tools = await openTools('/nowhere', {
    files: {
      workspaces: [
        { name: 'docs', path: docs, access: 'read', description: 'The handbook' },
        { name: 'code', path: code, access: 'write' },
      ],
      deny: ['.env*', 'secret/key.txt', 'docs/sub/deep'],
    },
  });
  return { tools, docs, code };
}

describe('several workspaces', () => {
  it('show in the folder above with what may be done to them and what they are for', async () => {
    const { tools } = await setUp();
    expect(await tools.text('list_files', { path: '/', depth: 1 })).toBe(
      [
        '/',
        '  code/  (1 file; writable)',
        '  docs/  (3 files; read only; The handbook)',
        '[2 entries; down to depth 1 there are 0 files and 2 folders, 4 files at all levels; end of the listing]',
      ].join('\n'),
    );
    expect(await tools.text('list_files', { path: '/', depth: 3 })).toContain(
      ['  docs/  (read only; The handbook)', '    .gitignore  15 B', '    plan.md  12 B', '    sub/'].join(
        '\n',
      ),
    );
  });

  it.each([
    [{ glob: '*.md' }, ['/docs/plan.md', '/docs/sub/top.md']],
    [{ glob: 'docs/*' }, ['/docs/.gitignore', '/docs/plan.md']],
    [{ glob: '{docs,code}/s*/*' }, ['/code/src/main.ts', '/docs/sub/top.md']],
    [{ glob: '*/sub/**' }, ['/docs/sub/top.md']],
    [{ glob: '**/top.md', include_ignored: true }, ['/docs/sub/top.md', '/docs/top.md']],
    [{ sort: 'size' }, ['/code/src/main.ts', '/docs/.gitignore', '/docs/sub/top.md', '/docs/plan.md']],
  ])('are listed flat as one tree: %j', async (args, expected) => {
    const { tools } = await setUp();
    const listing = await tools.text('list_files', { path: '/', ...args });
    expect(listing.match(/^\/\S+/gm)).toEqual(expected);
  });

  it('are searched together, in one order and page by page', async () => {
    const { tools } = await setUp();
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await tools.text('search_files', {
        pattern: 'needle',
        mode: 'files',
        max_results: 1,
        cursor,
      });
      found.push(...(page.match(/^\/\S+/gm) ?? []));
      cursor = /next cursor="([^"]+)"/.exec(page)?.[1];
    } while (cursor !== undefined);
    expect(found).toEqual(['/code/src/main.ts', '/docs/plan.md', '/docs/sub/top.md']);
    const narrowed = await tools.text('search_files', {
      pattern: 'needle',
      glob: ['docs/**'],
      mode: 'count',
    });
    expect(narrowed).toMatch(/^\/docs\/plan\.md {2}1\n\/docs\/sub\/top\.md {2}1\n/);
  });

  it('keep to the ignore files of their own root, also from a folder further down', async () => {
    const { tools, docs } = await setUp();
    expect(await tools.text('list_files', { path: '/docs' })).not.toMatch(/ top\.md {2}7 B/);
    expect(await tools.text('list_files', { path: '/docs/sub' })).toContain('top.md');
    await rename(join(docs, 'build'), join(docs, 'sub/build'));
    expect(await tools.text('list_files', { path: '/docs/sub', glob: '*.md' })).not.toContain('out.md');
    expect(await tools.text('read_file', { paths: ['/docs/sub/build/out.md'] })).toContain('needle');
  });

  it('hide what is denied by a path from / or from their own root', async () => {
    const { tools } = await setUp();
    for (const path of ['/code/.env', '/code/secret/key.txt', '/docs/sub/deep', '/docs/sub/deep/note.md']) {
      expect((await tools.failure('read_file', { paths: [path] })).code, path).toBe('PATH_NOT_FOUND');
    }
    const all = await tools.text('list_files', { path: '/', depth: 9, include_ignored: true });
    expect(all).not.toMatch(/\.env|key\.txt|deep/);
  });

  it('take a name that is nearly one of theirs, or a file without its workspace, for a slip', async () => {
    const { tools } = await setUp();
    const slip = await tools.failure('read_file', { paths: ['/dosc/plan.md'] });
    expect(slip.next).toBe('read_file {"paths":["/docs/plan.md"]}');
    const bare = await tools.failure('read_file', { paths: ['/plan.md'] });
    expect(bare.message).toBe('There is no "/plan.md". Closest: "/docs/plan.md".');
  });

  it('are resources and completions by their full paths', async () => {
    const { tools } = await setUp();
    const context = toolCall();
    const { resources } = await tools.resources.list(context, undefined);
    expect(resources.map(({ uri }) => uri)).toEqual([
      'fairlead://workspace/code/src/main.ts',
      'fairlead://workspace/docs/.gitignore',
      'fairlead://workspace/docs/plan.md',
      'fairlead://workspace/docs/sub/top.md',
    ]);
    const [contents] = await tools.resources.read(context, 'fairlead://workspace/docs/plan.md');
    expect(contents).toMatchObject({ text: 'needle plan\n' });
    expect(await tools.resources.complete(context, 'path', '')).toEqual(['code/', 'docs/']);
    expect(await tools.resources.complete(context, 'path', 'docs/s')).toEqual(['docs/sub/']);
  });

  it('are watched together: files that are followed, and the list', async () => {
    const { tools, docs, code } = await setUp();
    const changes: ResourceChange[] = [];
    const watching = tools.resources.watch?.((change) => changes.push(change));
    onTestFinished(() => watching?.close());
    watching?.follow({ uris: new Set(['fairlead://workspace/docs/plan.md']), list: true });
    let round = 0;
    await vi.waitFor(async () => {
      await writeFile(join(docs, 'plan.md'), `${'x'.repeat(++round)}\n`);
      await writeFile(join(code, `new-${round}.ts`), '');
      expect(new Set(changes.map(({ kind }) => kind))).toEqual(new Set(['updated', 'listed']));
    }, FREQUENT);
    const updated = changes.filter((change) => change.kind === 'updated');
    expect(new Set(updated.map(({ uri }) => uri))).toEqual(new Set(['fairlead://workspace/docs/plan.md']));
  });

  it('are not reached from one another over links', async () => {
    const { tools, docs, code } = await setUp();
    await symlink(code, join(docs, 'way'));
    const failure = await tools.failure('read_file', { paths: ['/docs/way/src/main.ts'] });
    expect(failure.code).toBe('OUTSIDE_WORKSPACE');
  });

  it('are sources by their names', async () => {
    const { tools } = await setUp();
    const { structuredContent } = await tools.call('info', { section: 'sources' });
    expect(structuredContent?.['sources']).toEqual(
      expect.arrayContaining([
        {
          ...{ name: 'docs', kind: 'workspace', path: '/docs', uri: 'fairlead://workspace/docs' },
          ...{ description: 'The handbook; read only', state: 'ok' },
        },
        { name: 'code', kind: 'workspace', path: '/code', uri: 'fairlead://workspace/code', state: 'ok' },
      ]),
    );
  });

  it('leave no trace of where they are in what they are listed by', async () => {
    const { tools, docs, code } = await setUp();
    const said = [
      await tools.text('list_files', { path: '/', depth: 5 }),
      await tools.text('search_files', { pattern: 'needle' }),
      (await tools.failure('list_files', { path: '/nothing' })).message,
    ].join('\n');
    expect(said).not.toContain(docs);
    expect(said).not.toContain(code);
    expect(said).not.toContain('/proc/');
  });
});

describe('one of several workspaces that cannot be reached', () => {
  async function setUpGone() {
    const base = await setUp();
    await rm(base.docs, { recursive: true });
    return base;
  }

  it('shows in the folder above, and the others go on working', async () => {
    const { tools } = await setUpGone();
    const tree = await tools.text('list_files', { path: '/' });
    expect(tree).toContain('  docs/  (read only; The handbook; cannot be reached now)\n');
    expect(tree).toContain('  code/  (writable)\n    src/');
    expect(await tools.text('list_files', { path: '/', glob: '*.ts' })).toContain(
      '/docs left out: it cannot be reached now',
    );
    expect(await tools.text('search_files', { pattern: 'needle', mode: 'files' })).toBe(
      '/code/src/main.ts\n[1 file; /docs left out: it cannot be reached now; end of the results]',
    );
    expect(withoutVersions(await tools.text('read_file', { paths: ['/code/src/main.ts'] }))).toContain(
      'needle',
    );
    expect((await tools.resources.list(toolCall(), undefined)).resources).toHaveLength(1);
  });

  it('says so itself, and to nobody but the check of its own', async () => {
    const { tools } = await setUpGone();
    const failure = await tools.failure('list_files', { path: '/docs' });
    expect(failure).toMatchObject<Partial<AppError>>({
      code: 'SOURCE_UNAVAILABLE',
      message: 'The workspace "docs" cannot be reached now.',
    });
    const states = await Promise.all(
      tools.checks
        .filter(({ name }) => name.startsWith('workspace'))
        .map(async (own) => [own.name, (await own.check()).status]),
    );
    expect(Object.fromEntries(states)).toEqual({ 'workspace:docs': 'degraded', 'workspace:code': 'ok' });
  });

  it('leaves the service ready, and tells the operator which one it is', async () => {
    const { tools } = await setUpGone();
    const edge = await startEdge({ checks: tools.checks.filter(({ name }) => name.startsWith('workspace')) });
    onTestFinished(() => edge.close());
    const response = await fetch(`${edge.url}/health/ready`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: 'degraded',
      checks: [
        { name: 'workspace:code', status: 'ok' },
        { name: 'workspace:docs', status: 'degraded' },
      ],
    });
  });

  it('is there again when its folder is', async () => {
    const { tools, docs } = await setUpGone();
    await symlink(await makeFolder({ 'plan.md': 'needle again\n' }), docs);
    expect(await tools.text('search_files', { pattern: 'again' })).toContain('/docs/plan.md');
    await rm(docs);
  });
});

describe('the single workspace', () => {
  it('is at / and needs no name; with a list it is not served', async () => {
    const alone = await makeFolder({ 'a.txt': 'a' });
    const listed = await makeFolder({ 'b.txt': 'b' });
    const single = await openTools(alone);
    expect(await single.text('list_files', { path: '/' })).toMatch(/^\/\n {2}a\.txt/);
    const several = await openTools(alone, {
      files: { workspaces: [{ name: 'b', path: listed, access: 'read' }] },
    });
    expect(await several.text('list_files', { path: '/', glob: '*' })).toMatch(/^\/b\/b\.txt/);
    expect((await several.failure('read_file', { paths: ['/a.txt'] })).code).toBe('PATH_NOT_FOUND');
    expect(await readdir(alone)).toEqual(['a.txt']);
  });
});

describe('a list of workspaces', () => {
  const parse = (workspaces: unknown) => toolsOptions.safeParse({ files: { workspaces } });

  it.each(['', 'Docs', '.scratch', 'a.b', '..', 'a/b', '-a', 'ä', 'a'.repeat(51)])(
    'cannot name one %j',
    (name) => {
      expect(parse([{ name, path: '/srv', access: 'read' }]).success).toBe(false);
    },
  );

  it.each(['a', 'docs', '2026', 'team-a_b'])('can name one %j', (name) => {
    expect(parse([{ name, path: '/srv', access: 'read' }]).success).toBe(true);
  });

  it('names each of them once, and says what may be done to each', () => {
    const two = ['a', 'a'].map((name) => ({ name, path: '/srv', access: 'read' }));
    expect(parse(two).error?.issues[0]?.message).toBe('"a" is taken');
    expect(parse([{ name: 'a', path: '/srv' }]).success).toBe(false);
  });

  it('names none that the deny list hides', async () => {
    const workspaces = [{ name: 'private', path: '/srv', access: 'read' }];
    await expect(openTools('/srv', { files: { workspaces, deny: ['Private/'] } })).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
    });
  });
});
