import { readdir, readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const threatModel = await readFile(`${root}docs/threat-model.md`, 'utf8');
const index = await readFile(`${root}docs/adr/README.md`, 'utf8');
const records = (await readdir(`${root}docs/adr`)).filter((name) => /^\d{4}-/.test(name));

describe('the threat model', () => {
  const proofs = [...new Set(threatModel.match(/(?<=`)test\/[^`]+(?=`)/g))];

  test.each(proofs)('names a proof that is there: %s', async (path) => {
    expect((await stat(`${root}${path}`)).isFile()).toBe(true);
  });

  test('knows every attack that is tested', async () => {
    const attacks = (await readdir(`${root}test/security`)).filter((name) => name.endsWith('.test.ts'));
    expect(attacks.filter((name) => !proofs.includes(`test/security/${name}`))).toEqual([]);
  });
});

describe('the decisions', () => {
  test('are numbered without a gap', () => {
    expect(records.map((name) => Number(name.slice(0, 4)))).toEqual(
      records.map((_, position) => position + 1),
    );
  });

  test.each(records)('%s is listed and has a context, a decision and consequences', async (name) => {
    expect(index).toContain(`(${name})`);
    const text = await readFile(`${root}docs/adr/${name}`, 'utf8');
    expect(text.split('\n')[0]).toMatch(new RegExp(`^# ${name.slice(0, 4)}: `));
    for (const part of ['Context', 'Decision', 'Consequences']) expect(text).toContain(`**${part}.**`);
  });
});

test.each([
  'docs/threat-model.md',
  ...records.map((name) => `docs/adr/${name}`),
  'docs/adr/README.md',
  'SECURITY.md',
])('every link of %s leads to a file', async (document) => {
  const text = await readFile(`${root}${document}`, 'utf8');
  const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = '']) => target);
  for (const target of targets) {
    const path = fileURLToPath(new URL(target, `file://${root}${document}`));
    expect((await stat(path)).isFile(), target).toBe(true);
  }
});
