import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

const ENTRY = path.join(import.meta.dirname, '../../../../src/auth/index.ts');

/** Prints the packages that an import pulls in. */
const SCRIPT = `
import { registerHooks } from 'node:module';
const packages = new Set();
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(resolved.url)?.[1];
    if (name !== undefined) packages.add(name);
    return resolved;
  },
});
await import(${JSON.stringify(ENTRY)});
console.log([...packages].join(' '));
`;

it('the authorization server’s library is not loaded at start-up', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
    encoding: 'utf8',
  });
  const packages = stdout.trim().split(' ');
  expect(packages, stderr).toContain('express');
  expect(packages).not.toContain('oidc-provider');
  expect(packages).not.toContain('koa');
});
