import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NewlineKind, NewlineScanner } from '../../../../../src/tools/files/reading/newlines.ts';

const kinds: NewlineKind[] = ['byte', 'utf-16le', 'utf-16be'];
// Newlines, their neighbours in value, and zeros for the wide kinds; often few, often many.
const bytes = fc
  .array(fc.constantFrom(0x0a, 0x0b, 0x00, 0x61, 0x8a, 0xff), { maxLength: 600 })
  .map((values) => Buffer.from(values));

/** Where lines start, the plain way. */
function starts(chunk: Buffer, kind: NewlineKind): number[] {
  const found: number[] = [];
  if (kind === 'byte') {
    for (const [index, byte] of chunk.entries()) if (byte === 0x0a) found.push(index + 1);
    return found;
  }
  for (let at = 0; at + 1 < chunk.length; at += 2) {
    const unit = kind === 'utf-16le' ? chunk.readUInt16LE(at) : chunk.readUInt16BE(at);
    if (unit === 0x0a) found.push(at + 2);
  }
  return found;
}

describe.each(kinds)('newlines as %s', (kind) => {
  it('are counted right at any density and alignment, also by a scanner that has seen other chunks', () => {
    const scanner = new NewlineScanner(kind);
    fc.assert(
      fc.property(bytes, fc.nat(7), (chunk, skip) => {
        const part = chunk.subarray(Math.min(skip * scanner.width, chunk.length));
        expect(scanner.count(part)).toBe(starts(part, kind).length);
      }),
      { numRuns: 500 },
    );
  });

  it('are found by number from the start and backwards from the end', () => {
    fc.assert(
      fc.property(bytes, (chunk) => {
        const scanner = new NewlineScanner(kind);
        const expected = starts(chunk, kind);
        expect(expected.map((_start, index) => scanner.after(chunk, index + 1))).toEqual(expected);
        expect(scanner.after(chunk, expected.length + 1)).toBe(-1);
        const backwards: number[] = [];
        let at = scanner.lastBefore(chunk, chunk.length);
        while (at !== -1) {
          backwards.unshift(at);
          at = scanner.lastBefore(chunk, at - scanner.width);
        }
        expect(backwards).toEqual(expected);
      }),
    );
  });
});
