import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../../src/core/content.ts';
import { defineTool, type ToolDefinition } from '../../../src/core/tool.ts';
import { toolCall } from '../../fixtures/file-tools.ts';

const declaration: ToolDefinition<z.ZodObject> = {
  name: 'count_words',
  title: 'Count words',
  description: 'Counts.',
  scopes: ['files:read'],
  effect: 'read',
  input: z.object({ of: z.string().describe('A text.') }),
  run: (_call, { of }) => Promise.resolve({ content: [text(String(String(of).split(' ').length))] }),
};

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
  ])('refuses %s', (_what, changes, problem) => {
    expect(() => defineTool({ ...declaration, ...changes })).toThrow(problem);
  });
});
