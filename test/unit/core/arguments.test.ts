import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ArgumentParser, editDistance, nearestName } from '../../../src/core/arguments.ts';
import { AppError } from '../../../src/core/errors.ts';

const parser = new ArgumentParser(
  'read_file',
  z.object({
    path: z.string(),
    start_line: z.int().default(1),
    tags: z.array(z.string()).max(3).default([]),
    sizes: z.array(z.int()).optional(),
    recursive: z.boolean().default(false),
    mode: z.enum(['matches', 'files']).default('matches'),
    edit: z.object({ text: z.string() }).optional(),
    edits: z
      .array(z.strictObject({ old_text: z.string(), replace_all: z.boolean().default(false) }))
      .optional(),
  }),
  { q: 'path', was: 'old_text' },
);

function refusal(raw: unknown): AppError {
  try {
    parser.parse(raw);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('The arguments were accepted');
}

describe('lenient parsing', () => {
  it('fills in the defaults', () => {
    expect(parser.parse({ path: '/a' })).toEqual({
      path: '/a',
      start_line: 1,
      tags: [],
      recursive: false,
      mode: 'matches',
    });
  });

  it.each([
    ['what clients add for themselves', { path: '/a', _meta: { x: 1 }, _progress: 1 }, { path: '/a' }],
    ['null for an optional parameter', { path: '/a', start_line: null }, { start_line: 1 }],
    ['a common alias', { file_path: '/a' }, { path: '/a' }],
    ['an alias of the tool', { q: '/a' }, { path: '/a' }],
    ['the meant name before its alias', { file: '/b', path: '/a' }, { path: '/a' }],
    ['a number as text', { path: '/a', start_line: ' -5 ' }, { start_line: -5 }],
    ['a number where text is due', { path: 5 }, { path: '5' }],
    ['true as text', { path: '/a', recursive: 'True' }, { recursive: true }],
    ['one element where a list is due', { path: '/a', tags: 'x' }, { tags: ['x'] }],
    ['a list of one where no list is due', { path: ['/a'] }, { path: '/a' }],
    ['a list as JSON text', { path: '/a', tags: '["x","y"]' }, { tags: ['x', 'y'] }],
    ['the elements of a list', { path: '/a', sizes: ['1', 2] }, { sizes: [1, 2] }],
    ['an object as JSON text', { path: '/a', edit: '{"text":"t"}' }, { edit: { text: 't' } }],
    [
      'aliases, texts and what clients add in the objects of a list',
      {
        path: '/a',
        edits: [
          { old_string: 'x', replace_all: 'true', _id: 1 },
          { was: 'y', replace_all: null },
        ],
      },
      {
        edits: [
          { old_text: 'x', replace_all: true },
          { old_text: 'y', replace_all: false },
        ],
      },
    ],
    [
      'a list of objects as JSON text, each of which may be one itself',
      { path: '/a', edits: '[{"old_string":"x"},"{\\"old_text\\":\\"y\\"}"]' },
      { edits: [{ old_text: 'x' }, { old_text: 'y' }] },
    ],
    [
      'one object where a list is due',
      { path: '/a', edits: { old_text: 'x' } },
      { edits: [{ old_text: 'x' }] },
    ],
    [
      'the parameters of one object beside the others',
      { file: '/a', old_string: 'x', replace_all: 'true', _id: 1 },
      { path: '/a', edits: [{ old_text: 'x', replace_all: true }] },
    ],
    ['a choice in capitals', { path: '/a', mode: 'FILES' }, { mode: 'files' }],
    ['all arguments as one JSON text', '{"path":"/a"}', { path: '/a' }],
  ])('understands %s', (_what, raw, expected) => {
    expect(parser.parse(raw)).toMatchObject(expected);
  });

  it('leaves a text alone that only looks like a list', () => {
    expect(parser.parse({ path: '/a', tags: '[draft] notes' })).toMatchObject({ tags: ['[draft] notes'] });
  });
});

describe('strict meaning', () => {
  it('names the nearest valid key for one that it does not know', () => {
    expect(refusal({ path: '/a', start_lines: 4 }).message).toBe(
      'read_file: unknown parameter "start_lines", did you mean "start_line"?',
    );
  });

  it('names the nearest parameter of an object in a list', () => {
    expect(
      refusal({ path: '/a', edits: [{ old_text: 'x' }, { old_text: 'y', replace_al: 1 }] }).message,
    ).toBe('read_file: unknown parameter "replace_al" in "edits.1", did you mean "replace_all"?');
  });

  it('takes no parameters of an object beside a list of them', () => {
    expect(refusal({ path: '/a', edits: [{ old_text: 'x' }], old_text: 'y' }).message).toMatch(
      /^read_file: unknown parameter "old_text"/,
    );
  });

  it('says which parameter is missing, and how to call', () => {
    const error = refusal({});
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toBe('read_file: "path" is required.');
    expect(error.next).toBe(
      'call read_file again with path, start_line (optional), tags (optional), sizes (optional), recursive (optional), mode (optional), edit (optional), edits (optional)',
    );
  });

  it('reports all problems at once', () => {
    const { message } = refusal({ start_line: 1.5, mode: 'lines', tags: ['a', 'b', 'c', 'd'] });
    expect(message).toContain('"path" is required');
    expect(message).toContain('"start_line"');
    expect(message).toContain('"matches"|"files"');
    expect(message).toContain('"tags"');
  });

  it.each([['a list'], [['path']], [42], [true]])('refuses %j in place of an object', (raw) => {
    expect(refusal(raw).code).toBe('INVALID_ARGUMENT');
  });

  it('does not repeat unknown keys at any length or number', () => {
    const keys = Array.from({ length: 1000 }, (_, index) => [`${'k'.repeat(1000)}${index}`, 1]);
    expect(refusal({ path: '/a', ...Object.fromEntries(keys) }).message.length).toBeLessThan(1000);
  });

  it.each(['constructor', 'toString', 'hasOwnProperty'])(
    'treats the inherited name %s as unknown',
    (name) => {
      expect(refusal({ path: '/a', [name]: 1 }).message).toContain(`unknown parameter "${name}"`);
    },
  );

  it('answers every input with values or with INVALID_ARGUMENT', () => {
    fc.assert(
      fc.property(fc.anything(), (raw) => {
        try {
          expect(parser.parse(raw).path).toBeTypeOf('string');
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
        }
      }),
    );
  });
});

describe('a parameter that is taken as written', () => {
  const exact = new ArgumentParser(
    'run_query',
    z.object({ path: z.string().optional(), limit: z.int().optional(), dry: z.boolean().optional() }),
    { where: 'path' },
    ['path', 'limit'],
  );

  it('takes what fits', () => {
    expect(exact.parse({ path: '/a', limit: 5, dry: 'true' })).toEqual({ path: '/a', limit: 5, dry: true });
  });

  it.each([{ limit: '5' }, { limit: [5] }, { path: 5 }, { where: '/a' }, { file_path: '/a' }])(
    'has no other spelling: %j is refused',
    (raw) => {
      expect(() => exact.parse(raw)).toThrow(AppError);
    },
  );
});

describe('the distance between names', () => {
  it('counts insertions, deletions and replacements', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', 'abc')).toBe(3);
  });

  it('is symmetric, and zero for equal names only', () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });

  it('offers no name that has next to nothing in common', () => {
    expect(nearestName('zzzzzzzz', ['path', 'glob'])).toBeUndefined();
  });
});
