import { describe, expect, it } from 'vitest';
import { identityProvidersOption } from '../../../../../src/auth/options/identity-providers.ts';
import type { Account } from '../../../../../src/auth/server/accounts/account-record.ts';
import { allowedScopes } from '../../../../../src/auth/server/accounts/allowed-scopes.ts';
import { ALL_SCOPES, type Scope } from '../../../../../src/core/scopes.ts';

const LOCAL: Account = {
  id: 'a',
  email: 'a@example.com',
  name: 'A',
  role: 'member',
  groups: ['readers'],
  createdAt: '2026-01-01T00:00:00.000Z',
  hasPassword: true,
};

const FEDERATED: Account = { ...LOCAL, hasPassword: false, identity: { provider: 'corp', subject: '1' } };

function allowed(account: Account, groupScopes: Readonly<Record<string, readonly Scope[]>> = {}) {
  const identityProviders = identityProvidersOption.parse([
    {
      ...{ id: 'corp', name: 'Corp', issuer: 'https://login.example.com' },
      ...{ clientId: 'fairlead', clientSecret: 'secret', groupScopes },
    },
  ]);
  return allowedScopes(account, { memberScopes: ['files:write'], identityProviders }).granted;
}

describe('what an account may allow', () => {
  it('is what its role may, unless the account itself says otherwise', () => {
    expect(allowed({ ...LOCAL, role: 'owner' })).toEqual([...ALL_SCOPES].sort());
    expect(allowed(LOCAL)).toEqual(['files:write']);
    expect(allowed({ ...LOCAL, role: 'owner', scopes: [] })).toEqual([]);
    expect(allowed({ ...LOCAL, scopes: ['data:read'] })).toEqual(['data:read']);
  });

  it('is for people of an identity provider what their groups may, and nothing for who is in none', () => {
    const table = { readers: ['files:read'], fetchers: ['web:fetch'], writers: ['files:write'] } as const;
    expect(allowed({ ...FEDERATED, groups: ['readers', 'fetchers'] }, table)).toEqual([
      'files:read',
      'web:fetch',
    ]);
    expect(allowed({ ...FEDERATED, groups: ['others'] }, table)).toEqual([]);
    expect(allowed({ ...FEDERATED, role: 'owner', groups: [] }, table)).toEqual([...ALL_SCOPES].sort());
  });

  it('is for them what members may, where no group has scopes of its own', () => {
    expect(allowed(FEDERATED)).toEqual(['files:write']);
  });

  it('is narrowed for them by what the account says, and never widened', () => {
    const table = { readers: ['files:read'] } as const;
    expect(allowed({ ...FEDERATED, scopes: ['files:write', 'data:read'] }, table)).toEqual(['files:read']);
    expect(allowed({ ...FEDERATED, scopes: [] }, table)).toEqual([]);
  });

  it('is nothing for people of a provider that is no longer configured', () => {
    const orphan = { ...FEDERATED, role: 'owner', identity: { provider: 'gone', subject: '1' } } as const;
    expect(allowed(orphan)).toEqual([]);
  });
});
