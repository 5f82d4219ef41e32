import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import { type Permit, UNRESTRICTED } from '../../src/core/permit.ts';
import { type ToolBench, makeFolder, openTools, toolCall } from '../fixtures/file-tools.ts';
import { principalOf } from '../fixtures/principal.ts';

const FILES = { 'plan.md': 'needle\n', 'salaries-2026.csv': 'name,needle\n', 'deep/er/plan.md': 'needle\n' };
const SOME: Permit = {
  ...UNRESTRICTED,
  id: 'some',
  rule: 'some',
  allowsWorkspace: (name) => name === 'open',
};

/** The same workspaces for somebody who may not see one of them, and where that one does not exist. */
async function setUp() {
  const [open, forbidden] = await Promise.all([makeFolder({ 'plan.md': 'needle\n' }), makeFolder(FILES)]);
  const listed = { name: 'open', path: open, access: 'write' };
  const [governed, without] = await Promise.all([
    openTools('/nowhere', {
      files: {
        workspaces: [listed, { name: 'payroll', path: forbidden, access: 'write', description: 'Salaries' }],
      },
    }),
    openTools('/nowhere', { files: { workspaces: [listed] } }),
  ]);
  return { governed, without };
}

async function answer(tools: ToolBench, permit: Permit, tool: string, args: object): Promise<string> {
  try {
    return await tools.text(tool, args, { principal: principalOf({ permit }) });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return `${error.code}: ${error.message} ${error.next ?? ''}`;
  }
}

describe('a workspace that the policy does not allow', () => {
  it.each([
    ['list_files', { path: '/' }],
    ['list_files', { path: '/', depth: 9, include_ignored: true }],
    ['list_files', { path: '/', glob: '*.md' }],
    ['list_files', { path: '/', glob: 'payroll/**', include_ignored: true }],
    ['list_files', { path: '/', sort: 'modified' }],
    ['list_files', { path: '/payroll' }],
    ['list_files', { path: '/payrol' }],
    ['search_files', { pattern: 'needle' }],
    ['search_files', { pattern: 'needle', mode: 'count' }],
    ['search_files', { pattern: 'needle', mode: 'files', glob: ['payroll/**', '*.csv'] }],
    ['search_files', { pattern: 'needle', path: '/payroll' }],
    ['read_file', { paths: ['/payroll/plan.md'] }],
    ['read_file', { paths: ['/salaries-2026.csv'] }],
    ['read_file', { paths: ['/payroll/salaries-2025.csv', '/payrol/plan.md'] }],
    ['read_file', { paths: ['fairlead://workspace/payroll/plan.md'] }],
    ['info', { section: 'sources' }],
  ])('gives the answers of one that does not exist: %s %j', async (tool, args) => {
    const { governed, without } = await setUp();
    const timeless = (text: string): string => text.replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'then');
    const told = timeless(await answer(governed, SOME, tool, args));
    expect(told).toBe(timeless(await answer(without, UNRESTRICTED, tool, args)));
    // Whoever may see it gets another answer: so it was there to be hidden.
    expect(timeless(await answer(governed, UNRESTRICTED, tool, args))).not.toBe(told);
  });

  it('has no resources, no completions and no cursor of anybody else', async () => {
    const { governed } = await setUp();
    const context = { ...toolCall(), principal: principalOf({ permit: SOME }) };
    const { resources } = await governed.resources.list(context, undefined);
    expect(resources.map(({ uri }) => uri)).toEqual(['fairlead://workspace/open/plan.md']);
    expect(await governed.resources.complete(context, 'path', '')).toEqual(['open/']);
    expect(await governed.resources.complete(context, 'path', 'payroll/')).toEqual([]);
    await expect(
      governed.resources.read(context, 'fairlead://workspace/payroll/plan.md'),
    ).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    const page = await governed.text('search_files', { pattern: 'needle', max_results: 1 });
    const cursor = /next cursor="([^"]+)"/.exec(page)?.[1];
    expect(cursor).toBeDefined();
    const rest = await answer(governed, SOME, 'search_files', { pattern: 'needle', max_results: 1, cursor });
    expect(rest).not.toMatch(/payroll|salaries/);
  });

  it('is not named as one that can be written', async () => {
    const { governed } = await setUp();
    for (const path of ['/payroll/new.md', '/nothing/new.md', '/new.md']) {
      const told = await answer(governed, SOME, 'write_file', { path, content: 'x' });
      expect(told).toBe(
        `READ_ONLY: "${path}" cannot be written: it lies in no workspace. take a path below "/open"`,
      );
    }
  });
});
