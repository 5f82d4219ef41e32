import { execFileSync } from 'node:child_process';
import { rgPath } from '@vscode/ripgrep';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { positionOf } from '../../../../../src/tools/files/listing/position.ts';
import { makeFolder } from '../../../../fixtures/file-tools.ts';

describe('the position of a path', () => {
  it('puts paths in the order in which ripgrep sorts them', async () => {
    // Characters around the slash, and some that UTF-16 and UTF-8 sort differently.
    const name = fc.string({
      unit: fc.constantFrom('a', 'b', '.', '-', ' ', '0', 'é', '\uffee', '😀'),
      minLength: 1,
      maxLength: 3,
    });
    const valid = name.filter((value) => !/^\.+$/.test(value) && value.trim() === value);
    const path = fc.array(valid, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(path, { minLength: 1, maxLength: 25 }), async (paths) => {
        const isFolder = (one: string) => paths.some((other) => other.startsWith(`${one}/`));
        const files = paths.filter(
          (one) => !isFolder(one) && !paths.some((other) => one.startsWith(`${other}/`)),
        );
        fc.pre(files.length > 0);
        const root = await makeFolder(Object.fromEntries(files.map((file) => [file, ''])));
        const args = ['--files', '--hidden', '--no-ignore', '--sort=path'];
        const sorted = execFileSync(rgPath, args, { cwd: root, encoding: 'utf8' }).trimEnd().split('\n');
        expect([...files].sort((a, b) => (positionOf(a) < positionOf(b) ? -1 : 1))).toEqual(sorted);
      }),
      { numRuns: 30 },
    );
  });
});
