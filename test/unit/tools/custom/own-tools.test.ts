import { join } from 'node:path';
import { callTool, toolContext } from 'fairlead/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import getBalance from '../../../../examples/tools/get-balance.ts';
import { createGuardedFetch } from '../../../../src/net/index.ts';
import { createTools, type Tools } from '../../../../src/tools/index.ts';
import { toolsOptions } from '../../../../src/tools/options.ts';
import { makeFolder } from '../../../fixtures/file-tools.ts';
import { openToolsContext } from '../../../fixtures/tools-context.ts';

/** A tool file: `tool(name, effect, run)` declares a tool that answers what `run` does, as text. */
function fileWith(body: string): string {
  return `import { defineTool, text, z } from 'fairlead/tool';
const tool = (name, effect, run) =>
  defineTool({
    name, title: 'T', description: 'D.', scopes: [], effect, input: z.object({}),
    run: async (call) => ({ content: [text(String(await run(call)))] }),
  });
${body}
`;
}

/** The tools of a server with these files, each with what stands beside its path. */
async function serve(
  files: Readonly<Record<string, string>>,
  {
    beside = {},
    readOnly = false,
    maxListed = 25,
  }: { readonly beside?: object; readonly readOnly?: boolean; readonly maxListed?: number } = {},
): Promise<Tools> {
  const folder = await makeFolder(files);
  const workspace = await makeFolder();
  const custom = { files: Object.keys(files).map((name) => ({ path: join(folder, name), ...beside })) };
  const context = await openToolsContext({ maxListed });
  const tools = await createTools(toolsOptions.parse({ readOnly, files: { workspace }, custom }), context);
  onTestFinished(async () => {
    await tools.close();
    await context.release();
  });
  return tools;
}

async function said(tools: Tools, name: string): Promise<string> {
  const tool = tools.own.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`No tool ${name}`);
  const { content } = await callTool(tool, {});
  return content.map((block) => (block.type === 'text' ? block.text : '')).join();
}

describe("a team's own tools", () => {
  it('are offered after the built-in ones, in the order of their files', async () => {
    const tools = await serve({
      'one.mjs': fileWith("export default tool('b_first', 'read', () => 'first');"),
      'two.js': fileWith(
        "export default [tool('c_second', 'read', () => 2), tool('a_third', 'read', () => 3)];",
      ),
      'three.ts': fileWith("export default async () => tool('d_fourth', 'read', () => 4);"),
    });
    expect(tools.own.map(({ name }) => name)).toEqual(['b_first', 'c_second', 'a_third', 'd_fourth']);
    expect(tools.tools.slice(-4)).toEqual(tools.own);
    expect(await said(tools, 'd_fourth')).toBe('4');
  });

  it('are told by info with the way to them, for who sees them in no list', async () => {
    const file = { 'one.mjs': fileWith("export default tool('look_up', 'read', () => 1);") };
    const toldBy = async ({ tools }: Tools, section: string): Promise<string> => {
      const info = tools.find(({ name }) => name === 'info');
      return info === undefined ? '' : JSON.stringify((await callTool(info, { section })).structuredContent);
    };
    const entry = '"name":"look_up","title":"T","effect":"read","scopes":[],"available":true';
    const few = await serve(file);
    expect(await toldBy(few, 'summary')).not.toContain('call_tool');
    expect(await toldBy(few, 'tools')).toContain(`{${entry}}`);
    const many = await serve(file, { maxListed: 3 });
    expect(await toldBy(many, 'summary')).toContain('"look_up","search_tools","call_tool"]');
    expect(await toldBy(many, 'tools')).toContain(`{${entry},"via":"call_tool"}`);
  });

  it('are left out of a server that only reads, where they do more', async () => {
    const file = fileWith(
      "export default ['read', 'write', 'destroy'].map((effect) => tool('try_' + effect, effect, () => 1));",
    );
    const { own, tools } = await serve({ 'some.js': file }, { readOnly: true });
    expect(own.map(({ name }) => name)).toEqual(['try_read']);
    expect(tools.some(({ name }) => name === 'try_write')).toBe(false);
  });

  it('are handed what stands beside their path', async () => {
    const beside = { settings: { depth: { of: [1] } }, secrets: { key: 'the-key' } };
    const file = fileWith(
      "export default ({ settings, secrets }) => tool('tell_it', 'read', () => JSON.stringify([settings, secrets]));",
    );
    expect(await said(await serve({ 'tell.js': file }, { beside }), 'tell_it')).toBe(
      '[{"depth":{"of":[1]}},{"key":"the-key"}]',
    );
  });
});

describe('what own tools keep', () => {
  const counting = (name: string): string =>
    fileWith(
      `export default ({ store }) => tool('${name}', 'read', async () => {
        await store.put('last', '${name}', 60);
        const swapped = await store.swap('once', undefined, 'x', 60);
        return [await store.increment('calls', 1, 60), await store.get('last'), swapped, await store.get('other')];
      });`,
    );

  it('is their own, file by file, and outlives a call', async () => {
    const tools = await serve({ 'one.js': counting('count_one'), 'two.js': counting('count_two') });
    expect(await said(tools, 'count_one')).toBe('1,count_one,true,');
    expect(await said(tools, 'count_two')).toBe('1,count_two,true,');
    expect(await said(tools, 'count_one')).toBe('2,count_one,false,');
  });

  it.each([
    ["store.put('k', 'x'.repeat(65_537), 60)", /65537 bytes/],
    ["store.put('k', 'v', 40 * 86_400)", /above 0 and at most/],
    ["store.put('k', 'v', 0)", /above 0 and at most/],
    ["store.increment('k', 1, Infinity)", /above 0 and at most/],
    ["store.swap('k', undefined, 'v', Number.NaN)", /above 0 and at most/],
  ])('has bounds: %s', async (expression, problem) => {
    const file = fileWith(`export default ({ store }) => tool('keep_it', 'read', () => ${expression});`);
    await expect(said(await serve({ 'keep.js': file }), 'keep_it')).rejects.toThrow(problem);
  });

  it('is cached in as many entries as they ask for', async () => {
    const file = fileWith(
      `export default (context) => {
        const cache = context.cache({ entries: 2, seconds: 60 });
        return tool('cache_it', 'read', () => {
          for (const key of ['a', 'b', 'c']) cache.set(key, key);
          cache.set('c', null);
          cache.delete('b');
          return JSON.stringify(['a', 'b', 'c'].map((key) => cache.get(key) === undefined));
        });
      };`,
    );
    expect(await said(await serve({ 'cache.js': file }), 'cache_it')).toBe('[true,true,false]');
  });

  it.each(['{ entries: 2, seconds: 0 }', '{ entries: 0, seconds: 1 }', '{ entries: 2 }'])(
    'is not cached without bounds: %s',
    async (bounds) => {
      const file = fileWith(
        `export default ({ cache }) => tool('cache_it', 'read', () => cache(${bounds}));`,
      );
      await expect(said(await serve({ 'cache.js': file }), 'cache_it')).rejects.toThrow('have to be above 0');
    },
  );
});

it('the guarded fetch of a call keeps an example from this machine', async () => {
  const tool = getBalance(toolContext({ settings: { endpoint: 'http://127.0.0.1:8899' } }));
  const call = callTool(tool, { address: '1'.repeat(32) }, { fetch: createGuardedFetch() });
  await expect(call).rejects.toMatchObject({ code: 'URL_BLOCKED' });
});
