import fc from 'fast-check';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ResourceContents } from '../../../../../src/core/content.ts';
import { makeFolder, openTools, toolCall, type Tree } from '../../../../fixtures/file-tools.ts';

const MAX = 4096;

async function setUp(tree: Tree) {
  const workspace = await makeFolder(tree);
  const { resources } = await openTools(workspace, { files: { maxResourceBytes: MAX } });
  const { principal, signal } = toolCall();
  const read = async (path: string): Promise<ResourceContents> => {
    const [contents] = await resources.read({ principal, signal }, `fairlead://workspace/${path}`);
    if (contents === undefined) throw new Error('No contents');
    return contents;
  };
  return { workspace, read };
}

/** All parts of a file, by the URIs that each names for the next. */
async function readOn(read: (path: string) => Promise<ResourceContents>, first: string) {
  const parts: ResourceContents[] = [];
  for (let path: string | undefined = first; path !== undefined;) {
    const part = await read(path);
    parts.push(part);
    const next = part._meta?.['next'];
    path = typeof next === 'string' ? next.slice('fairlead://workspace/'.length) : undefined;
  }
  return parts;
}

describe('a part of a file', () => {
  it('comes under its own URI, with its place and the URI of the part that follows', async () => {
    const { read } = await setUp({ 'a b.csv': '0123456789' });
    expect(await read('a%20b.csv?offset=2&length=3')).toEqual({
      uri: 'fairlead://workspace/a%20b.csv?offset=2&length=3',
      mimeType: 'text/csv',
      text: '234',
      _meta: { size: 10, offset: 2, length: 3, next: 'fairlead://workspace/a%20b.csv?offset=5&length=3' },
    });
    expect(await read('a%20b.csv?offset=8&length=3')).toMatchObject({
      text: '89',
      _meta: { size: 10, offset: 8, length: 2 },
    });
    expect((await read('a%20b.csv?offset=7&length=3'))._meta).not.toHaveProperty('next');
  });

  it('starts at the start and is as long as can be, unless told otherwise', async () => {
    const { read } = await setUp({ 'big.txt': 'x'.repeat(MAX + 10), 'empty.txt': '' });
    expect(await read('big.txt?offset=4')).toMatchObject({ _meta: { offset: 4, length: MAX } });
    expect(await read('big.txt?length=4')).toMatchObject({ text: 'xxxx', _meta: { offset: 0 } });
    expect(await read('empty.txt?offset=0')).toMatchObject({ text: '', _meta: { size: 0, length: 0 } });
    expect(await read('empty.txt?')).not.toHaveProperty('_meta');
  });

  it('of a text is cut between characters: the parts of any division are the text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('a', 'ß', '€', '🎣', '\n'), minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(),
        async (content, length, start) => {
          const { read } = await setUp({ 'a.md': content });
          const size = Buffer.byteLength(content);
          const parts = await readOn(read, `a.md?offset=0&length=${length}`);
          expect(parts.map((part) => ('text' in part ? part.text : '(no text)')).join('')).toBe(content);
          const from = start % size;
          const divided = await Promise.all([
            read(`a.md?length=${Math.max(1, from)}`),
            read(`a.md?offset=${from}`),
          ]);
          if (from > 0) expect(divided.map((part) => 'text' in part && part.text).join('')).toBe(content);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of what is no text is exactly those bytes, also where they could be read as text', async () => {
    const bytes = Buffer.concat([
      Buffer.from([0x89, 0x50, 0, 0xff]),
      Buffer.from('naïve'),
      Buffer.from([0xbf]),
    ]);
    const { read } = await setUp({ 'x.png': bytes, 'x.unknown': bytes });
    for (const [offset, length] of [
      [0, 4],
      [4, 3],
      [7, 2],
      [6, 4],
    ] as const) {
      expect(await read(`x.png?offset=${offset}&length=${length}`)).toMatchObject({
        mimeType: 'image/png',
        blob: bytes.subarray(offset, offset + length).toString('base64'),
        _meta: { offset, length },
      });
    }
    expect((await read('x.unknown?offset=4&length=2')).mimeType).toBe('application/octet-stream');
  });

  it('of a text with bytes that make no character comes as base64, and nothing is lost', async () => {
    const bytes = Buffer.concat([
      Buffer.from('x'.repeat(70_000)),
      Buffer.from([0xe9, 0x20]),
      Buffer.from('end €'),
    ]);
    const { read } = await setUp({ 'latin.txt': bytes });
    const parts = await readOn(read, 'latin.txt?offset=66000&length=4001');
    const joined = parts.map((part) =>
      'text' in part ? Buffer.from(part.text) : Buffer.from(part.blob, 'base64'),
    );
    expect(Buffer.concat(joined)).toEqual(bytes.subarray(66_000));
    expect(parts.map((part) => 'blob' in part)).toEqual([true, false]);
  });

  it('of a large file is found through the error that its whole answers', async () => {
    const content = 'line €\n'.repeat(1500);
    const { read } = await setUp({ 'big.md': content });
    const { next } = await read('big.md').then(
      () => ({ next: '' }),
      (error: unknown) => error as { next: string },
    );
    const uri = /^read the resource fairlead:\/\/workspace\/(\S+),/.exec(next)?.[1] ?? '';
    const parts = await readOn(read, uri);
    expect(parts).toHaveLength(4);
    expect(parts.map((part) => 'text' in part && part.text).join('')).toBe(content);
  });
});

describe('a part that there is not', () => {
  it.each([
    ['offset=10', 'offset=10 is behind the end: "/a.md" has 10 bytes.', '?offset=0&length=4096'],
    ['offset=99&length=4', 'offset=99 is behind the end: "/a.md" has 10 bytes.', '?offset=6&length=4'],
    ['length=0', 'length=0 is not served: from 1 to 4,096 bytes are.', '?offset=0&length=4096'],
    [
      'offset=3&length=4097',
      'length=4097 is not served: from 1 to 4,096 bytes are.',
      '?offset=3&length=4096',
    ],
    ['offset=-5', 'offset is a whole number of bytes and never negative; "-5" is none.', '?offset=0'],
    ['offset=1.5', 'offset is a whole number of bytes and never negative; "1.5" is none.', '?offset=0'],
    ['length=abc', 'length is a whole number of bytes and never negative; "abc" is none.', '?offset=0'],
    ['length=', 'length is a whole number of bytes and never negative; "" is none.', '?offset=0'],
    ['offset=99999999999999999999', /^offset is a whole number/, '?offset=0'],
    ['offset=1&offset=2', 'offset is given more than once.', '?offset=0'],
    ['line=1', 'A resource takes offset and length, not "line".', '?offset=0'],
  ])('is refused: %s', async (query, message, next) => {
    const { read } = await setUp({ 'a.md': '0123456789' });
    await expect(read(`a.md?${query}`)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
      next: expect.stringContaining(`fairlead://workspace/a.md${next}`) as string,
    });
  });

  it('is refused of a folder, of what is denied, outside or missing, as for the whole', async () => {
    const outside = await makeFolder({ 'secret.txt': 'x' });
    const { read, workspace } = await setUp({ 'docs/a.md': '', '.env': 'secret' });
    await symlink(join(outside, 'secret.txt'), join(workspace, 'link'));
    const refusals = [
      ['docs?offset=0', 'INVALID_ARGUMENT'],
      ['.env?offset=0&length=3', 'PATH_NOT_FOUND'],
      ['nope?offset=0', 'PATH_NOT_FOUND'],
      ['link?offset=0', 'OUTSIDE_WORKSPACE'],
      ['../secret.txt?offset=0', 'OUTSIDE_WORKSPACE'],
    ] as const;
    for (const [path, code] of refusals) await expect(read(path), path).rejects.toMatchObject({ code });
  });

  it('is not looked for in a name that holds a question mark, once that is encoded', async () => {
    const { read } = await setUp({ 'a?offset=1': 'whole', a: 'other' });
    expect(await read('a%3Foffset=1')).toMatchObject({ text: 'whole' });
    expect(await read('a%3Foffset=1?offset=1&length=2')).toMatchObject({ text: 'ho' });
  });
});
