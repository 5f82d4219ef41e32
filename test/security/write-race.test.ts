import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import { contestedWorkspace } from '../fixtures/contested-workspace.ts';
import { makeFolder, openTools, type ToolBench, writeTree } from '../fixtures/file-tools.ts';

const CALLS = 200;
const AT_ONCE = 8;

type Call = readonly [tool: string, args: object];

/** Makes calls in turn, some at once; answers how many succeeded. What fails, fails with a code. */
async function succeeded(tools: ToolBench, calls: (index: number) => readonly Call[]): Promise<number> {
  let [next, done] = [0, 0];
  const worker = async (): Promise<void> => {
    while (next < CALLS) {
      const index = next++;
      const all = calls(index);
      const [tool, args] = all[index % all.length] ?? ['', {}];
      try {
        await tools.call(tool, args);
        done++;
      } catch (error) {
        // INTERNAL would be a failure that nobody has thought of.
        if (!(error instanceof AppError)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return done;
}

async function filesOf(folder: string): Promise<[string, string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.sort().map(async (file) => [file, await readFile(file, 'utf8')] as [string, string]),
  );
}

const CONTESTS: readonly (readonly [what: string, calls: (index: number) => readonly Call[]])[] = [
  [
    'changes nothing outside while the folder to write to is exchanged for a link',
    (index) => [
      ['write_file', { path: '/folder/inner.txt', content: `inside ${index}\n`, if_exists: 'overwrite' }],
      ['write_file', { path: '/folder/inner.txt', content: `inside ${index}\n`, if_exists: 'append' }],
      ['write_file', { path: `/folder/new-${index}.txt`, content: `inside ${index}\n` }],
      ['write_file', { path: `/folder/deep/${index}/x.txt`, content: `inside ${index}\n` }],
      [
        'edit_file',
        {
          path: '/folder/inner.txt',
          edits: [
            { old_text: 'inside', new_text: 'insidex' },
            { old_text: 'insidex', new_text: 'inside', replace_all: true },
          ],
        },
      ],
    ],
  ],
  [
    'changes and copies nothing outside while a file is exchanged for a link',
    (index) => [
      ['write_file', { path: '/file.txt', content: `inside ${index}\n`, if_exists: 'overwrite' }],
      ['write_file', { path: '/file.txt', content: `inside ${index}\n`, if_exists: 'append' }],
      [
        'edit_file',
        {
          path: '/file.txt',
          edits: [
            { old_text: 'inside', new_text: 'INSIDE', near_line: 1 },
            { old_text: 'INSIDE', new_text: 'inside' },
            { old_text: '\n', new_text: '\n\n', near_line: 1 },
          ],
        },
      ],
      ['move_file', { from: '/file.txt', to: `/copies/${index}.txt`, copy: true }],
    ],
  ],
  [
    'moves and deletes nothing outside while folders are exchanged for links',
    (index) => [
      ['move_file', { from: `/plenty/${index}.txt`, to: `/folder/${index}.txt` }],
      ['move_file', { from: '/folder/inner.txt', to: `/taken/${index}.txt` }],
      ['write_file', { path: '/folder/inner.txt', content: 'inside\n' }],
      ['delete_file', { path: '/folder/inner.txt' }],
      ['move_file', { from: '/folder', to: `/copied/${index}`, copy: true }],
    ],
  ],
];

it.each(CONTESTS)('%s', { timeout: 120_000 }, async (_what, calls) => {
  const { workspace, outside, calm } = await contestedWorkspace();
  const plenty = Array.from({ length: CALLS }, (_, index) => [`plenty/${index}.txt`, 'x'] as const);
  await writeTree(workspace, Object.fromEntries(plenty));
  const tools = await openTools(workspace);
  const before = await filesOf(outside);
  expect(await succeeded(tools, calls)).toBeGreaterThan(0);
  await calm();
  expect(await filesOf(outside)).toEqual(before);
  // Nothing from outside was brought in, either.
  expect(JSON.stringify(await filesOf(workspace))).not.toContain('FOREIGN');
  expect(await tools.text('list_files', { path: '/' })).toContain('file.txt');
});

it(
  'lets nothing that is deleted, moved and written at once get lost outside of folder and trash',
  { timeout: 120_000 },
  async () => {
    const workspace = await makeFolder({ 'a/x.txt': 'x' });
    const tools = await openTools(workspace);
    await succeeded(tools, (index) => [
      ['write_file', { path: `/a/${index}.txt`, content: `content ${index};` }],
      ['move_file', { from: '/a', to: '/b' }],
      ['move_file', { from: '/b', to: '/a' }],
      ['delete_file', { path: '/a', recursive: true }],
      ['write_file', { path: `/b/${index}.txt`, content: `content ${index};` }],
    ]);
    const files = await filesOf(workspace);
    // What was written is somewhere, once, and no draft is left.
    const texts = files.map(([, text]) => text).filter((text) => text.startsWith('content '));
    expect(new Set(texts).size).toBe(texts.length);
    expect(files.filter(([name]) => name.includes('.fairlead-draft-'))).toEqual([]);
    expect(texts.length).toBeGreaterThan(20);
  },
);
