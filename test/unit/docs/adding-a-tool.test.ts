import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tool } from '../../../src/core/tool.ts';
import { makeFolder, toolCall } from '../../fixtures/file-tools.ts';

const root = join(import.meta.dirname, '../../..');

/** The guide's example as a module, its imports led to the sources. */
async function exampleTool(): Promise<Tool> {
  const guide = await readFile(join(root, 'docs/adding-a-tool.md'), 'utf8');
  const code = /```ts\n(import [\s\S]*?)```/.exec(guide)?.[1] ?? '';
  const located = code
    .replaceAll("'../../core/", `'${join(root, 'src/core')}/`)
    .replaceAll("'zod'", `'${join(root, 'node_modules/zod/index.js')}'`);
  const path = join(await makeFolder(), 'count-workdays.ts');
  await writeFile(path, located);
  const module = (await import(/* @vite-ignore */ path)) as { countWorkdays: Tool };
  return module.countWorkdays;
}

describe('the example of the guide', () => {
  it('declares a tool that works', async () => {
    const tool = await exampleTool();
    const result = await tool.bind({ start: '2026-03-02', to: '2026-03-15', holidays: '["2026-03-09"]' })(
      toolCall(),
    );
    expect(result.structuredContent).toEqual({ workdays: 9, days: 14 });
    expect(result.content).toEqual([{ type: 'text', text: '{"workdays":9,"days":14}' }]);
  });

  it('fails with the exact call to make', async () => {
    const tool = await exampleTool();
    const call = async () => tool.bind({ from: '2026-03-15', to: '2026-03-02' })(toolCall());
    await expect(call()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      next: 'count_workdays {"from":"2026-03-02","to":"2026-03-15"}',
    });
  });
});
