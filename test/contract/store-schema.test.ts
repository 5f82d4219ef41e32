import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isScope } from '../../src/core/scopes.ts';

const ROOT = join(import.meta.dirname, '../..');

test('docs/replicas.md names every kind of key that the sources name', async () => {
  const files = await readdir(join(ROOT, 'src'), { recursive: true });
  const sources = files.filter((file) => file.endsWith('.ts'));
  const texts = await Promise.all(sources.map((file) => readFile(join(ROOT, 'src', file), 'utf8')));
  const kinds = texts.flatMap((text) =>
    Array.from(text.matchAll(/[`'](?:auth|http|jobs|mcp|tools|workspace):[a-z][a-z-]+/g), ([match]) =>
      match.slice(1),
    ),
  );
  expect(kinds).toContain('auth:account');
  const page = await readFile(join(ROOT, 'docs/replicas.md'), 'utf8');
  // A kind that ends with a hyphen is completed at run time.
  const isNamed = (kind: string) => new RegExp(kind.endsWith('-') ? kind : `${kind}(?![a-z-])`).test(page);
  // Scopes look like keys of the same owner.
  expect([...new Set(kinds)].filter((kind) => !isScope(kind) && !isNamed(kind))).toEqual([]);
});
