import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import about from '../../package.json' with { type: 'json' };

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** The package as it is published, unpacked where npm would put it, with its dependencies beside it. */
let installed: string;
/** A team's folder, elsewhere: below no `node_modules`. */
let team: string;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-installed-'));
  installed = join(folder, 'node_modules/fairlead');
  team = await mkdtemp(join(tmpdir(), 'fairlead-team-'));
  await mkdir(installed, { recursive: true });
  await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const archive = join(folder, `fairlead-${about.version}.tgz`);
  await run('tar', ['-xzf', archive, '--strip-components=1', '-C', installed]);
  for (const name of Object.keys(about.dependencies)) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, 'node_modules', name), link);
  }
  await cp(join(installed, 'examples/tools'), join(team, 'tools'), { recursive: true });
  // What a team needs, and no more.
  await Promise.all(
    (await readdir(join(team, 'tools')))
      .filter((name) => !/(?<!\.test)\.ts$/.test(name))
      .map((name) => rm(join(team, 'tools', name))),
  );
  await mkdir(join(team, 'workspace'));
});
afterAll(async () => {
  await rm(dirname(dirname(installed)), { recursive: true, force: true });
  await rm(team, { recursive: true, force: true });
});

interface Answer {
  readonly id?: number;
  readonly result?: {
    readonly tools?: readonly { readonly name: string }[];
    readonly content?: readonly { readonly text: string }[];
  };
}

/** Asks the installed program over its standard streams, one after the other. */
async function ask(requests: readonly object[]): Promise<ReadonlyMap<number | undefined, Answer['result']>> {
  const child = spawn(process.execPath, [join(installed, 'dist/main.js'), 'stdio'], {
    cwd: team,
    env: { FAIRLEAD_CONFIG: 'fairlead.yaml', FAIRLEAD_WORKSPACE: 'workspace' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const send = (id: number): void => {
    const request = requests[id];
    if (request === undefined) child.stdin.end();
    else child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...request })}\n`);
  };
  const answers = new Map<number | undefined, Answer['result']>();
  send(0);
  for await (const line of createInterface({ input: child.stdout })) {
    const { id, result } = JSON.parse(line) as Answer;
    answers.set(id, result);
    send(answers.size);
  }
  return answers;
}

function call(name: string, args: object): object {
  return { method: 'tools/call', params: { name, arguments: args } };
}

const TALKATIVE = `import { defineTool, text, z } from 'fairlead/tool';
export default defineTool({
  name: 'tell_all', title: 'T', description: 'D.', scopes: [], effect: 'read', input: z.object({}),
  run: () => Promise.resolve({ content: [text(Array.from({ length: 9000 }, (_, i) => 'line ' + (i + 1)).join('\\n'))] }),
});
`;

describe("a team's own tools, with the package as it is published", () => {
  it('are served from files that lie anywhere', async () => {
    const files = [
      { path: './tools/add-numbers.ts' },
      { path: './tools/look-up-holidays.ts' },
      { path: './talkative.mjs' },
      { path: './tools/get-balance.ts', settings: { endpoint: 'http://127.0.0.1:8899/' } },
    ];
    await writeFile(join(team, 'fairlead.yaml'), JSON.stringify({ tools: { custom: { files } } }));
    await writeFile(join(team, 'talkative.mjs'), TALKATIVE);
    const clientInfo = { name: 'raw', version: '1.0.0' };
    const answers = await ask([
      { method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } },
      { method: 'tools/list' },
      call('add_numbers', { numbers: [0.1, 0.2, '3'] }),
      call('add_numbers', { numbers: [] }),
      call('get_balance', { address: 'So11111111111111111111111111111111111111112' }),
      call('tell_all', {}),
      call('read_file', { paths: ['/.scratch/tell_all.txt'], start_line: 8999 }),
    ]);
    expect(answers.get(1)?.tools?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['read_file', 'add_numbers', 'look_up_holidays', 'get_balance']),
    );
    const said = (id: number): string | undefined => answers.get(id)?.content?.[0]?.text;
    expect(said(2)).toBe('{"sum":3.3,"count":3}');
    // Errors of own tools are those of the program, not of a second copy of it.
    expect(said(3)).toMatch(/^INVALID_ARGUMENT: add_numbers: /);
    expect(said(4)).toMatch(/^URL_BLOCKED: /);
    // What is too large can be read on.
    expect(said(5)).toMatch(/^line 1\nline 2\n/);
    expect(answers.get(5)?.content?.[1]?.text).toMatch(
      /^\[lines 1-\d,\d{3} of 9,000 are shown; all of it is in \/\.scratch\/tell_all\.txt until .*Z; next read_file \{/,
    );
    expect(said(6)).toContain('line 8999\nline 9000');
  });

  it('agree with the types of the package', { timeout: 60_000 }, async () => {
    const modules = join(team, 'node_modules');
    await mkdir(modules);
    await symlink(installed, join(modules, 'fairlead'));
    const tools = (await readdir(join(team, 'tools'))).map((name) => join('tools', name));
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const options = [
      '--ignoreConfig',
      '--skipLibCheck',
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--target',
      'es2023',
    ];
    const types = [
      '--typeRoots',
      join(root, 'node_modules/@types'),
      '--types',
      'node',
      '--module',
      'nodenext',
    ];
    await writeFile(join(team, 'package.json'), '{"type":"module"}');
    const checked = run(process.execPath, [compiler, ...options, ...types, ...tools], { cwd: team });
    await expect(checked).resolves.toMatchObject({ stdout: '' });
  });
});
