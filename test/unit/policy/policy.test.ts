import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Identity } from '../../../src/core/principal.ts';
import { ALL_SCOPES, type Scope, ScopeSet } from '../../../src/core/scopes.ts';
import { createPolicy, type Offer, type Policy } from '../../../src/policy/index.ts';
import { policyOptions } from '../../../src/policy/options.ts';

const LOOK = { name: 'look_up', effect: 'read', scopes: ['files:read'] } as const;
const WRITE = { name: 'write_file', effect: 'write', scopes: ['files:write'] } as const;
const DELETE = { name: 'delete_file', effect: 'destroy', scopes: ['files:delete'] } as const;
const EXPORT = { name: 'export_data', effect: 'write', scopes: ['data:read', 'files:write'] } as const;
const OFFER: Offer = {
  tools: [LOOK, WRITE, DELETE, EXPORT],
  resources: [{ scopes: ['files:read'], shows: ['look_up'] }],
  places: { workspaces: ['workspace'], sources: ['files'], jobs: [], apis: [] },
};

function policyOf(rules: readonly object[], offer = OFFER): Policy {
  return createPolicy(policyOptions.parse({ rules }), offer);
}

function identity(changes: Partial<Identity> = {}): Identity {
  return {
    subject: 'id-of-ada',
    clientId: 'agent',
    scopes: ScopeSet.of(ALL_SCOPES),
    groups: [],
    email: undefined,
    authority: 'grant',
    expiresAt: 1,
    ...changes,
  };
}

function ruleFor(policy: Policy, changes: Partial<Identity>): string | undefined {
  return policy.admit(identity(changes)).permit.rule;
}

describe('which rule decides', () => {
  it('is the first whose conditions all hold', () => {
    const policy = policyOf([
      { name: 'both', groups: ['a'], clients: ['agent'] },
      { name: 'group', groups: ['a', 'b'] },
      { name: 'client', clients: ['agent', 'other'] },
      { name: 'rest' },
    ]);
    expect(ruleFor(policy, { groups: ['x', 'a'] })).toBe('both');
    expect(ruleFor(policy, { groups: ['a'], clientId: 'other' })).toBe('group');
    expect(ruleFor(policy, { groups: ['b'] })).toBe('group');
    expect(ruleFor(policy, { clientId: 'other' })).toBe('client');
    expect(ruleFor(policy, { clientId: 'third' })).toBe('rest');
  });

  it('finds people by their id as it stands, and by their address in whatever case', () => {
    const policy = policyOf([{ name: 'ada', subjects: ['id-of-ada', 'Ada@Example.com'] }]);
    expect(ruleFor(policy, {})).toBe('ada');
    expect(ruleFor(policy, { subject: 'ID-of-ada' })).toBeUndefined();
    expect(ruleFor(policy, { subject: 'other', email: 'aDA@example.com ' })).toBe('ada');
    expect(ruleFor(policy, { subject: 'other', email: 'ada@example.org' })).toBeUndefined();
    // An address is not an id that somebody else's address could be taken for.
    expect(ruleFor(policy, { subject: 'other', email: 'id-of-ada' })).toBeUndefined();
  });

  it.each([
    ['*', 'whatever/it?is', true],
    ['agent', 'agent', true],
    ['agent', 'Agent', false],
    ['agent-*', 'agent-7', true],
    ['agent-*', 'my-agent-7', false],
    ['https://claude.ai/*', 'https://claude.ai/client.json', true],
    ['https://claude.ai/*', 'https://claude.ai/a/client.json', false],
    ['https://*.example.com/client', 'https://a.example.com/client', true],
    ['https://*.example.com/client', 'https://evil.test/.example.com/client', false],
    ['https://*.example.com/client', 'https://evil.test?.example.com/client', false],
    ['https://*.example.com/client', 'https://evil.test#.example.com/client', false],
    ['https://*.example.com/client', 'https://x@.example.com/client', false],
    ['https://*.example.com/client', 'https://evil.test:1.example.com/client', false],
    ['https://*.example.com/client', 'https://evil.test\\.example.com/client', false],
    ['a.c', 'abc', false],
  ])('takes the pattern %s for the application %s: %s', (pattern, clientId, expected) => {
    const policy = policyOf([{ name: 'rule', clients: [pattern] }]);
    expect(ruleFor(policy, { clientId })).toBe(expected ? 'rule' : undefined);
  });

  it('is found in time for a long id that almost fits a pattern of many parts', () => {
    const policy = policyOf([{ name: 'rule', clients: ['*a*a*a*a*a*a*a*a*b'] }]);
    expect(ruleFor(policy, { clientId: 'a'.repeat(20_000) })).toBeUndefined();
  });

  it('finds the same permit object for everybody whom the same rule fits', () => {
    const policy = policyOf([{ name: 'rule', clients: ['*'] }]);
    const [one, other] = ['a', 'b'].map((clientId) => policy.admit(identity({ clientId })));
    expect(one?.permit).toBe(other?.permit);
    expect(Object.isFrozen(one?.permit)).toBe(true);
  });
});

describe('what a principal may do', () => {
  it('is told from every other by its content, in every process', () => {
    const id = (rules: readonly object[]): string => policyOf(rules).admit(identity()).permit.id;
    const rule = { name: 'all', tools: ['look_up'] };
    expect(id([{ tools: ['look_up'], name: 'all' }])).toBe(id([rule]));
    const others = [[{ name: 'all' }], [{ ...rule, scopes: [] }], [{ ...rule, name: 'a' }], []];
    const fitless = [{ name: 'all', subjects: ['nobody'] }];
    expect(new Set([[rule], ...others, fitless].map(id)).size).toBe(6);
  });

  it('is what its scopes say where there is no rule, but nothing that destroys', () => {
    const { scopes, permit } = policyOf([]).admit(identity());
    expect(scopes).toBe(ScopeSet.of(ALL_SCOPES));
    expect([LOOK, WRITE, DELETE].map((tool) => permit.allowsTool(tool))).toEqual([true, true, false]);
    expect(permit.allowsWorkspace('workspace')).toBe(true);
  });

  it('is nothing where there are rules and none fits', () => {
    const { scopes, permit } = policyOf([{ name: 'others', groups: ['x'] }]).admit(identity());
    expect(scopes.granted).toEqual([]);
    expect(permit.isEmpty).toBe(true);
    expect([LOOK, WRITE, DELETE].some((tool) => permit.allowsTool(tool))).toBe(false);
    expect(permit.allowsWorkspace('workspace')).toBe(false);
  });

  it.each([
    ['a rule without clients', { name: 'rule' }, false],
    ['a rule without clients that names the tool', { name: 'rule', tools: ['delete_file'] }, false],
    ['a rule that names the client', { name: 'rule', clients: ['agent'] }, true],
    ['a rule for every client, said so', { name: 'rule', clients: ['*'] }, true],
    [
      'a rule that names the client and other tools',
      { name: 'rule', clients: ['*'], tools: ['look_*'] },
      false,
    ],
  ])('destroys under %s: %#', (_what, rule, expected) => {
    expect(policyOf([rule]).admit(identity()).permit.allowsTool(DELETE)).toBe(expected);
  });

  it('never holds more than its token, nor more than its rule', () => {
    const subsets = fc.subarray([...ALL_SCOPES]);
    fc.assert(
      fc.property(subsets, fc.option(subsets, { nil: undefined }), (held, allowed) => {
        const rule = { name: 'rule', ...(allowed === undefined ? {} : { scopes: allowed }) };
        const token = ScopeSet.of(held);
        const { scopes } = policyOf([rule]).admit(identity({ scopes: token }));
        const most = ScopeSet.of(allowed ?? ALL_SCOPES);
        for (const scope of ALL_SCOPES) expect(scopes.has(scope)).toBe(token.has(scope) && most.has(scope));
      }),
    );
  });

  it('reaches the workspaces that its rule names', () => {
    const { permit } = policyOf([{ name: 'rule', workspaces: ['shared'] }]).admit(identity());
    expect(permit.allowsWorkspace('shared')).toBe(true);
    expect(permit.allowsWorkspace('workspace')).toBe(false);
  });
});

describe('what may be granted', () => {
  const grantable = (rules: readonly object[], changes: Partial<Identity> = {}): readonly Scope[] =>
    policyOf(rules).issuance.grantable(identity(changes), ALL_SCOPES);

  it('is every scope that something can be done with', () => {
    expect(grantable([{ name: 'rule', clients: ['*'] }])).toEqual([
      'files:read',
      'files:write',
      'files:delete',
      'data:read',
    ]);
  });

  it('leaves out scopes that would serve nothing under the rule', () => {
    expect(grantable([])).not.toContain('files:delete');
    expect(grantable([{ name: 'rule', tools: ['look_up'] }])).toEqual(['files:read']);
    // The one tool that needs data:read needs another scope as well.
    expect(grantable([{ name: 'rule', scopes: ['data:read', 'files:read'] }])).toEqual(['files:read']);
    expect(grantable([{ name: 'rule', tools: [] }])).toEqual([]);
    expect(grantable([{ name: 'other', groups: ['x'] }])).toEqual([]);
  });

  it('never serves nothing, and never lacks what an allowed tool needs', () => {
    const rules = fc.record(
      {
        scopes: fc.subarray([...ALL_SCOPES]),
        tools: fc.subarray(['look_up', 'write_file', 'delete_file', 'export_data']),
        clients: fc.constant(['*']),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(rules, (rule) => {
        const policy = policyOf([{ name: 'rule', ...rule }]);
        const granted = policy.issuance.grantable(identity(), ALL_SCOPES);
        const { scopes, permit } = policy.admit(identity({ scopes: ScopeSet.of(granted) }));
        const usable = OFFER.tools.filter((tool) => permit.allowsTool(tool) && scopes.hasAll(tool.scopes));
        const best = OFFER.tools.filter(
          (tool) =>
            permit.allowsTool(tool) && tool.scopes.every((scope) => permit.scopes?.has(scope) ?? true),
        );
        expect(usable).toEqual(best);
        for (const scope of granted) {
          expect(best.some((tool) => tool.scopes.includes(scope))).toBe(true);
        }
      }),
    );
  });

  it('is told which groups and addresses matter, and no others', () => {
    const { issuance } = policyOf([
      { name: 'a', groups: ['analysts', 'admins'] },
      { name: 'b', subjects: ['ada@example.com'] },
    ]);
    expect([...issuance.groups]).toEqual(['analysts', 'admins']);
    expect(issuance.asksForEmail).toBe(true);
    expect(policyOf([{ name: 'a', subjects: ['some-id'] }]).issuance.asksForEmail).toBe(false);
  });
});

describe('a warning', () => {
  it.each([
    [{ tools: ['look_up', 'luk_up'] }, ['rule "rule" allows luk_up, which is no tool of this server']],
    [
      { tools: ['delete_*'] },
      ['rule "rule" allows delete_*, which destroys and so needs the application under "clients"'],
    ],
    [{ tools: ['delete_*'], clients: ['*'] }, []],
    [
      { workspaces: ['workspace', 'werkspace'] },
      ['rule "rule" allows the workspace werkspace, which does not exist here'],
    ],
    [{}, []],
  ])('tells of what comes to nothing: %j', (rule, warnings) => {
    expect(policyOf([{ name: 'rule', ...rule }]).warnings).toEqual(warnings);
  });
});

describe('an explanation', () => {
  it('agrees with what the permit says, whatever the rules', () => {
    const few = <T>(values: T[]): fc.Arbitrary<T[]> => fc.subarray(values, { minLength: 1 });
    const rule = fc.record(
      {
        subjects: few(['id-of-ada', 'ada@example.com']),
        groups: few(['a', 'b']),
        clients: few(['agent', 'other', '*']),
        scopes: fc.subarray(['files:read', 'files:write', 'files:delete']),
        tools: fc.subarray(['look_*', 'write_file', '*_file']),
      },
      { requiredKeys: [] },
    );
    const actor = fc.record({
      subject: fc.constantFrom('id-of-ada', 'id-of-bob'),
      email: fc.constantFrom(undefined, 'ada@example.com'),
      groups: fc.subarray(['a', 'b', 'c']),
      clientId: fc.constantFrom('agent', 'third'),
    });
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 3 }),
        actor,
        fc.constantFrom(...OFFER.tools),
        (rules, who, tool) => {
          const named = rules.map((one, index) => ({ name: `rule ${index}`, ...one }));
          fc.pre(policyOptions.safeParse({ rules: named }).success);
          const policy = policyOf(named);
          const { scopes, permit } = policy.admit(identity(who));
          const allowed = permit.allowsTool(tool) && scopes.hasAll(tool.scopes);
          const steps = policy.explain(who, tool);
          expect(steps.every(({ verdict }) => verdict !== 'stop')).toBe(allowed);
        },
      ),
    );
  });

  it('says of each rule why it fits or does not, and what decides', () => {
    const policy = policyOf([
      { name: 'admins', groups: ['admins'], clients: ['*'] },
      { name: 'rest', limits: { callsPerMinute: 5 } },
    ]);
    expect(policy.explain(identity(), DELETE)).toEqual([
      { verdict: 'skip', about: 'rule "admins"', text: 'does not fit: its groups are admins' },
      { verdict: 'ok', about: 'rule "rest"', text: 'fits and decides: it has no conditions' },
      { verdict: 'ok', about: 'tools', text: 'every tool that the scopes allow' },
      {
        verdict: 'stop',
        about: 'effect',
        text: 'it may destroy what was there, which takes a rule that names the application under "clients": this rule does not',
      },
      { verdict: 'ok', about: 'scopes', text: 'every scope of the token counts' },
      { verdict: 'ok', about: 'limits', text: '5 calls a minute' },
    ]);
  });
});
