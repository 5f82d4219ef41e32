import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SCOPES } from '../../../src/core/scopes.ts';

const document = readFileSync(new URL('../../../docs/authorization.md', import.meta.url), 'utf8');

it('the authorization document lists every scope, in its words and with what it includes', () => {
  const section = document.split('\n## Scopes\n')[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  const listed = rows.map((row) => {
    const [, name = '', words, implies] = row.split('|').map((cell) => cell.trim());
    return { name: name.replaceAll('`', ''), words, implies };
  });
  const known = Object.entries(SCOPES).map(([name, { words, implies }]) => ({
    name,
    words,
    implies: implies.map((scope) => `\`${scope}\``).join(', '),
  }));
  expect(listed).toEqual(known);
});
