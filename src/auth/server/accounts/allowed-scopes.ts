import { ALL_SCOPES, type Scope, ScopeSet } from '../../../core/scopes.ts';
import type { AuthOptions } from '../../options.ts';
import type { Account } from './account-record.ts';

/**
 * What the account may allow a client. What it says itself comes before what its role may; for people of an
 * identity provider with a table of groups, only within what their groups may.
 */
export function allowedScopes(
  account: Account,
  { memberScopes, identityProviders }: Pick<AuthOptions, 'memberScopes' | 'identityProviders'>,
): ScopeSet {
  const { role, scopes, identity, groups } = account;
  const ofRole = (members: readonly Scope[]): readonly Scope[] => (role === 'owner' ? ALL_SCOPES : members);
  if (identity === undefined) return ScopeSet.of(scopes ?? ofRole(memberScopes));
  const provider = identityProviders.find(({ id }) => id === identity.provider);
  // Nobody vouches for the person any more.
  if (provider === undefined) return ScopeSet.of([]);
  const table = Object.entries(provider.groupScopes);
  const ofGroups = table.flatMap(([group, each]) => (groups.includes(group) ? each : []));
  const most = ScopeSet.of(ofRole(table.length === 0 ? memberScopes : ofGroups));
  return scopes === undefined ? most : most.both(ScopeSet.of(scopes));
}
