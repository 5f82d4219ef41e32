import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_SCOPES, ScopeSet } from '../../../src/core/scopes.ts';

const sets = fc.subarray([...ALL_SCOPES]).map((scopes) => ScopeSet.of(scopes));

describe('what two sets of scopes have in common', () => {
  it('is what both grant, directly or by a wider scope', () => {
    fc.assert(
      fc.property(sets, sets, (one, other) => {
        const both = one.both(other);
        for (const scope of ALL_SCOPES) expect(both.has(scope)).toBe(one.has(scope) && other.has(scope));
      }),
    );
  });

  it('is the set itself where the other grants at least as much', () => {
    fc.assert(
      fc.property(sets, sets, (one, other) => {
        const wider = ScopeSet.of([...one.granted, ...other.granted]);
        expect(one.both(wider)).toBe(one);
      }),
    );
  });

  it.each([
    ['files:write', 'files:read', 'files:read'],
    ['files:write', 'files:read files:write', 'files:write'],
    ['files:write', 'files:delete', 'files:read'],
    ['files:read files:write', 'files:write', 'files:read files:write'],
    ['files:write', 'data:read', ''],
    ['data:write files:read', 'data:read', 'data:read'],
  ])('of %s and %s is %j', (one, other, common) => {
    expect(ScopeSet.parse(one).both(ScopeSet.parse(other)).toString()).toBe(common);
  });
});
