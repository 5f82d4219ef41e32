import { describe, expect, it } from 'vitest';
import { isAfter, takeTurn } from '../../../../src/mcp/sessions/turn.ts';

describe('turns', () => {
  it('are in the order in which they were taken, however fast they come', () => {
    const turns = Array.from({ length: 1000 }, takeTurn);
    for (const [index, turn] of turns.entries()) {
      const next = turns[index + 1];
      if (next === undefined) continue;
      expect(isAfter(next, turn)).toBe(true);
      expect(isAfter(turn, next)).toBe(false);
    }
  });
});
