/**
 * Bundles the program into `dist/`, dependencies included: one file loads in two thirds of the time that
 * hundreds of modules take, and leaves the process a fifth smaller. What cannot be bundled stays a
 * dependency at run time (see `EXTERNAL`).
 */
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import type { Metafile, Plugin } from 'esbuild';

/** The program, and what it starts in threads of their own: those are found beside it by name. */
const ENTRIES = { main: 'src/main.ts', 'table-worker': 'src/tools/files/reading/table-worker.ts' };

/** `@vscode/ripgrep` finds its binary beside its own code. */
const EXTERNAL = ['@vscode/ripgrep'];

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
  const others = (await readdir(dist)).filter((name) => !kept.has(name));
  if (others.every((name) => name === COMPILE_CACHE)) return;
  await Promise.all(others.map((name) => rm(join(dist, name), { recursive: true, force: true })));
}

const started = performance.now();
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ENTRIES,
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  external: EXTERNAL,
  plugins: [about],
  // Packages in CommonJS ask for Node's modules with `require`.
  banner: {
    js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
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
await writeFile(join(dist, NOTICES), await notices(metafile));
await chmod(join(dist, 'main.js'), 0o755);
await sweep(metafile);

const bytes = Object.entries(metafile.outputs)
  .filter(([path]) => path.endsWith('.js'))
  .reduce((sum, [, output]) => sum + output.bytes, 0);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`Built dist/ (${(bytes / 1e6).toFixed(1)} MB) in ${seconds} s.`);
