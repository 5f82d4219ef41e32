import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineFile } from '../../../../../src/tools/files/reading/line-file.ts';
import { LineIndex } from '../../../../../src/tools/files/reading/line-index.ts';
import type { NewlineKind } from '../../../../../src/tools/files/reading/newlines.ts';
import { makeFolder } from '../../../../fixtures/file-tools.ts';

const signal = new AbortController().signal;

async function openLines(content: Buffer, newline: NewlineKind = 'byte', start = 0) {
  const path = join(await makeFolder(), 'file');
  await writeFile(path, content);
  const handle = await open(path);
  const index = new LineIndex();
  const file = new LineFile({ handle, size: content.length, start, newline, index, signal });
  return { file, index, handle };
}

/** Lines with their ends, as a text editor counts them. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

const text = fc
  .array(fc.tuple(fc.constantFrom('', 'a', 'bcd', 'é輪'), fc.constantFrom('\n', '\n', '')), { maxLength: 40 })
  .map((parts) => parts.flat().join(''));

describe('a file as lines', () => {
  it('finds every line at its offset, from either end', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (content) => {
        const bytes = Buffer.from(content);
        const { file, index, handle } = await openLines(bytes);
        const lines = linesOf(content);
        let offset = 0;
        for (const [at, line] of lines.entries()) {
          expect(await file.offsetOf(at + 1)).toBe(offset);
          expect(await file.offsetFromEnd(lines.length - at)).toEqual({ offset, count: lines.length - at });
          offset += Buffer.byteLength(line);
        }
        if (bytes.length > 0) {
          expect(await file.offsetOf(lines.length + 1)).toBeUndefined();
          expect(index.total).toBe(lines.length);
        }
        expect(await file.offsetFromEnd(lines.length + 5)).toEqual({ offset: 0, count: lines.length });
        await handle.close();
      }),
      { numRuns: 40 },
    );
  });

  it('takes whole lines up to either bound', async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 2, max: 60 }),
        async (content, maxLines, maxBytes) => {
          const { file, handle } = await openLines(Buffer.from(content));
          const taken = await file.take(0, maxLines, maxBytes);
          const lines = linesOf(content);
          expect(taken.count).toBeLessThanOrEqual(maxLines);
          if (!taken.isCut) expect(taken.bytes.toString()).toBe(lines.slice(0, taken.count).join(''));
          else expect(Buffer.byteLength(lines[0] ?? '')).toBeGreaterThan(taken.bytes.length);
          await handle.close();
        },
      ),
      { numRuns: 100 },
    );
  });

  it('finds lines across the borders of its chunks', async () => {
    const lines = Array.from(
      { length: 60_000 },
      (_, index) => `line ${index + 1} ${'x'.repeat(index % 50)}\n`,
    );
    const { file, index, handle } = await openLines(Buffer.from(lines.join('')));
    for (const wanted of [59_999, 1, 30_000, 8191, 60_000, 45_678]) {
      const offset = await file.offsetOf(wanted);
      const { bytes } = await file.take(offset ?? -1, 1, 4096);
      expect(bytes.toString()).toBe(lines[wanted - 1]);
      expect((await file.offsetFromEnd(60_000 - wanted + 1)).offset).toBe(offset);
    }
    expect(await file.offsetOf(60_001)).toBeUndefined();
    expect(index.total).toBe(60_000);
    expect(await file.linesFrom(0)).toBe(60_000);
    await handle.close();
  });

  it.each([
    ['utf-16le', (value: string) => Buffer.from(value, 'utf16le')],
    ['utf-16be', (value: string) => Buffer.from(value, 'utf16le').swap16()],
  ] as const)('finds lines of %s behind a mark, where bytes look like newlines', async (newline, encode) => {
    // U+0A0A and U+010A hold the byte 0x0A.
    const bytes = encode('\ufeffਊĊ\nsecond\n\nlast');
    const { file, handle } = await openLines(bytes, newline, 2);
    const second = await file.offsetOf(2);
    expect(second).toBe(8);
    expect(await file.offsetFromEnd(3)).toEqual({ offset: 8, count: 3 });
    expect((await file.take(8, 1, 1000)).bytes).toEqual(encode('second\n'));
    expect(await file.linesFrom(2)).toBe(4);
    await handle.close();
  });

  it('ends with the call', async () => {
    const path = join(await makeFolder(), 'file');
    await writeFile(path, 'a\n'.repeat(1000));
    const handle = await open(path);
    const aborted = AbortSignal.abort(new Error('cancelled'));
    const parts = {
      handle,
      size: 2000,
      start: 0,
      newline: 'byte',
      index: new LineIndex(),
      signal: aborted,
    } as const;
    await expect(new LineFile(parts).offsetOf(500)).rejects.toThrow('cancelled');
    await handle.close();
  });
});

describe('the index of lines', () => {
  it('answers the nearest line that it knows, in whatever order it learned', () => {
    const index = new LineIndex();
    for (const line of [50, 10, 90, 50, 30]) index.note(line, line * 100);
    expect(index.nearest(9)).toBeUndefined();
    expect(index.nearest(10)).toEqual({ line: 10, offset: 1000 });
    expect(index.nearest(89)).toEqual({ line: 50, offset: 5000 });
    expect(index.nearest(1000)).toEqual({ line: 90, offset: 9000 });
  });
});
