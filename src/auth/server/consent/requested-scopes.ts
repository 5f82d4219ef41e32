import { isScope, type Scope } from '../../../core/scopes.ts';
import type { AuthOptions } from '../../options.ts';

/** Scopes of OpenID Connect, which give no access to the resource. */
export const OIDC_SCOPES = ['openid', 'offline_access'];

/** The names in a `scope` parameter (RFC 6749 §3.3). */
export function scopeNames(parameter: unknown): string[] {
  return typeof parameter === 'string' ? parameter.split(' ').filter((name) => name !== '') : [];
}

/** The scopes of the resource among those in a `scope` parameter. */
export function resourceScopes(parameter: unknown, available: readonly Scope[]): Scope[] {
  return [...new Set(scopeNames(parameter))].filter(isScope).filter((scope) => available.includes(scope));
}

/** What a client can be given in this deployment, whoever it acts for. */
export function clientScopes(
  clientId: string,
  context: { readonly scopes: readonly Scope[]; readonly options: AuthOptions },
): readonly Scope[] {
  const declared = context.options.clients.find((client) => client.clientId === clientId)?.scopes;
  return declared === undefined ? context.scopes : context.scopes.filter((scope) => declared.includes(scope));
}
