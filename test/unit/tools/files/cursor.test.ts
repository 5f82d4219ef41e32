import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Cursors } from '../../../../src/tools/files/cursor.ts';

const cursors = new Cursors('list_files', z.tuple([z.number(), z.string()]));

describe('a cursor', () => {
  it('gives its position back for the same question', () => {
    const cursor = cursors.write({ path: '/a' }, [7, 'x/y']);
    expect(cursors.read({ path: '/a' }, cursor)).toEqual([7, 'x/y']);
    expect(cursor).toMatch(/^[\w-]+$/);
  });

  it('is refused for another question, with advice', () => {
    const cursor = cursors.write({ path: '/a' }, [7, 'x/y']);
    expect(() => cursors.read({ path: '/b' }, cursor)).toThrow('other arguments');
  });

  it('is refused when it is anything else', () => {
    const others = new Cursors('search_files', z.object({ file: z.string() }));
    const foreign = others.write({ path: '/a' }, { file: 'x' });
    expect(() => cursors.read({ path: '/a' }, foreign)).toThrow('not one that a page has given');
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => cursors.read({ path: '/a' }, text)).toThrow(/cursor/);
      }),
    );
  });
});
