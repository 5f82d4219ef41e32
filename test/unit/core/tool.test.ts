import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../../src/core/content.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { defineTool, type ToolDefinition } from '../../../src/core/tool.ts';
import { toolCall } from '../../fixtures/file-tools.ts';
import { cites } from '../../requirements.ts';

const declaration: ToolDefinition<z.ZodObject> = {
  name: 'count_words',
  title: 'Count words',
  description: 'Counts.',
  scopes: ['files:read'],
  effect: 'read',
  input: z.object({ of: z.string().describe('A text.') }),
  run: (_call, { of }) => Promise.resolve({ content: [text(String(String(of).split(' ').length))] }),
};

const counting = defineTool({
  ...declaration,
  output: z.object({ words: z.int().describe('How many.') }),
  run: (_call, { of }) =>
    Promise.resolve({
      content: [],
      ...(of === 'nothing' ? {} : { structuredContent: JSON.parse(String(of)) as object as JsonObject }),
    }),
});

describe('what a tool answers', () => {
  it('reaches the caller where it fits the declared schema', async () => {
    const result = await counting.bind({ of: '{"words":2}' })(toolCall());
    expect(result.structuredContent).toEqual({ words: 2 });
  });

  it('reaches the caller without fields that the schema does not allow', async () => {
    expect(counting.outputSchema).toMatchObject({ additionalProperties: false });
    const result = await counting.bind({ of: '{"words":2,"letters":9}' })(toolCall());
    expect(result.structuredContent).toEqual({ words: 2 });
  });

  it.each(['{"words":"a secret"}', '{"words":1.5}', '{}', 'nothing'])(
    'is a fault of the tool where it does not fit (%s), told without what it holds',
    async (of) => {
      const failure = await counting
        .bind({ of })(toolCall())
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(Error);
      expect(failure).not.toBeInstanceOf(AppError);
      expect((failure as Error).message).toMatch(/^Tool "count_words" answered what its output schema/);
      expect((failure as Error).message).not.toContain('secret');
    },
  );
});

describe('declaring a tool', () => {
  it('derives all annotation hints from the effect', () => {
    const hints = (changes: Partial<ToolDefinition<z.ZodObject>>) =>
      defineTool({ ...declaration, ...changes }).annotations;
    expect(hints({})).toEqual({
      title: 'Count words',
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    });
    expect(hints({ effect: 'destroy', openWorld: true })).toMatchObject({
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: true,
    });
    expect(hints({ effect: 'write', idempotent: true })).toMatchObject({ idempotentHint: true });
  });

  it('publishes a closed schema of the parameters', () => {
    expect(defineTool(declaration).inputSchema).toMatchObject({
      type: 'object',
      required: ['of'],
      additionalProperties: false,
    });
  });

  it('binds arguments before it runs', async () => {
    const tool = defineTool(declaration);
    expect(() => tool.bind({})).toThrow('"of" is required');
    await expect(tool.bind({ of: 'one two' })(toolCall())).resolves.toEqual({ content: [text('2')] });
  });

  it.each([
    ['a name that is not snake_case', { name: 'countWords' }, /snake_case/],
    ['a parameter without a description', { input: z.object({ of: z.string() }) }, /"of" has no description/],
    [
      'a union',
      { input: z.object({ of: z.union([z.string(), z.number()]).describe('A text.') }) },
      /holds a union/,
    ],
    [
      'an answer field without a description',
      { output: z.object({ words: z.number() }) },
      /"words" has no description/,
    ],
    ['a header of no parameter', { paramHeaders: { from: 'From' } }, /"from" belongs to no parameter/],
    ['a header that is no token', { paramHeaders: { of: 'My Header' } }, /"of" is no header name/],
    ['a header without a name', { paramHeaders: { of: '' } }, /"of" is no header name/],
    ['a header with a line break', { paramHeaders: { of: 'A\r\nB' } }, /"of" is no header name/],
    ['a header with a letter outside ASCII', { paramHeaders: { of: 'Région' } }, /"of" is no header name/],
    [
      'a header that is a number',
      { input: z.object({ of: z.number().describe('A number.') }), paramHeaders: { of: 'Of' } },
      /"of" needs a text, an integer or a boolean/,
    ],
    [
      'a header that is a list',
      { input: z.object({ of: z.array(z.string()).describe('Texts.') }), paramHeaders: { of: 'Of' } },
      /"of" needs a text, an integer or a boolean/,
    ],
    [
      'one header for two parameters, whatever their case',
      {
        input: z.object({ of: z.string().describe('A text.'), to: z.string().describe('A text.') }),
        paramHeaders: { of: 'Region', to: 'REGION' },
      },
      /"to" is that of another one/,
    ],
  ])(
    cites(
      [
        '2026-07-28/streamable-http/param-not-empty',
        '2026-07-28/streamable-http/param-token',
        '2026-07-28/streamable-http/param-no-control',
        '2026-07-28/streamable-http/param-unique',
        '2026-07-28/streamable-http/param-primitive',
        '2026-07-28/streamable-http/param-no-composition',
      ],
      'refuses %s',
    ),
    (_what, changes, problem) => {
      expect(() => defineTool({ ...declaration, ...changes })).toThrow(problem);
    },
  );
});
