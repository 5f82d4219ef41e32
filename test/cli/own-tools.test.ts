import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, fairlead } from './fairlead.ts';

function declared(...names: readonly string[]): string {
  const tools = names.map(
    (name) =>
      `defineTool({ name: '${name}', title: 'T', description: 'D.', scopes: [], effect: 'read', input: z.object({}), run: () => Promise.resolve({ content: [text('it')] }) })`,
  );
  return `import { defineTool, text, z } from 'fairlead/tool';\nexport default [${tools.join(', ')}];\n`;
}

/** Each file with what is said of it. */
const WRONG: Readonly<Record<string, readonly [source: string, place: string, what: RegExp, fix: RegExp]>> = {
  'syntax.ts': [
    'const a = 1;\nconst b: number = ;\n',
    'syntax.ts:2',
    /Expression expected/,
    /correct the file/,
  ],
  'plain.mjs': ['export default 1 +;\n', 'plain.mjs', /Unexpected token/, /node --check plain\.mjs/],
  'enum.ts': [
    '\nenum Colour { Red }\nexport default Colour;\n',
    'enum.ts:2',
    /enum is not supported/,
    /do without enum/,
  ],
  'wrong-import.ts': [
    "\n\nimport { defineTol } from 'fairlead/tool';\nexport default defineTol;\n",
    'wrong-import.ts:3',
    /does not provide an export named 'defineTol'/,
    /docs\/adding-a-tool\.md/,
  ],
  'no-package.ts': [
    "import pad from 'left-pad-of-nobody';\nexport default pad;\n",
    'no-package.ts',
    /Cannot find package 'left-pad-of-nobody'\./,
    /install the package where the file lies/,
  ],
  'no-default.ts': [
    'export const tool = 1;\n',
    'no-default.ts',
    /has no default export/,
    /export default defineTool/,
  ],
  'by-hand.js': [
    "export default { name: 'by_hand', scopes: [], bind: () => () => 1 };\n",
    'by-hand.js',
    /something else than what defineTool answers/,
    /export default defineTool/,
  ],
  'throws.ts': ["\nthrow new Error('no luck');\n", 'throws.ts:2', /Error: no luck/, /correct the file/],
  'unknown-scope.js': [
    declared('look_around').replace('scopes: []', "scopes: ['team:secrets']"),
    'unknown-scope.js:2',
    /"scopes" is not a list of any of files:read/,
    /correct the file/,
  ],
  'settings.ts': [
    "import { z } from 'fairlead/tool';\nexport default ({ settings }) => z.object({ endpoint: z.url() }).parse(settings);\n",
    'settings.ts',
    /refuses what it is handed: endpoint: /,
    /settings or secrets beside its path/,
  ],
  'builtin-name.ts': [
    declared('read_file'),
    'builtin-name.ts',
    /Fairlead itself has a tool read_file/,
    /another name/,
  ],
  'reserved-name.ts': [
    declared('run_job'),
    'reserved-name.ts',
    /Fairlead itself has a tool run_job/,
    /another name/,
  ],
  'same-name.ts': [
    declared('add_up', 'add_up'),
    'same-name.ts',
    /the same file has a tool add_up/,
    /another name/,
  ],
  'taken-name.ts': [declared('add_up'), 'taken-name.ts', /same-name\.ts has a tool add_up/, /another name/],
};

describe('fairlead check', () => {
  it('names everything that is wrong with own tools at once, with place and fix', async () => {
    const cwd = await emptyFolder();
    const folder = join(cwd, 'etc');
    await mkdir(join(folder, 'folder.ts'), { recursive: true });
    for (const [name, [source]] of Object.entries(WRONG)) await writeFile(join(folder, name), source);
    await writeFile(join(folder, 'open.ts'), declared('open_it'));
    await chmod(join(folder, 'open.ts'), 0o646);
    await mkdir(join(folder, 'everybodys'));
    await writeFile(join(folder, 'everybodys/lent.ts'), declared('lend_it'));
    await chmod(join(folder, 'everybodys'), 0o777);
    const files = [...Object.keys(WRONG), 'missing.ts', 'folder.ts', 'open.ts', 'everybodys/lent.ts'];
    const paths = files.map((path) => ({ path: `./${path}` }));
    await writeFile(join(folder, 'fairlead.yaml'), JSON.stringify({ tools: { custom: { files: paths } } }));
    const { status, stdout, stderr } = await fairlead(['check'], {
      cwd,
      env: { FAIRLEAD_CONFIG: 'etc/fairlead.yaml' },
    });
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
    const said = stderr.split(/\n\n\d+\. /).slice(1);
    const about = (place: string): string =>
      said.find((one) => one.startsWith(`${folder}/${place}\n`)) ?? stderr;
    for (const [, place, what, fix] of Object.values(WRONG)) {
      expect(about(place), place).toMatch(what);
      expect(about(place), place).toMatch(fix);
    }
    expect(about('missing.ts')).toContain('there is no such file');
    expect(about('folder.ts')).toContain('is no file');
    expect(about('open.ts')).toContain('can be changed by every user of this machine');
    expect(about('everybodys/lent.ts')).toContain('in which every user of this machine can replace it');
    expect(said).toHaveLength(files.length);
  });

  it('says which file has ended the process', async () => {
    const cwd = await emptyFolder();
    await writeFile(join(cwd, 'good.ts'), declared('add_up'));
    await writeFile(join(cwd, 'ending.ts'), 'process.exit(0);\n');
    const { status, stdout, stderr } = await fairlead(['check'], {
      cwd,
      env: { FAIRLEAD_TOOLS_CUSTOM_FILES: 'good.ts,ending.ts' },
    });
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
    expect(stderr).toContain(`${cwd}/ending.ts\n   the process ended while this file was loaded.`);
  });

  it('refuses two files of one name, as they would share what they keep', async () => {
    const cwd = await emptyFolder();
    const { status, stderr } = await fairlead(['check'], {
      cwd,
      env: { FAIRLEAD_TOOLS_CUSTOM_FILES: 'a/tool.ts,b/tool.js' },
    });
    expect(status).toBe(78);
    expect(stderr).toContain('must not have two files of the same name');
  });

  it('takes own tools from the environment, from where the process runs, and shows no secret', async () => {
    const cwd = await emptyFolder();
    await writeFile(join(cwd, 'one.ts'), declared('add_up'));
    await writeFile(join(cwd, 'two.js'), declared('take_off'));
    const paths = { FAIRLEAD_TOOLS_CUSTOM_FILES: 'one.ts, ./two.js' };
    expect(await fairlead(['check'], { cwd, env: paths })).toMatchObject({ status: 0, stderr: '' });
    const entry = { path: './one.ts', settings: { size: 1 }, secrets: { key: '${THE_KEY}' } };
    await writeFile(join(cwd, 'fairlead.yaml'), JSON.stringify({ tools: { custom: { files: [entry] } } }));
    const env = { FAIRLEAD_CONFIG: 'fairlead.yaml', THE_KEY: 'to-hide' };
    const { status, stdout, stderr } = await fairlead(['check'], { cwd, env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('files: [{"path":"./one.ts","settings":{"size":1},"secrets":"********"}]');
  });
});

it('a server whose own tools cannot be loaded does not start', async () => {
  const cwd = await emptyFolder();
  await writeFile(join(cwd, 'one.ts'), 'export default 1;\n');
  const env = {
    FAIRLEAD_TOOLS_CUSTOM_FILES: 'one.ts',

    NODE_ENV: 'production',
    PUBLIC_URL: 'https://localhost',
  };
  const { status, stdout, stderr } = await fairlead(['serve'], { cwd, env });
  expect(status).toBe(78);
  expect(`${stdout}${stderr}`).toContain('something else than what defineTool answers');
});
