import { readdir, readFile, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, openTools } from '../fixtures/file-tools.ts';

/** A workspace beside a folder that nothing may change, and every way that a caller has to name a file. */
async function setUp() {
  const outside = await makeFolder({ 'secret.txt': 'SECRET\n' });
  const workspace = await makeFolder({
    'docs/plan.md': 'the plan\n',
    '.env': 'SECRET\n',
    '.git/config': 'SECRET\n',
    '.fairlead/trash/x': 'SECRET\n',
  });
  await symlink(outside, join(workspace, 'out'));
  await symlink(join(outside, 'secret.txt'), join(workspace, 'out.txt'));
  await symlink(join(outside, 'new.txt'), join(workspace, 'dangling.txt'));
  await symlink('.git', join(workspace, 'way'));
  const tools = await openTools(workspace);
  const fill = (spelling: string): string =>
    spelling
      .replaceAll('<outside>', outside)
      .replaceAll('<outside-name>', basename(outside))
      .replaceAll('<workspace>', workspace)
      .replaceAll('<workspace-name>', basename(workspace));
  return { tools, fill, outside, workspace };
}

/** Everything in a folder, links not followed. */
async function contents(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return `${path}: ${entry.isFile() ? await readFile(path, 'utf8') : 'no file'}`;
  });
  return (await Promise.all(lines)).sort();
}

const ESCAPES = [
  '..',
  '/..',
  '../secret.txt',
  '../<outside-name>/secret.txt',
  '/../<outside-name>/secret.txt',
  'docs/../../<outside-name>/secret.txt',
  'docs/../../<workspace-name>/docs/plan.md',
  '..\\<outside-name>\\secret.txt',
  'docs\\..\\..\\<outside-name>\\secret.txt',
  '/./../etc/passwd',
  '/docs/plan.md/../../../etc/passwd',
  'fairlead://workspace/../etc/passwd',
  'fairlead://workspace/%2e%2e/etc/passwd',
  'fairlead://workspace/%2E%2E%2Fetc/passwd',
  'fairlead://workspace/..%2fetc%2fpasswd',
  'fairlead://workspaces/docs/new.md',
  'fairlead://other/docs/new.md',
  'file:///etc/passwd',
  'file://localhost/etc/passwd',
  'https://example.com/x',
  'C:\\Windows\\win.ini',
  'c:/Windows/win.ini',
  'out/secret.txt',
  'out/new.txt',
  'out/new/folder/x.txt',
  '/docs/../out/new.txt',
  '/out.txt',
];

const DENIED = [
  '.env',
  '/.ENV',
  '/.env/',
  '/docs/../.env',
  '/.env.production',
  '/docs/new/.env',
  'fairlead://workspace/%2Eenv',
  '/.git/config',
  '/.git/hooks/post-checkout',
  '/docs/.git/config',
  '/docs/server.pem',
  '/.ssh/authorized_keys',
  '/.fairlead/trash/x',
  '/.Fairlead/new',
  '/docs/.fairlead/new',
  '/.fairlead-draft-x',
];

const WRONG = [
  '/',
  '',
  '.',
  'docs/plan.md\0.png',
  'fairlead://workspace/docs/new.md%00',
  'fairlead://workspace/%zz',
  '\ud800',
  `/${'a/'.repeat(5000)}`,
  `/${'n'.repeat(300)}`,
  '/dangling.txt',
  '/dangling.txt/x',
  '/way/config',
  '/way/new',
  '/docs/plan.md/x',
];

/** What a caller may get told: none of these may ever succeed. */
const REFUSALS = ['OUTSIDE_WORKSPACE', 'FORBIDDEN', 'INVALID_ARGUMENT', 'PATH_NOT_FOUND'];

function callsWith(path: string): readonly (readonly [string, object])[] {
  return [
    ['write_file', { path, content: 'CHANGED' }],
    ['write_file', { path, content: 'CHANGED', if_exists: 'overwrite' }],
    ['write_file', { path, content: 'CHANGED', if_exists: 'append' }],
    ['edit_file', { path, edits: [{ old_text: 'SECRET', new_text: 'CHANGED' }] }],
    ['move_file', { from: '/docs/plan.md', to: path }],
    ['move_file', { from: '/docs/plan.md', to: path, copy: true }],
    ['move_file', { from: path, to: '/taken.txt' }],
    ['delete_file', { path, recursive: true }],
  ];
}

describe('a path that leads out, to what is hidden, or nowhere', () => {
  it.each<[string, readonly string[], (path: string) => readonly string[]]>([
    ['out', ESCAPES, (path) => ['OUTSIDE_WORKSPACE', ...(path.includes('/new') ? ['PATH_NOT_FOUND'] : [])]],
    ['to what is hidden', DENIED, () => ['FORBIDDEN', 'PATH_NOT_FOUND']],
    ['nowhere', WRONG, () => REFUSALS],
  ])(
    'is refused by every tool that writes, and nothing is changed: %s',
    async (_what, spellings, codesOf) => {
      const { tools, fill, outside, workspace } = await setUp();
      const [before, hidden] = [await contents(outside), await contents(workspace)];
      for (const path of spellings.map(fill)) {
        for (const [tool, args] of callsWith(path)) {
          // A link that leads out is an entry of the workspace, which may go; what it leads to is not.
          if (/^\/(out|dangling)\.txt$/.test(path) && /delete|move/.test(tool)) continue;
          const refused = await tools.failure(tool, args);
          const codes = [...codesOf(path), ...(tool === 'move_file' ? ['ALREADY_EXISTS'] : [])];
          expect(codes, `${tool} ${JSON.stringify(args)}`).toContain(refused.code);
          const said = `${refused.message} ${refused.next ?? ''}`.replaceAll(path, '');
          for (const word of [outside, workspace, 'SECRET']) expect(said).not.toContain(word);
        }
      }
      expect(await contents(outside)).toEqual(before);
      expect(await contents(workspace)).toEqual(hidden);
    },
  );

  it('leads nowhere by a link that is moved or deleted', async () => {
    const { tools, outside, workspace } = await setUp();
    const before = await contents(outside);
    await tools.text('delete_file', { path: '/out.txt' });
    await tools.text('move_file', { from: '/out', to: '/further' });
    for (const tool of ['write_file', 'delete_file']) {
      expect((await tools.failure(tool, { path: '/further/secret.txt', content: 'x' })).code).toMatch(
        /OUTSIDE|INVALID/,
      );
    }
    await tools.text('delete_file', { path: '/further', recursive: true });
    expect(await contents(outside)).toEqual(before);
    expect((await readdir(workspace)).includes('further')).toBe(false);
  });
});
