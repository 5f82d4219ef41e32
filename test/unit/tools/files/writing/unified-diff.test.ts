import { createTwoFilesPatch } from 'diff';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OutputBudget } from '../../../../../src/core/budget.ts';
import { unifiedDiff } from '../../../../../src/tools/files/writing/unified-diff.ts';

it('is the diff of the whole texts, though only what differs is looked at', async () => {
  const line = fc.constantFrom('a\n', 'b\n', '\n', 'c d\n');
  const texts = fc.tuple(fc.array(line, { maxLength: 30 }), fc.constantFrom('', 'z'));
  await fc.assert(
    fc.asyncProperty(
      texts,
      fc.nat(30),
      fc.nat(3),
      fc.constantFrom('', 'new\n', 'x\ny\n'),
      async ([lines, end], at, gone, put) => {
        const before = lines.join('') + end;
        const after = [...lines.slice(0, at), put, ...lines.slice(at + gone)].join('') + end;
        const said = await unifiedDiff({ path: '/x', before, after }, new OutputBudget(), 1000);
        const hunks = (said ?? '').split('\n').slice(2).join('\n');
        // Equal lines leave a choice of which one went: what the diff makes of the old text has to be the new one.
        const { applyPatch } = await import('diff');
        expect(before === after ? after : applyPatch(before, `--- x\n+++ x\n${hunks}`)).toBe(after);
        const whole = createTwoFilesPatch('x', 'x', before, after, '', '', { context: 3 });
        const size = (text: string): number =>
          text.split('\n').filter((one) => /^[-+](?![-+]{2})/.test(one)).length;
        expect(size(hunks)).toBe(size(whole));
      },
    ),
    { numRuns: 300 },
  );
});
