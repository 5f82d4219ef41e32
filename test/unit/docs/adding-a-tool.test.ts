import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { callTool } from 'fairlead/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../../src/config/index.ts';
import type { Tool } from '../../../src/core/tool.ts';
import { createTools } from '../../../src/tools/index.ts';
import { makeFolder, toolCall } from '../../fixtures/file-tools.ts';
import { openToolsContext } from '../../fixtures/tools-context.ts';

const root = join(import.meta.dirname, '../../..');
const guide = await readFile(join(root, 'docs/adding-a-tool.md'), 'utf8');

/** The guide's code in a language that has these words in it. */
function code(language: string, words: string): string {
  const blocks = [...guide.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)];
  const [, , found] = blocks.find(([, kind, text = '']) => kind === language && text.includes(words)) ?? [];
  if (found === undefined) throw new Error(`The guide has no ${language} with ${words}`);
  return found;
}

/** The built-in example as a module, its imports led to the sources. */
async function builtinExample(): Promise<Tool> {
  const located = code('ts', 'export const countWorkdays')
    .replaceAll("'../../core/", `'${join(root, 'src/core')}/`)
    .replaceAll("'zod'", `'${join(root, 'node_modules/zod/index.js')}'`);
  const path = join(await makeFolder(), 'count-workdays.ts');
  await writeFile(path, located);
  const module = (await import(/* @vite-ignore */ path)) as { countWorkdays: Tool };
  return module.countWorkdays;
}

/** What a newcomer has who does as the guide says. */
async function followGuide(
  files: Readonly<Record<string, string>>,
  configuration: string,
): Promise<readonly Tool[]> {
  const cwd = await makeFolder();
  await mkdir(join(cwd, 'tools'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, 'tools', name), text);
  await writeFile(join(cwd, 'fairlead.yaml'), configuration);
  const env = {
    FAIRLEAD_CONFIG: 'fairlead.yaml',
    FAIRLEAD_WORKSPACE: await makeFolder(),
    GREETING_API_KEY: 'x',
  };
  const config = await loadConfig({ env, cwd });
  const context = await openToolsContext();
  const tools = await createTools(config.tools, context);
  onTestFinished(async () => {
    await tools.close();
    await context.release();
  });
  return tools.own;
}

describe("the guide's tool of one's own", () => {
  const source = code('ts', "name: 'convert_temperature'");
  const configuration = code('yaml', 'convert-temperature.ts');

  it('works when the guide is followed word for word', async () => {
    const [tool, ...others] = await followGuide({ 'convert-temperature.ts': source }, configuration);
    if (tool === undefined) throw new Error('There is no tool');
    expect(others).toEqual([]);
    const { structuredContent } = await callTool(tool, { value: '451', from: 'Fahrenheit' });
    expect(structuredContent).toEqual({ value: 232.78 });
    await expect(callTool(tool, { value: -1, from: 'kelvin', to: 'fahrenheit' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      next: 'convert_temperature {"value":20,"from":"celsius","to":"fahrenheit"}',
    });
  });

  it('takes settings as the guide shows them', async () => {
    const entry = code('yaml', 'greet-person.ts').replaceAll(/^/gm, '      ');
    const files = { 'greet-person.ts': code('ts', "name: 'greet_person'") };
    const [tool] = await followGuide(files, `tools:\n  custom:\n    files:\n${entry}`);
    if (tool === undefined) throw new Error('There is no tool');
    const { content } = await callTool(tool, { name: 'Ada' });
    expect(content).toEqual([{ type: 'text', text: 'Good morning, Ada!' }]);
  });
});

describe("the guide's built-in tool", () => {
  it('declares a tool that works', async () => {
    const tool = await builtinExample();
    const result = await tool.bind({ start: '2026-03-02', to: '2026-03-15', holidays: '["2026-03-09"]' })(
      toolCall(),
    );
    expect(result.structuredContent).toEqual({ workdays: 9, days: 14 });
    expect(result.content).toEqual([{ type: 'text', text: '{"workdays":9,"days":14}' }]);
  });

  it('fails with the exact call to make', async () => {
    const tool = await builtinExample();
    const call = async () => tool.bind({ from: '2026-03-15', to: '2026-03-02' })(toolCall());
    await expect(call()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      next: 'count_workdays {"from":"2026-03-02","to":"2026-03-15"}',
    });
  });
});
