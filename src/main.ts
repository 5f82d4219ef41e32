#!/usr/bin/env node
import module from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import about from '../package.json' with { type: 'json' };

// Before anything that an older Node would fail at with a syntax error.
if (!isSupported(process.versions.node)) {
  process.stderr.write(`fairlead needs Node.js ${about.engines.node}; this is ${process.version}.\n`);
  process.exit(1);
}

// The cache lies beside the code: in the shared temporary folder, another user could plant bytecode.
// Where the folder cannot be written, Node goes on without a cache.
module.enableCompileCache(process.env['NODE_COMPILE_CACHE'] ?? join(import.meta.dirname, '.compile-cache'));

const { run } = await import('./cli/index.ts');

const status = await run({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  version: about.version,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signals: process,
});
// What is left open by now, such as a standard input that nobody closes, must not keep the process alive.
process.exit(status);

function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 19);
}
