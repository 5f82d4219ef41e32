import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineTool } from '../../../src/core/tool.ts';
import type { Prompt } from '../../../src/core/prompt.ts';
import { renderPromptsDoc, renderToolsDoc } from '../../../src/tools/index.ts';

describe('the reference of tools', () => {
  it('tells effect, scopes, parameters with types, bounds and defaults, and the fields of the answer', () => {
    const tool = defineTool({
      name: 'count_words',
      title: 'Count words',
      description: 'Counts the words of a text.',
      scopes: ['files:read'],
      effect: 'read',
      timeoutMs: 5000,
      input: z.object({
        of: z.string().min(1).max(100).describe('A text | or *words*.'),
        unit: z.enum(['word', 'line']).default('word').describe('What to count.'),
        stop: z.array(z.string()).max(5).optional().describe('Words to leave out.'),
        from: z.int().default(1).describe('First word.'),
        top: z.int().min(1).max(9).describe('How many.'),
      }),
      output: z.object({ count: z.number().describe('The result.') }),
      run: () => Promise.resolve({ content: [] }),
    });
    expect(renderToolsDoc([tool])).toBe(
      [
        '## `count_words`',
        '',
        'Counts the words of a text.',
        '',
        '- Effect: read (changes nothing)',
        '- Scopes: `files:read`',
        '- Time limit: 5 s',
        '- Answer: data, as structured content and as JSON text',
        '',
        '| Parameter | Type | Default | Meaning |',
        '| --- | --- | --- | --- |',
        '| `of` | string, 1–100 characters | required | A text \\| or \\*words\\*. |',
        '| `unit` | `word`, `line` | `"word"` | What to count. |',
        '| `stop` | list of string, up to 5 |  | Words to leave out. |',
        '| `from` | integer | `1` | First word. |',
        '| `top` | integer, 1–9 | required | How many. |',
        '',
        '| Field of the answer | Type | Present | Meaning |',
        '| --- | --- | --- | --- |',
        '| `count` | number | always | The result. |',
      ].join('\n'),
    );
  });
});

describe('the reference of prompts', () => {
  it('tells scopes and arguments', () => {
    const prompt: Prompt = {
      name: 'sum_up',
      title: 'Sum up',
      description: 'Sums up a text.',
      scopes: ['files:read'],
      arguments: [
        { name: 'text', description: 'What | to sum up.', required: true },
        { name: 'length', description: 'In words.', required: false },
      ],
      get: () => Promise.resolve([]),
      complete: () => Promise.resolve([]),
    };
    const bare: Prompt = { ...prompt, name: 'greet', scopes: [], arguments: [] };
    expect(renderPromptsDoc([prompt, bare])).toBe(
      [
        '### `sum_up`',
        '',
        'Sums up a text.',
        '',
        '- Scopes: `files:read`',
        '',
        '| Argument | Needed | Meaning |',
        '| --- | --- | --- |',
        '| `text` | required | What \\| to sum up. |',
        '| `length` |  | In words. |',
        '',
        '### `greet`',
        '',
        'Sums up a text.',
        '',
        '- Scopes: any valid token',
        '',
        'No arguments.',
      ].join('\n'),
    );
  });
});
