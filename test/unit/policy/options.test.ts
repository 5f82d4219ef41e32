import { describe, expect, it } from 'vitest';
import { policyOptions } from '../../../src/policy/options.ts';

function problemsOf(rules: unknown): string[] {
  const parsed = policyOptions.safeParse({ rules });
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
}

describe('the rules of a policy', () => {
  it('are none by default', () => {
    expect(policyOptions.parse({})).toEqual({ rules: [] });
  });

  it.each([
    [
      'two rules of one name',
      [{ name: 'a', groups: ['x'] }, { name: 'a' }],
      ['rules.1.name: is the name of an earlier rule'],
    ],
    [
      'a rule after one without conditions',
      [{ name: 'all' }, { name: 'late', groups: ['x'] }],
      ['rules.1.name: is never reached: whomever it fits, "all" before it decides'],
    ],
    [
      'a rule after one for every application',
      [
        { name: 'all', clients: ['*'] },
        { name: 'late', clients: ['agent'] },
      ],
      ['rules.1.name: is never reached: whomever it fits, "all" before it decides'],
    ],
    [
      'a rule whose people an earlier one has',
      [
        { name: 'first', subjects: ['a', 'b'] },
        { name: 'late', subjects: ['b'], groups: ['x'] },
      ],
      ['rules.1.name: is never reached: whomever it fits, "first" before it decides'],
    ],
    [
      'an unknown scope',
      [{ name: 'a', scopes: ['files:all'] }],
      [expect.stringContaining('rules.0.scopes.0')],
    ],
    ['an unknown member', [{ name: 'a', role: 'x' }], [expect.stringContaining('rules.0')]],
    [
      'a condition that nobody meets',
      [{ name: 'a', groups: [] }],
      [expect.stringContaining('rules.0.groups')],
    ],
    [
      'what is no name of a tool',
      [{ name: 'a', tools: ['Write File'] }],
      [expect.stringContaining('rules.0.tools.0')],
    ],
    [
      'a limit of nothing',
      [{ name: 'a', limits: { callsPerMinute: 0 } }],
      [expect.stringContaining('callsPerMinute')],
    ],
  ])('are refused for %s', (_what, rules, problems) => {
    expect(problemsOf(rules)).toEqual(problems);
  });

  it('may overlap, and may grant nothing', () => {
    expect(
      problemsOf([
        { name: 'blocked', groups: ['blocked'], scopes: [], tools: [], workspaces: [] },
        { name: 'one', groups: ['x'], clients: ['agent'] },
        { name: 'two', groups: ['x'] },
        { name: 'three', clients: ['agent'] },
        { name: 'rest' },
      ]),
    ).toEqual([]);
  });
});
