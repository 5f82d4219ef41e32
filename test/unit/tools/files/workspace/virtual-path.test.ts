import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeName } from '../../../../../src/tools/files/workspace/byte-names.ts';
import { isPlain, shown, toUri, virtualPath } from '../../../../../src/tools/files/workspace/virtual-path.ts';

const segment = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .map((bytes) => decodeName(Buffer.from(bytes.filter((byte) => byte !== 0 && byte !== 0x2f))))
  .filter((name) => name !== '' && name !== '.' && name !== '..');
const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((names) => `/${names.join('/')}`);

describe('a virtual path', () => {
  it('comes back from its URI, whatever bytes its names are made of', () => {
    fc.assert(
      fc.property(path, (original) => {
        expect(virtualPath(toUri(original))).toBe(original);
      }),
    );
  });

  it('is shown in a form that leads back to it, and that breaks no line', () => {
    fc.assert(
      fc.property(path, (original) => {
        expect(virtualPath(shown(original))).toBe(original);
        expect(shown(original)).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]/u);
      }),
    );
  });

  it('never climbs, and is the same when it is taken as a spelling again', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60, unit: fc.constantFrom('.', '/', '\\', 'a', '%', '2', 'e') }),
        (spelling) => {
          let found: string;
          try {
            found = virtualPath(spelling);
          } catch (error) {
            expect(error).toMatchObject({ code: 'OUTSIDE_WORKSPACE' });
            return;
          }
          expect(found).toMatch(/^\//);
          expect(found.split('/')).not.toContain('..');
          expect(virtualPath(found)).toBe(found);
        },
      ),
    );
  });
});

describe('a plain name', () => {
  it.each(['README.md', 'naïve 輪.txt', 'a%20b', '😀', '-rf', '$(id)', "it's"])('is %j', (name) => {
    expect(isPlain(name)).toBe(true);
  });

  it.each([
    ['a line break', 'a\nb'],
    ['an escape sequence', '\u001b[31mred'],
    ['a change of direction', 'txt.\u202egnp'],
    ['something invisible', 'a\u200bb'],
    ['a byte that is no UTF-8', 'caf\udce9'],
    ['a backslash', 'a\\b'],
    ['a space at its end', 'a '],
  ])('holds no %s', (_what, name) => {
    expect(isPlain(name)).toBe(false);
    expect(shown(`/${name}`)).toMatch(/^fairlead:\/\/workspace\/[\w%.[-]+$/);
  });
});
