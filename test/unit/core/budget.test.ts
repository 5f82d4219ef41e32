import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateTokens, MAX_OUTPUT_TOKENS, OutputBudget } from '../../../src/core/budget.ts';

describe('the estimate of tokens', () => {
  it('counts dense kinds of text higher than prose', () => {
    const text = 'a'.repeat(840);
    const [csv, json, code, prose] = (['csv', 'json', 'code', 'prose'] as const).map((kind) =>
      estimateTokens(text, kind),
    );
    expect([csv, json, code, prose]).toEqual([400, 350, 280, 210]);
  });

  it('counts scripts without spaces by their own measure, whatever the kind', () => {
    const text = '錨地に船を導く輪'.repeat(17);
    expect(estimateTokens(text, 'prose')).toBe(80);
    expect(estimateTokens(text, 'csv')).toBe(80);
  });

  it('counts a character outside of the basic plane once', () => {
    expect(estimateTokens('\u{20000}'.repeat(17), 'prose')).toBe(10);
  });
});

describe('the output budget', () => {
  it('never holds more than the hard cap', () => {
    expect(new OutputBudget(1_000_000).total).toBe(MAX_OUTPUT_TOKENS);
  });

  it('takes a text whole or not at all', () => {
    const budget = new OutputBudget(10);
    expect(budget.take('a'.repeat(44), 'prose')).toBe(false);
    expect(budget.left).toBe(10);
    expect(budget.take('a'.repeat(40), 'prose')).toBe(true);
    expect(budget.left).toBe(0);
  });

  it('keeps what is reserved', () => {
    const budget = new OutputBudget(100);
    expect(budget.take('a'.repeat(204), 'prose', 50)).toBe(false);
    expect(budget.take('a'.repeat(200), 'prose', 50)).toBe(true);
    expect(budget.take('a', 'prose', 50)).toBe(false);
    expect(budget.take('a', 'prose')).toBe(true);
  });

  it('costs the same for a text taken line by line as for the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 30 }), { maxLength: 50 }), (lines) => {
        const [whole, piecewise] = [new OutputBudget(5000), new OutputBudget(5000)];
        whole.take(lines.join(''), 'code');
        for (const line of lines) piecewise.take(line, 'code');
        expect(Math.abs(whole.left - piecewise.left)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
