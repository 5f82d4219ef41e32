import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const WORD = '[a-z]+(?:-[a-z]+)*';
/** Where actions stand: behind a member that holds one, or as the first argument of what records one. */
const ACTION = new RegExp(
  `(?:\\b(?:action|succeeded|failed|authorize|token|register|revoke|introspect|resourceMetadata|serverMetadata|` +
    `unauthenticated|refused|scopesMissing|firstRequest|begun):|#(?:record|audit)\\()\\s*'(${WORD}\\.[a-z_-]+)'`,
  'g',
);

test('docs/audit.md names every action that the sources record, and no other', async () => {
  const files = await readdir(join(ROOT, 'src'), { recursive: true });
  const sources = files.filter((file) => /^(auth|cli|mcp|keys|policy|tools)\/.*\.ts$/.test(file));
  const texts = await Promise.all(sources.map((file) => readFile(join(ROOT, 'src', file), 'utf8')));
  const recorded = texts.flatMap((text) => Array.from(text.matchAll(ACTION), ([, action]) => action));
  expect(recorded).toContain('token.issued');
  const page = await readFile(join(ROOT, 'docs/audit.md'), 'utf8');
  const named = Array.from(page.matchAll(/^\| `([^`]+)`/gm), ([, action]) => action);
  expect([...new Set(recorded)].toSorted()).toEqual(named.toSorted());
});
