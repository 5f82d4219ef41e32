import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { Scope } from '../../core/scopes.ts';
import { resourceScopes } from './requested-scopes.ts';

const { Check } = interactionPolicy;

/**
 * When people are asked: always, unless the same person in the same browser has allowed the same client,
 * one that nobody else can pose as, everything that it asks for. Native clients are always asked for
 * (RFC 8252 §8.6).
 *
 * The provider's own rule about the resource's scopes gives way to one that takes the answer of the
 * consent page as it is: scopes that the account may not allow stay missing.
 */
export function consentPolicy(
  resource: string,
  available: readonly Scope[],
): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  const consent = policy.get('consent');
  if (consent === undefined) throw new TypeError('The provider asks for no consent');
  consent.checks.remove('rs_scopes_missing');
  consent.checks.add(
    new Check('scopes_not_allowed', 'requested scopes not granted', 'consent_required', (context) => {
      if (context.oidc.result?.consent !== undefined) return Check.NO_NEED_TO_PROMPT;
      return isAllowed(context, resource, available) ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
    }),
  );
  return policy;
}

function isAllowed(context: KoaContextWithOIDC, resource: string, available: readonly Scope[]): boolean {
  const { grant, params } = context.oidc;
  const granted = grant?.getResourceScope(resource).split(' ') ?? [];
  return resourceScopes(params?.['scope'], available).every((scope) => granted.includes(scope));
}
