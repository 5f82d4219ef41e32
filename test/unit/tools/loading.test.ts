import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from '../../fixtures/file-tools.ts';

const src = join(import.meta.dirname, '../../../src');

/** Puts a server together that has nothing configured, and prints what was loaded for it. */
const SCRIPT = `
import { registerHooks } from 'node:module';
const loaded = new Set();
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)|\\/src\\/(tools\\/.*)\\/[^/]+$/.exec(resolved.url);
    if (name !== null) loaded.add(name[1] ?? name[2]);
    return resolved;
  },
});
const { createApp } = await import(${JSON.stringify(join(src, 'app.ts'))});
const { loadConfig } = await import(${JSON.stringify(join(src, 'config/index.ts'))});
const [dataDir] = process.argv.slice(1);
await createApp(await loadConfig({ env: { FAIRLEAD_DATA_DIR: dataDir }, cwd: dataDir }), { version: '0' });
console.log([...loaded].join(' '));
process.exit();
`;

it('what a server does not need at its start is not loaded by then', async () => {
  const args = ['--input-type=module', '--eval', SCRIPT, await makeFolder()];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const loaded = stdout.trim().split('\n').at(-1)?.split(' ') ?? [];
  expect(loaded, stderr).toEqual(
    expect.arrayContaining(['express', 'tools/data/tools', 'tools/web/fetching']),
  );
  const engines = ['@duckdb/node-api', 'pg', 'mysql2', '@vscode/ripgrep'];
  const libraries = ['turndown', 'linkedom', '@mozilla/readability', 'cockatiel', 'chardet', 'diff'];
  const kinds = ['sqlite', 'postgres', 'mysql', 'duckdb/child'].map((kind) => `tools/data/${kind}`);
  // Their options are.
  const own = [...kinds, 'tools/jobs/running', 'tools/web/fetching/html'];
  expect(loaded.filter((name) => [...engines, ...libraries, ...own].includes(name))).toEqual([]);
});
