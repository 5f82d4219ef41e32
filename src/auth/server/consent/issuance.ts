import type { Actor, Issuance } from '../../../core/principal.ts';
import type { Scope } from '../../../core/scopes.ts';
import type { AuthOptions } from '../../options.ts';
import type { Account } from '../accounts/account-record.ts';
import { allowedScopes } from '../accounts/allowed-scopes.ts';

export interface IssuanceContext {
  readonly options: AuthOptions;
  readonly issuance: Issuance;
}

/** Those of the scopes that a token of this client for this person may hold: as the person and the policy allow. */
export function grantableScopes(
  account: Account,
  clientId: string,
  scopes: readonly Scope[],
  { options, issuance }: IssuanceContext,
): readonly Scope[] {
  const allowed = allowedScopes(account, options);
  return issuance.grantable(
    actorOf(account, clientId),
    scopes.filter((scope) => allowed.has(scope)),
  );
}

/** As {@link grantableScopes}, for a client that acts for itself. */
export function grantableToItself(
  clientId: string,
  scopes: readonly Scope[],
  { issuance }: Pick<IssuanceContext, 'issuance'>,
): readonly Scope[] {
  return issuance.grantable({ subject: clientId, clientId, groups: [], email: undefined }, scopes);
}

/** What the resource server has to know of the person to admit them, and no more than that. */
export function actorClaims(
  { groups, email }: Account,
  issuance: Issuance,
): { readonly groups?: readonly string[]; readonly email?: string } {
  const named = groups.filter((group) => issuance.groups.has(group));
  return {
    ...(named.length === 0 ? {} : { groups: named }),
    ...(issuance.asksForEmail ? { email } : {}),
  };
}

function actorOf({ id, groups, email }: Account, clientId: string): Actor {
  return { subject: id, clientId, groups, email };
}
