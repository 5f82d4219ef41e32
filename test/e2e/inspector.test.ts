import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declareService, serviceToken } from '../fixtures/service-client.ts';
import { type FairleadProcess, startFairlead } from '../fixtures/fairlead-process.ts';

const run = promisify(execFile);
const packageFile = createRequire(import.meta.url).resolve('@modelcontextprotocol/inspector/package.json');

let folder: string;
let fairlead: FairleadProcess;
let token: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-inspector-'));
  fairlead = await startFairlead({ FAIRLEAD_CONFIG: await declareService(folder) });
  token = await serviceToken(fairlead.origin);
});
afterAll(async () => {
  await fairlead.stop();
  await rm(folder, { recursive: true });
});

async function inspect(...args: string[]): Promise<unknown> {
  const { bin } = createRequire(import.meta.url)(packageFile) as { bin: Record<string, string> };
  const program = path.join(path.dirname(packageFile), Object.values(bin)[0] ?? '');
  const header = ['--header', `Authorization: Bearer ${token}`];
  const { stdout } = await run(
    process.execPath,
    [program, '--cli', fairlead.mcpUrl.href, '--transport', 'http', ...header, ...args],
    { env: { PATH: process.env['PATH'], HOME: folder } },
  );
  return JSON.parse(stdout);
}

describe('the Inspector on the command line', () => {
  it('lists the tools', async () => {
    const { tools } = (await inspect('--method', 'tools/list')) as { tools: { name: string }[] };
    expect(tools.map((tool) => tool.name).toSorted()).toEqual([
      'info',
      'list_files',
      'read_file',
      'search_files',
    ]);
  });

  it.each([
    ['info', []],
    ['list_files', ['--tool-arg', 'path=/']],
    ['read_file', ['--tool-arg', 'path=/README.md']],
    ['search_files', ['--tool-arg', 'pattern=the']],
  ])('calls %s', async (name, args) => {
    const result = await inspect('--method', 'tools/call', '--tool-name', name, ...args);
    expect(result).toMatchObject({ content: [{ type: 'text' }] });
    expect(result).not.toHaveProperty('isError', true);
  });

  it('lists and reads resources', async () => {
    expect(await inspect('--method', 'resources/list')).toMatchObject({
      resources: expect.arrayContaining([
        expect.objectContaining({ uri: 'fairlead://workspace/README.md' }),
      ]) as unknown,
    });
    const read = await inspect('--method', 'resources/read', '--uri', 'fairlead://workspace/README.md');
    expect(read).toMatchObject({ contents: [{ uri: 'fairlead://workspace/README.md' }] });
  });
});
