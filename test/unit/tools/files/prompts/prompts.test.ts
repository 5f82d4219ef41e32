import { describe, expect, it } from 'vitest';
import type { AppError } from '../../../../../src/core/errors.ts';
import { makeFolder, openTools, toolCall, type Tree } from '../../../../fixtures/file-tools.ts';

async function setUp(tree: Tree) {
  const bench = await openTools(await makeFolder(tree));
  const context = toolCall();
  const named = (name: string) => {
    const prompt = bench.prompts.find((candidate) => candidate.name === name);
    if (prompt === undefined) throw new Error(`No prompt ${name}`);
    return prompt;
  };
  const get = async (name: string, values: Record<string, string>): Promise<readonly string[]> => {
    const messages = await named(name).get(context, values);
    return messages.map(({ content }) => (content.type === 'text' ? content.text : ''));
  };
  return {
    bench,
    get,
    failure: async (name: string, values: Record<string, string>) =>
      get(name, values).then(
        () => Promise.reject(new Error('It succeeded')),
        (error: unknown) => error as AppError,
      ),
    complete: (name: string, argument: string, typed: string) =>
      named(name).complete(context, argument, typed),
  };
}

describe('exploring a data set', () => {
  it('begins with its first rows, and with counting where the format can be searched', async () => {
    const { get } = await setUp({ 'd/a.csv': 'id,name\n1,Ann\n', 'a.json': '[{"id":1}]' });
    const [task, look] = await get('explore_data_set', { path: 'd/a.csv' });
    expect(task).toContain('Explore the data set /d/a.csv');
    expect(task).toContain('"mode":"count"');
    expect(look).toContain('id,name\n1,Ann');
    expect(look).toContain('[lines 1-2 of 2');
    expect((await get('explore_data_set', { path: 'a.json', question: 'How many?' }))[0]).toContain(
      'Answer a question from the data set /a.json: How many?',
    );
  });

  it('takes the URI of a file for its path', async () => {
    const { get } = await setUp({ 'a b.csv': 'id\n1\n' });
    expect((await get('explore_data_set', { path: 'fairlead://workspace/a%20b.csv' }))[0]).toContain(
      '/a b.csv',
    );
  });

  it('refuses what is no data set, and says how to find one', async () => {
    const { failure } = await setUp({ 'd/a.csv': '', 'd/notes.md': '', 'd/picture.png': '' });
    for (const path of ['d/notes.md', 'd/picture.png', 'd']) {
      const { code, next } = await failure('explore_data_set', { path });
      expect(code).toBe('INVALID_ARGUMENT');
      expect(next).toContain('list_files {"path":"/d","glob":"*.{csv,');
    }
  });

  it('names the file that was meant, and refuses what lies outside', async () => {
    const { failure } = await setUp({ 'd/orders.csv': '', '.env': '' });
    expect(await failure('explore_data_set', { path: 'd/order.csv' })).toMatchObject({
      code: 'PATH_NOT_FOUND',
      message: 'There is no "/d/order.csv". Closest: "/d/orders.csv".',
      next: 'get the prompt explore_data_set with path /d/orders.csv',
    });
    expect(await failure('explore_data_set', { path: '../x.csv' })).toMatchObject({
      code: 'OUTSIDE_WORKSPACE',
    });
    expect(await failure('explore_data_set', { path: '.env' })).toMatchObject({ code: 'PATH_NOT_FOUND' });
  });

  it('completes folders and data files', async () => {
    const { complete } = await setUp({
      'd/a.csv': '',
      'd/b.PARQUET': '',
      'd/c.md': '',
      'd/sub/x': '',
      'do.txt': '',
    });
    expect(await complete('explore_data_set', 'path', '')).toEqual(['d/']);
    expect(await complete('explore_data_set', 'path', '/d/')).toEqual([
      '/d/a.csv',
      '/d/b.PARQUET',
      '/d/sub/',
    ]);
    expect(await complete('explore_data_set', 'question', '')).toEqual([]);
  });
});

describe('reviewing a folder', () => {
  it('begins with its listing, which the tool goes on with where it is cut', async () => {
    const files = Array.from({ length: 400 }, (_, index) => [
      `docs/${'long-name-'.repeat(5)}${index}.md`,
      '',
    ]);
    const { get, bench } = await setUp(Object.fromEntries(files) as Tree);
    const [task, look = ''] = await get('review_folder', { folder: '/docs', focus: 'tests' });
    expect(task).toContain('Review the folder /docs. Look above all at this: tests');
    const cursor = /next cursor="(.+?)"/.exec(look)?.[1];
    const further = await bench.text('list_files', { path: '/docs', depth: 3, cursor });
    expect(look.match(/\.md/g)?.length).toBeLessThan(400);
    expect((look.match(/\.md/g)?.length ?? 0) + (further.match(/\.md/g)?.length ?? 0)).toBe(400);
  });

  it('refuses a file, and names the folder that it is in', async () => {
    const { failure } = await setUp({ 'docs/a.md': '' });
    expect(await failure('review_folder', { folder: 'docs/a.md' })).toMatchObject({
      code: 'INVALID_ARGUMENT',
      next: 'get the prompt review_folder with folder /docs',
    });
    expect(await failure('review_folder', { folder: 'doks' })).toMatchObject({
      code: 'PATH_NOT_FOUND',
      next: 'get the prompt review_folder with folder /docs',
    });
  });

  it('completes folders alone, and the focus from a short list', async () => {
    const { complete } = await setUp({ 'docs/deep/a.md': '', 'do.md': '' });
    expect(await complete('review_folder', 'folder', 'd')).toEqual(['docs/']);
    expect(await complete('review_folder', 'folder', 'docs/')).toEqual(['docs/deep/']);
    expect(await complete('review_folder', 'focus', 'CON')).toEqual(['contradictions']);
    expect((await complete('review_folder', 'focus', '')).length).toBeGreaterThan(3);
  });
});

describe('writing a report', () => {
  it('draws on the whole workspace for the team, unless told otherwise', async () => {
    const { get } = await setUp({ 'docs/a.md': 'one\n', 'b.md': '' });
    const [task, look] = await get('write_report', { topic: 'Sales', audience: ' ' });
    expect(task).toContain('Write a report for the team, from the files in /.\nIts topic: Sales');
    expect(look).toContain('  a.md');
    const [other, beginning] = await get('write_report', {
      topic: 'Sales',
      sources: 'docs/a.md',
      audience: 'auditors',
    });
    expect(other).toContain('Write a report for auditors, from the file /docs/a.md.');
    expect(beginning).toContain('one\n[line 1 of 1');
  });

  it('completes sources and audiences', async () => {
    const { complete } = await setUp({ 'docs/a.md': '' });
    expect(await complete('write_report', 'sources', 'docs/')).toEqual(['docs/a.md']);
    expect(await complete('write_report', 'audience', 'ma')).toEqual(['management']);
    expect(await complete('write_report', 'topic', 'ma')).toEqual([]);
  });
});
