import { symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, openTools } from '../fixtures/file-tools.ts';

/** A workspace beside a secret, and every way that a caller has to name a file. */
async function setUp() {
  const outside = await makeFolder({ 'secret.txt': 'SECRET\n' });
  const workspace = await makeFolder({
    'docs/plan.md': 'the plan\n',
    'a b.txt': 'the plan\n',
    '.env': 'SECRET\n',
  });
  await symlink(outside, join(workspace, 'out'));
  const tools = await openTools(workspace);
  const fill = (spelling: string): string =>
    spelling
      .replaceAll('<outside>', outside)
      .replaceAll('<outside-name>', basename(outside))
      .replaceAll('<workspace>', workspace)
      .replaceAll('<workspace-name>', basename(workspace));
  return { tools, fill, outside, workspace };
}

describe('a file of the workspace', () => {
  it.each([
    '/docs/plan.md',
    'docs/plan.md',
    './docs/plan.md',
    '//docs//plan.md',
    '/docs/./plan.md',
    '/docs/../docs/plan.md',
    'docs/x/../plan.md',
    '/docs/plan.md/',
    'docs\\plan.md',
    '.\\docs\\plan.md',
    'fairlead://workspace/docs/plan.md',
    'FAIRLEAD://WORKSPACE/docs/plan.md',
    'fairlead://workspace/docs%2Fplan.md',
    'fairlead://workspace/%64ocs/plan.md',
    'fairlead://workspace//docs/./plan.md',
    'fairlead://workspace/a%20b.txt',
    'fairlead://workspace/a b.txt',
    '/a b.txt',
  ])('is found by every sane spelling: %s', async (spelling) => {
    const { tools } = await setUp();
    expect(await tools.text('read_file', { paths: [spelling] })).toBe('the plan\n[line 1 of 1]');
  });
});

describe('a spelling that would lead out', () => {
  it.each([
    ['..', 'OUTSIDE_WORKSPACE'],
    ['/..', 'OUTSIDE_WORKSPACE'],
    ['../secret.txt', 'OUTSIDE_WORKSPACE'],
    ['../<outside-name>/secret.txt', 'OUTSIDE_WORKSPACE'],
    ['/../<outside-name>/secret.txt', 'OUTSIDE_WORKSPACE'],
    ['docs/../../<outside-name>/secret.txt', 'OUTSIDE_WORKSPACE'],
    ['docs/../../<workspace-name>/docs/plan.md', 'OUTSIDE_WORKSPACE'],
    ['..\\<outside-name>\\secret.txt', 'OUTSIDE_WORKSPACE'],
    ['docs\\..\\..\\<outside-name>\\secret.txt', 'OUTSIDE_WORKSPACE'],
    ['/./../etc/passwd', 'OUTSIDE_WORKSPACE'],
    ['/docs/plan.md/../../../etc/passwd', 'OUTSIDE_WORKSPACE'],
    ['fairlead://workspace/../etc/passwd', 'OUTSIDE_WORKSPACE'],
    ['fairlead://workspace/%2e%2e/etc/passwd', 'OUTSIDE_WORKSPACE'],
    ['fairlead://workspace/%2E%2E%2Fetc/passwd', 'OUTSIDE_WORKSPACE'],
    ['fairlead://workspace/..%2fetc%2fpasswd', 'OUTSIDE_WORKSPACE'],
    ['fairlead://workspaces/docs/plan.md', 'OUTSIDE_WORKSPACE'],
    ['fairlead://workspace.evil/docs/plan.md', 'OUTSIDE_WORKSPACE'],
    ['fairlead://other/docs/plan.md', 'OUTSIDE_WORKSPACE'],
    ['file:///etc/passwd', 'OUTSIDE_WORKSPACE'],
    ['file://localhost/etc/passwd', 'OUTSIDE_WORKSPACE'],
    ['https://example.com/x', 'OUTSIDE_WORKSPACE'],
    ['C:\\Windows\\win.ini', 'OUTSIDE_WORKSPACE'],
    ['c:/Windows/win.ini', 'OUTSIDE_WORKSPACE'],
    ['out/secret.txt', 'OUTSIDE_WORKSPACE'],
    ['/docs/../out/secret.txt', 'OUTSIDE_WORKSPACE'],
    ['/etc/passwd', 'PATH_NOT_FOUND'],
    ['<outside>/secret.txt', 'PATH_NOT_FOUND'],
    ['<workspace>/docs/plan.md', 'PATH_NOT_FOUND'],
    ['~/secret.txt', 'PATH_NOT_FOUND'],
    ['~root/.ssh/id_rsa', 'PATH_NOT_FOUND'],
    ['$HOME/secret.txt', 'PATH_NOT_FOUND'],
    ['/proc/self/environ', 'PATH_NOT_FOUND'],
    ['/dev/stdin', 'PATH_NOT_FOUND'],
    ['//server/share/x', 'PATH_NOT_FOUND'],
    ['\\\\server\\share\\x', 'PATH_NOT_FOUND'],
    ['\\\\?\\C:\\x', 'PATH_NOT_FOUND'],
    ['%2e%2e/secret.txt', 'PATH_NOT_FOUND'],
    ['..%2fsecret.txt', 'PATH_NOT_FOUND'],
    ['%252e%252e%252fsecret.txt', 'PATH_NOT_FOUND'],
    ['fairlead://workspace/%252e%252e/secret.txt', 'PATH_NOT_FOUND'],
    ['.. /secret.txt', 'PATH_NOT_FOUND'],
    ['…/secret.txt', 'PATH_NOT_FOUND'],
    ['．．/secret.txt', 'PATH_NOT_FOUND'],
    ['\udcae\udcae/secret.txt', 'PATH_NOT_FOUND'],
    ['\udcc0\udcae\udcc0\udcae/secret.txt', 'PATH_NOT_FOUND'],
    ['.env', 'PATH_NOT_FOUND'],
    ['/docs/../.env', 'PATH_NOT_FOUND'],
    ['/.ENV', 'PATH_NOT_FOUND'],
    ['/.env/', 'PATH_NOT_FOUND'],
    ['fairlead://workspace/%2Eenv', 'PATH_NOT_FOUND'],
    ['docs/plan.md\0.png', 'INVALID_ARGUMENT'],
    ['fairlead://workspace/docs/plan.md%00', 'INVALID_ARGUMENT'],
    ['fairlead://workspace/%zz', 'INVALID_ARGUMENT'],
    ['\ud800', 'INVALID_ARGUMENT'],
    [`/${'a/'.repeat(5000)}`, 'INVALID_ARGUMENT'],
    [`/${'n'.repeat(300)}`, 'PATH_NOT_FOUND'],
  ])('is refused by every tool: %j', async (spelling, code) => {
    const { tools, fill, outside, workspace } = await setUp();
    const path = fill(spelling);
    const failures = [
      await tools.failure('read_file', { paths: [path] }),
      await tools.failure('list_files', { path }),
      await tools.failure('search_files', { path, pattern: 'plan' }),
    ];
    for (const error of failures) {
      expect(error.code).toBe(code);
      // Unless the caller has said it first, nothing tells where the workspace is.
      const said = `${error.message} ${error.next ?? ''}`.replaceAll(path, '');
      expect(said).not.toContain(outside);
      expect(said).not.toContain(workspace);
      expect(said).not.toContain('SECRET');
    }
  });
});
