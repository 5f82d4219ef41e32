import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeName,
  encodeName,
  isName,
  nameBytes,
} from '../../../../../src/tools/files/workspace/byte-names.ts';

describe('names as strings', () => {
  it('bring back the same bytes, whatever the bytes were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (array) => {
        const bytes = Buffer.from(array);
        expect(nameBytes(decodeName(bytes))).toEqual(bytes);
        expect(isName(decodeName(bytes))).toBe(true);
      }),
    );
  });

  it('are what they are read as where they are UTF-8', () => {
    expect(decodeName(Buffer.from('naïve-輪.txt'))).toBe('naïve-輪.txt');
    expect(encodeName('naïve-輪.txt')).toBe('naïve-輪.txt');
  });

  it('carry each byte that is no UTF-8 by itself', () => {
    const bytes = Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x2e, 0xf0, 0x9f, 0x92]);
    expect(decodeName(bytes)).toBe('caf\udce9.\udcf0\udc9f\udc92');
    expect(encodeName('caf\udce9.\udcf0\udc9f\udc92')).toEqual(bytes);
  });

  it('are no other lone surrogates', () => {
    expect(isName('a\ud800b')).toBe(false);
    expect(isName('a\udc7f')).toBe(false);
    expect(isName('a\udc80')).toBe(true);
  });
});
