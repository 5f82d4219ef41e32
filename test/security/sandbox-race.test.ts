import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DenyList } from '../../src/tools/files/workspace/deny-list.ts';
import { WorkspaceRoot } from '../../src/tools/files/workspace/root.ts';
import { Sandbox } from '../../src/tools/files/workspace/sandbox.ts';
import { contestedWorkspace } from '../fixtures/contested-workspace.ts';
import { openTools, toolCall } from '../fixtures/file-tools.ts';

const READS = 10_000;
const TOOL_READS = 300;
const LISTINGS = 2000;
const SEARCHES = 100;
const AT_ONCE = 8;

type Answer = 'leaked' | 'inside' | 'refused';

/** Makes calls, some at once, and tallies how they ended. */
async function tally(
  count: number,
  call: (index: number) => Promise<string>,
): Promise<Record<Answer, number>> {
  const answers = { leaked: 0, inside: 0, refused: 0 };
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) answers[await judged(call(next++))]++;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return answers;
}

async function judged(call: Promise<string>): Promise<Answer> {
  try {
    const text = await call;
    if (/FOREIGN|only-outside/.test(text)) return 'leaked';
    return text.includes('inside') ? 'inside' : 'refused';
  } catch {
    return 'refused';
  }
}

/** What this sandbox does not do: look first, open afterwards. */
async function readNaively(workspace: string, path: string): Promise<string> {
  const real = await realpath(join(workspace, path));
  if (!real.startsWith(`${workspace}/`)) throw new Error('Outside');
  return readFile(join(workspace, path), 'utf8');
}

async function readThrough(sandbox: Sandbox, path: string): Promise<string> {
  const file = await sandbox.openFile(path);
  try {
    return await file.handle.readFile('utf8');
  } finally {
    await file.close();
  }
}

it(
  'lets nothing from outside through while files and folders are being exchanged',
  { timeout: 120_000 },
  async () => {
    const { workspace } = await contestedWorkspace();
    const sandbox = Sandbox.over([new WorkspaceRoot('/', workspace)], new DenyList([]));
    const tools = await openTools(workspace);
    const pick = <T>(choices: readonly [T, ...T[]], index: number): T =>
      choices[index % choices.length] ?? choices[0];
    const pathOf = (index: number): string => pick(['/file.txt', '/folder/inner.txt'], index);

    // The race is real: the control leaks with the same effort.
    let leaks = 0;
    for (let round = 0; leaks === 0 && round < 50; round++) {
      leaks += (await tally(1000, (index) => readNaively(workspace, pathOf(index)))).leaked;
    }
    expect(leaks).toBeGreaterThan(0);

    const reads = await tally(READS, (index) => readThrough(sandbox, pathOf(index)));
    expect(reads.leaked).toBe(0);
    expect(reads.inside).toBeGreaterThan(100);
    expect(reads.refused).toBeGreaterThan(100);

    const toolReads = await tally(TOOL_READS, (index) => tools.text('read_file', { paths: [pathOf(index)] }));
    expect(toolReads.leaked).toBe(0);
    expect(toolReads.inside).toBeGreaterThan(10);

    const resources = await tally(TOOL_READS, async (index) => {
      const uri = `fairlead://workspace${pathOf(index)}${pick(['', '?offset=1&length=6'], index / 2)}`;
      const [contents] = await tools.resources.read(toolCall(), uri);
      const read = contents !== undefined && 'text' in contents ? contents.text : '';
      return read === 'nside\n' ? 'inside' : read === 'OREIGN' ? 'FOREIGN' : read;
    });
    expect(resources.leaked).toBe(0);
    expect(resources.inside).toBeGreaterThan(10);

    const listings = await tally(LISTINGS, (index) => {
      const others = pick(
        [
          { path: '/', depth: 3 },
          { path: '/', glob: '*.txt' },
        ],
        index / 20,
      );
      return tools.text('list_files', index % 20 === 0 ? others : { path: '/folder', include_ignored: true });
    });
    expect(listings.leaked).toBe(0);
    expect(listings.inside).toBeGreaterThan(10);

    const searches = await tally(SEARCHES, (index) =>
      tools.text(
        'search_files',
        pick<object>(
          [
            { pattern: 'i', path: '/folder' },
            { pattern: 'i', mode: 'count' },
          ],
          index,
        ),
      ),
    );
    expect(searches.leaked).toBe(0);
    expect(searches.inside).toBeGreaterThan(5);

    // What stands outside only is not even found.
    const probes = await tally(SEARCHES, async (index) => {
      const mode = pick(['matches', 'files', 'count'], index);
      const answer = await tools.text('search_files', { pattern: 'FOREIGN', mode });
      return answer.startsWith('[nothing found') ? 'inside' : 'FOREIGN';
    });
    expect(probes.leaked).toBe(0);
    expect(probes.inside).toBeGreaterThan(5);
  },
);
