import { expect, it } from 'vitest';
import { nearest } from '../../../src/config/nearest.ts';

it.each([
  ['prot', 'port'],
  ['FAIRLEAD_WORKSPASE', 'FAIRLEAD_WORKSPACE'],
  ['Host', 'host'],
])('takes %s for %s', (name, meant) => {
  expect(nearest(name, ['port', 'host', 'FAIRLEAD_WORKSPACE', 'FAIRLEAD_STORE'])).toBe(meant);
});

it('takes what is like nothing for nothing', () => {
  expect(nearest('colour', ['port', 'host'])).toBeUndefined();
  expect(nearest('x', [])).toBeUndefined();
});
