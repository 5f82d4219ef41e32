/**
 * Bundles the program into `dist/`, dependencies included: one file loads in two thirds of the time that
 * hundreds of modules take, and leaves the process a fifth smaller. What cannot be bundled stays a
 * dependency at run time (see `EXTERNAL`).
 */
import { execFile } from 'node:child_process';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { Metafile, Plugin } from 'esbuild';

/** The program, and what it starts in threads and processes of their own: those are found beside it by name. */
const ENTRIES = {
  main: 'src/main.ts',
  'table-worker': 'src/tools/files/reading/table-worker.ts',
  'text-worker': 'src/tools/files/writing/text-worker.ts',
  'page-program': 'src/tools/web/fetching/page-program.ts',
  warden: 'src/processes/warden.ts',
  'sqlite-engine': 'src/tools/data/sqlite/sqlite-engine.ts',
  'engine-process': 'src/tools/data/duckdb/engine-process.ts',
};

/** What others import: `fairlead/tool` and `fairlead/testing`, with their types. */
const PUBLIC = { tool: 'src/tool.ts', testing: 'src/testing.ts' };

/** The folder of those types, where `exports` of `package.json` has them. */
const TYPES = 'types';

/** `@vscode/ripgrep` finds its binary beside its own code, and so does DuckDB its library. */
const EXTERNAL = ['@duckdb/node-api', '@vscode/ripgrep'];

/** Where `src/main.ts` puts it. */
const COMPILE_CACHE = '.compile-cache';

const NOTICES = 'THIRD_PARTY_NOTICES.txt';

/** The program tells its version; the rest of `package.json` stays outside. */
const about: Plugin = {
  name: 'about',
  setup: (build) => {
    build.onLoad({ filter: /\/package\.json$/ }, async ({ path }) => {
      if (path !== join(root, 'package.json')) return undefined;
      const { version, engines } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
      return { contents: JSON.stringify({ version, engines }), loader: 'json' };
    });
  },
};

/**
 * `fairlead/tool` hands on the whole of zod, and whatever it holds is loaded at every start: messages in sixty
 * languages would be most of it. Models are answered in English.
 */
const languages: Plugin = {
  name: 'languages',
  setup: (build) => {
    build.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
  },
};

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** The texts of the licences that the bundled packages are used under, which most of them demand to be passed on. */
async function notices(metafile: Metafile): Promise<string> {
  const folders = new Set<string>();
  for (const input of Object.keys(metafile.inputs)) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  const texts = await Promise.all([...folders].sort().map((folder) => notice(join(root, folder))));
  return `Fairlead contains the following packages.\n\n${texts.join('\n')}`;
}

async function notice(folder: string): Promise<string> {
  const about: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const { name, version, license } = about as Record<string, unknown>;
  const files = (await readdir(folder))
    .filter((file) => /^(licen[cs]e|notice|copying)(\.|$)/i.test(file))
    .sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return ['='.repeat(80), `${String(name)} ${String(version)} (${String(license)})`, ...texts, ''].join('\n');
}

/**
 * Removes what earlier builds left, after writing, so that a process which runs from `dist` meanwhile finds
 * its files. The program's compile cache stays for as long as nothing changes.
 */
async function sweep(metafile: Metafile): Promise<void> {
  const kept = new Set(Object.keys(metafile.outputs).map((path) => relative(dist, join(root, path))));
  kept.add(NOTICES);
  kept.add(TYPES);
  const others = (await readdir(dist)).filter((name) => !kept.has(name));
  if (others.every((name) => name === COMPILE_CACHE)) return;
  await Promise.all(others.map((name) => rm(join(dist, name), { recursive: true, force: true })));
}

/** The declarations of what is public and all that they name. Whether types agree is the type check's to say. */
async function emitTypes(): Promise<void> {
  const folder = join(dist, TYPES);
  const files = Object.values(PUBLIC);
  if (await areCurrent(folder, files)) return;
  await rm(folder, { recursive: true, force: true });
  const options = [
    ...['--ignoreConfig', '--noCheck', '--skipLibCheck', '--declaration', '--emitDeclarationOnly'],
    ...['--outDir', folder, '--rootDir', 'src', '--target', 'ES2023', '--lib', 'ES2023', '--types', 'node'],
    ...[
      '--module',
      'NodeNext',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--rewriteRelativeImportExtensions',
    ],
  ];
  const compiler = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
  await promisify(execFile)(process.execPath, [compiler, ...files, ...options], { cwd: root });
}

/** The compiler takes longer than the whole bundle: it runs where something has changed. What is public rests on `core`. */
async function areCurrent(folder: string, files: readonly string[]): Promise<boolean> {
  const core = await readdir(join(root, 'src/core'));
  const inputs = [...files, 'package.json', 'scripts/build.ts', ...core.map((name) => `src/core/${name}`)];
  const changed = await Promise.all(inputs.map(async (name) => (await stat(join(root, name))).mtimeMs));
  const emitted = await Promise.all(files.map((name) => emittedAt(folder, name)));
  return Math.min(...emitted) > Math.max(...changed);
}

async function emittedAt(folder: string, file: string): Promise<number> {
  const name = relative('src', file).replace(/\.ts$/, '.d.ts');
  const status = await stat(join(folder, name)).catch(() => undefined);
  return status?.mtimeMs ?? 0;
}

/**
 * Of a package in CommonJS that is imported when it is first needed, a chunk has nothing but its default: other
 * names would be undefined, in what is built alone.
 */
async function refuseLostNames({ outputs }: Metafile): Promise<void> {
  const bare = new Set(
    Object.entries(outputs)
      .filter(([, { exports }]) => exports.length === 1 && exports[0] === 'default')
      .map(([path]) => relative('dist', path)),
  );
  for (const path of Object.keys(outputs).filter((name) => name.endsWith('.js'))) {
    const code = await readFile(join(root, path), 'utf8');
    for (const [, names = '', chunk = ''] of code.matchAll(/\{([\w,:$]+)\}=await import\("\.\/([^"]+)"\)/g)) {
      const lost = names.split(',').filter((name) => name.split(':')[0] !== 'default');
      if (!bare.has(chunk) || lost.length === 0) continue;
      throw new Error(
        `${path} imports ${lost.join(', ')} of ${chunk}: take the default, and the names from that`,
      );
    }
  }
}

const started = performance.now();
const typesEmitted = emitTypes();
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { ...ENTRIES, ...PUBLIC },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  external: EXTERNAL,
  plugins: [about, languages],
  // Packages in CommonJS ask for Node's modules with `require`. The other name is one that no source has.
  banner: {
    js: "import { createRequire as $createRequire } from 'node:module';const require = $createRequire(import.meta.url);",
  },
  // Names stay as they are: they stand in stack traces, and oidc-provider tells its models apart by the names
  // of their classes, which `minifySyntax` drops. `keepNames` would cost a call for each closure made.
  minifyWhitespace: true,
  legalComments: 'none',
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
}).catch(() => process.exit(1));
await refuseLostNames(metafile);
await writeFile(join(dist, NOTICES), await notices(metafile));
await chmod(join(dist, 'main.js'), 0o755);
await sweep(metafile);
await typesEmitted;

const bytes = Object.entries(metafile.outputs)
  .filter(([path]) => path.endsWith('.js'))
  .reduce((sum, [, output]) => sum + output.bytes, 0);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`Built dist/ (${(bytes / 1e6).toFixed(1)} MB) in ${seconds} s.`);
