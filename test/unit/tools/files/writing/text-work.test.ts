import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeFolder, openTools } from '../../../../fixtures/file-tools.ts';

const LINES = 100_000;

async function setUp(content: string) {
  const workspace = await makeFolder({ 'x.txt': content });
  const tools = await openTools(workspace);
  let threads = 0;
  const count = (): void => {
    threads++;
  };
  process.on('worker', count);
  onTestFinished(() => void process.off('worker', count));
  return {
    tools,
    edit: (...edits: object[]) => tools.text('edit_file', { path: '/x.txt', edits }),
    refused: (...edits: object[]) => tools.failure('edit_file', { path: '/x.txt', edits }),
    text: () => readFile(join(workspace, 'x.txt'), 'utf8'),
    threads: () => threads,
  };
}

describe('work on a large text', () => {
  it('is done in a thread, as others wait for what the loop does', async () => {
    const { edit, text, threads } = await setUp('a\n'.repeat(LINES));
    const said = await edit({ old_text: 'a', new_text: 'b', replace_all: true });
    expect(said).toMatch(/^\[the changes lie .*\]\n\[100,000 replacements in "\/x\.txt", 200 kB; version=/);
    expect(await text()).toBe('b\n'.repeat(LINES));
    expect(threads()).toBe(1);
  });

  it('is done at once where the text is small', async () => {
    const { edit, text, threads } = await setUp('a\n'.repeat(100));
    await edit({ old_text: 'a', new_text: 'b', replace_all: true });
    expect(await text()).toBe('b\n'.repeat(100));
    expect(threads()).toBe(0);
  });

  it('is done in a thread where a small text has changed in very many lines', async () => {
    const { edit, threads } = await setUp('a\n'.repeat(600));
    const few = await edit({ old_text: 'a\n'.repeat(100), new_text: 'b\n'.repeat(100), near_line: 1 });
    expect(few).toContain('+b\n');
    expect(threads()).toBe(0);
    const many = await edit({ old_text: 'a', new_text: 'c', replace_all: true });
    expect(many.match(/^\+c$/gm)).toHaveLength(500);
    expect(threads()).toBe(1);
    const most = await edit({ old_text: '\n', new_text: 'd\n', replace_all: true });
    expect(most).toMatch(/^\[the diff has more than 1,000 lines and is not shown\]\n\[600 replacements/);
  });

  it('counts what is given with the edits', async () => {
    const { refused, threads } = await setUp('a\n');
    await refused({ old_text: 'x\n'.repeat(50_000), new_text: 'b' });
    expect(threads()).toBe(1);
  });

  it('is done in a thread when a text is added to', async () => {
    const { tools, text, threads } = await setUp('a\r\n'.repeat(LINES));
    await tools.text('write_file', { path: '/x.txt', content: 'é\n', if_exists: 'append' });
    expect(await text()).toBe(`${'a\r\n'.repeat(LINES)}é\r\n`);
    expect(threads()).toBe(1);
  });

  it('ends with the same words as if it were done at once', async () => {
    const { refused } = await setUp('a'.repeat(1_000_000));
    const ambiguous = await refused({ old_text: 'a', new_text: 'b' });
    expect(ambiguous).toMatchObject({
      code: 'EDIT_AMBIGUOUS',
      message: 'edits[0]: old_text is in "/x.txt" 1,000,000 times, in line 1. Nothing was changed.',
      next: 'the same edit_file with more of what is around it in old_text, or with replace_all: true',
    });
  });

  it('ends with the call, and nothing is written then', async () => {
    const before = 'a\n'.repeat(LINES);
    const { tools, text } = await setUp(before);
    const controller = new AbortController();
    process.once('worker', () => {
      controller.abort(new Error('cancelled'));
    });
    const call = { path: '/x.txt', edits: [{ old_text: 'a', new_text: 'b', replace_all: true }] };
    await expect(tools.call('edit_file', call, { signal: controller.signal })).rejects.toThrow('cancelled');
    expect(await text()).toBe(before);
    // The file is free for the next.
    await tools.text('edit_file', { ...call, edits: [{ old_text: before, new_text: 'c\n' }] });
    expect(await text()).toBe('c\n');
  });
});
