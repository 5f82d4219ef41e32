import { describe, expect, it } from 'vitest';
import { callText, counted, fileSize, grouped } from '../../../src/core/phrases.ts';

describe('numbers in sentences', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9949, '9.9 kB'],
    [9950, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [73_400_000, '73 MB'],
    [1.07e9, '1.1 GB'],
    [5e15, '5000 TB'],
  ])('shows %i bytes as %s', (bytes, expected) => {
    expect(fileSize(bytes)).toBe(expected);
  });

  it('groups digits by three', () => {
    expect([0, 999, 1000, 10_330_001].map((value) => grouped(value))).toEqual([
      '0',
      '999',
      '1,000',
      '10,330,001',
    ]);
  });

  it('agrees in number', () => {
    expect(counted(1, 'entry', 'entries')).toBe('1 entry');
    expect(counted(2000, 'file')).toBe('2,000 files');
  });
});

describe('a call as text', () => {
  it('leaves out what is not set', () => {
    expect(callText('list_files', { path: '/a', glob: undefined })).toBe('list_files {"path":"/a"}');
  });
});
