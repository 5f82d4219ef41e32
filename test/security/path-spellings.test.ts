import { symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UNRESTRICTED } from '../../src/core/permit.ts';
import { makeFolder, openTools, withoutVersions } from '../fixtures/file-tools.ts';
import { principalOf } from '../fixtures/principal.ts';

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
    expect(withoutVersions(await tools.text('read_file', { paths: [spelling] }))).toBe(
      'the plan\n[line 1 of 1]',
    );
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

/** Three workspaces, one of which the caller may not see. */
async function setUpSeveral() {
  const [docs, code, hidden] = await Promise.all([
    makeFolder({ 'plan.md': 'the plan\n', 'a b.txt': 'the plan\n', '.env': 'SECRET\n' }),
    makeFolder({ 'main.ts': 'code\n' }),
    makeFolder({ 'secret.txt': 'SECRET\n', 'plan.md': 'SECRET\n' }),
  ]);
  await symlink(hidden, join(docs, 'to-hidden'));
  await symlink(code, join(docs, 'to-code'));
  const workspaces = Object.entries({ docs, code, hidden }).map(([name, path]) => ({
    name,
    path,
    access: 'read',
  }));
  const tools = await openTools('/nowhere', { files: { workspaces } });
  const permit = { ...UNRESTRICTED, id: 'some', allowsWorkspace: (name: string) => name !== 'hidden' };
  return { tools, as: { principal: principalOf({ permit }) }, places: [docs, code, hidden] };
}

describe('a file of one of several workspaces', () => {
  it.each([
    '/docs/plan.md',
    'docs/plan.md',
    './docs//plan.md/',
    'docs\\plan.md',
    '/code/../docs/plan.md',
    '/hidden/../docs/plan.md',
    '/nothing/../docs/plan.md',
    '/.scratch/../docs/plan.md',
    'fairlead://workspace/docs/plan.md',
    'FAIRLEAD://WORKSPACE/docs%2Fplan.md',
    'fairlead://workspace/docs/a%20b.txt',
  ])('is found by every sane spelling: %s', async (spelling) => {
    const { tools, as } = await setUpSeveral();
    const read = await tools.text('read_file', { paths: [spelling] }, as);
    expect(withoutVersions(read)).toBe('the plan\n[line 1 of 1]');
  });
});

describe('a spelling that would lead from one workspace to another, or out of all', () => {
  it.each([
    ['/hidden', 'PATH_NOT_FOUND'],
    ['/hidden/', 'PATH_NOT_FOUND'],
    ['hidden/secret.txt', 'PATH_NOT_FOUND'],
    ['/docs/../hidden/secret.txt', 'PATH_NOT_FOUND'],
    ['docs\\..\\hidden\\secret.txt', 'PATH_NOT_FOUND'],
    ['/.scratch/../hidden/secret.txt', 'PATH_NOT_FOUND'],
    ['fairlead://workspace/hidden/secret.txt', 'PATH_NOT_FOUND'],
    ['fairlead://workspace/%68idden/secret.txt', 'PATH_NOT_FOUND'],
    ['fairlead://workspace/docs/%2e%2e/hidden/secret.txt', 'PATH_NOT_FOUND'],
    ['/hidden/secret.txt/..', 'PATH_NOT_FOUND'],
    ['/docs/..%2fhidden/secret.txt', 'PATH_NOT_FOUND'],
    ['/docs/to-hidden/secret.txt', 'OUTSIDE_WORKSPACE'],
    ['/docs/to-hidden', 'OUTSIDE_WORKSPACE'],
    ['/docs/to-code/main.ts', 'OUTSIDE_WORKSPACE'],
    ['/code/../docs/to-hidden/plan.md', 'OUTSIDE_WORKSPACE'],
    ['/docs/../../hidden/secret.txt', 'OUTSIDE_WORKSPACE'],
    ['fairlead://hidden/secret.txt', 'OUTSIDE_WORKSPACE'],
    ['fairlead://docs/plan.md', 'OUTSIDE_WORKSPACE'],
    ['/plan.md', 'PATH_NOT_FOUND'],
    ['/doc', 'PATH_NOT_FOUND'],
    ['/docsplan.md', 'PATH_NOT_FOUND'],
    ['/docs.', 'PATH_NOT_FOUND'],
    ['/docs /plan.md', 'PATH_NOT_FOUND'],
    ['/Docs/plan.md', 'PATH_NOT_FOUND'],
    ['/docs/docs/plan.md', 'PATH_NOT_FOUND'],
    ['/workspace/docs/plan.md', 'PATH_NOT_FOUND'],
    ['/docs/.env', 'PATH_NOT_FOUND'],
    ['/code/../docs/.ENV', 'PATH_NOT_FOUND'],
    ['/.scratch', 'PATH_NOT_FOUND'],
    ['/.scratch/plan.md', 'PATH_NOT_FOUND'],
    ['/.SCRATCH/plan.md', 'PATH_NOT_FOUND'],
    ['/docs/.scratch', 'PATH_NOT_FOUND'],
    ['/proc/self/fd/3', 'PATH_NOT_FOUND'],
    ['/docs/proc/self/fd/3/plan.md', 'PATH_NOT_FOUND'],
    ['/docs\0/plan.md', 'INVALID_ARGUMENT'],
  ])('is refused by every tool: %j', async (path, code) => {
    const { tools, as, places } = await setUpSeveral();
    const failures = [
      await tools.failure('read_file', { paths: [path] }, as),
      await tools.failure('list_files', { path }, as),
      await tools.failure('search_files', { path, pattern: 'plan' }, as),
    ];
    for (const error of failures) {
      expect(error.code).toBe(code);
      const said = `${error.message} ${error.next ?? ''}`.replaceAll(path, '');
      for (const place of [...places, 'SECRET']) expect(said).not.toContain(place);
    }
  });
});
