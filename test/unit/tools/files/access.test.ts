import { describe, expect, it } from 'vitest';
import type { AppError } from '../../../../src/core/errors.ts';
import { type Permit, UNRESTRICTED } from '../../../../src/core/permit.ts';
import { makeFolder, openTools, toolCall } from '../../../fixtures/file-tools.ts';
import { principalOf } from '../../../fixtures/principal.ts';

const NO_WORKSPACE: Permit = {
  ...UNRESTRICTED,
  rule: 'elsewhere',
  allowsWorkspace: (name) => name === 'other',
};
const OUTSIDER = principalOf({ permit: NO_WORKSPACE });
const INSIDER = principalOf();

async function openBench() {
  return openTools(await makeFolder({ 'secret-plan.md': 'the secret', 'docs/a.md': 'more' }));
}

describe('a workspace that a permit does not allow', () => {
  it.each([
    ['list_files', { path: '/' }],
    ['list_files', { path: 'fairlead://workspace/' }],
    ['list_files', { path: '/docs', glob: '*' }],
    ['read_file', { paths: ['/secret-plan.md'] }],
    ['read_file', { paths: ['/secret-plam.md', '/docs/../secret-plan.md'] }],
    ['search_files', { pattern: 'secret', path: '/' }],
    ['search_files', { pattern: 'secret', path: '/secret-plan.md' }],
  ])('does not exist to %s %j, and gives nothing away', async (name, args) => {
    const { tools } = await openBench();
    const tool = tools.find((candidate) => candidate.name === name);
    const answer = (principal: typeof OUTSIDER) =>
      Promise.resolve(tool?.bind(args)({ ...toolCall(), principal })).then(
        (result) => JSON.stringify(result),
        (error: unknown) => `${(error as AppError).code} ${(error as AppError).message}`,
      );
    expect(await answer(OUTSIDER)).toMatch(/^PATH_NOT_FOUND There is no/);
    expect(await answer(OUTSIDER)).not.toMatch(/the secret|Closest/);
    // Asked in between, so that no cache is shared by mistake.
    expect(await answer(INSIDER)).not.toContain('There is no "/"');
    expect(await answer(OUTSIDER)).toMatch(/^PATH_NOT_FOUND There is no/);
  });

  it('has no resources, and completes nothing', async () => {
    const { resources, prompts } = await openBench();
    const { signal } = new AbortController();
    const outside = { principal: OUTSIDER, signal };
    const inside = { principal: INSIDER, signal };
    const uri = 'fairlead://workspace/secret-plan.md';
    expect(await resources.list(outside, undefined)).toEqual({ resources: [] });
    expect((await resources.list(inside, undefined)).resources).toHaveLength(2);
    await expect(resources.read(outside, uri)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    await expect(resources.check?.(outside, uri)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    await expect(resources.read(inside, uri)).resolves.toHaveLength(1);
    expect(await resources.complete(outside, 'path', 's')).toEqual([]);
    expect(await resources.complete(inside, 'path', 's')).toEqual(['secret-plan.md']);
    for (const prompt of prompts) {
      for (const { name } of prompt.arguments.filter((argument) =>
        ['path', 'folder', 'sources'].includes(argument.name),
      )) {
        expect(await prompt.complete(outside, name, '/')).toEqual([]);
        expect(await prompt.complete(inside, name, '/')).not.toEqual([]);
      }
    }
  });

  it('shows nothing by a prompt', async () => {
    const { prompts } = await openBench();
    const context = { ...toolCall(), principal: OUTSIDER };
    for (const [name, values] of Object.entries({
      explore_data_set: { path: '/a.csv' },
      review_folder: { folder: '/' },
      write_report: { topic: 'x' },
    })) {
      const prompt = prompts.find((candidate) => candidate.name === name);
      await expect(prompt?.get(context, values)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    }
  });

  it('is no source that info tells of, nor is a tool that the permit forbids', async () => {
    const { tools } = await openBench();
    const info = tools.find(({ name }) => name === 'info');
    const ask = async (permit: Permit, section: string) =>
      JSON.stringify(await info?.bind({ section })({ ...toolCall(), principal: principalOf({ permit }) }));
    expect(await ask(UNRESTRICTED, 'sources')).toContain('fairlead://workspace/');
    expect(await ask(NO_WORKSPACE, 'sources')).not.toContain('fairlead://workspace/');
    const few: Permit = { ...UNRESTRICTED, allowsTool: ({ name }) => name === 'info' };
    expect(await ask(few, 'tools')).not.toContain('read_file');
    expect(await ask(UNRESTRICTED, 'tools')).toContain('read_file');
    expect(await ask(few, 'summary')).not.toContain('read_file');
  });
});
