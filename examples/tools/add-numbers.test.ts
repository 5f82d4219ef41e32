import { callTool } from 'fairlead/testing';
import { describe, expect, it } from 'vitest';
import addNumbers from './add-numbers.ts';

describe('add_numbers', () => {
  it.each([
    [[19.9, 5, -3], 21.9],
    [Array.from({ length: 10 }, () => 0.1), 1],
    [[1e16, 1, -1e16], 1],
  ])('adds %j', async (numbers, sum) => {
    const { structuredContent } = await callTool(addNumbers, { numbers });
    expect(structuredContent).toEqual({ sum, count: numbers.length });
  });

  it('takes what models send: another name, a list as text, numbers in quotes', async () => {
    const { content } = await callTool(addNumbers, { values: '["1", 2]' });
    expect(content).toEqual([{ type: 'text', text: '{"sum":3,"count":2}' }]);
  });

  it('says what is wrong with an argument', async () => {
    await expect(callTool(addNumbers, { numbers: [] })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
