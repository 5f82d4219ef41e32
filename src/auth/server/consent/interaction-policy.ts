import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { Scope } from '../../../core/scopes.ts';
import type { Grants } from '../tokens/grants.ts';
import { resourceScopes } from './requested-scopes.ts';

const { Check } = interactionPolicy;

interface ConsentPolicyContext {
  /** The public URL of the MCP endpoint. */
  readonly resource: string;
  /** Scopes that there is something to do with here. */
  readonly scopes: readonly Scope[];
  readonly grants: Grants;
}

/**
 * When people are asked: always, unless the same person in the same browser has allowed the same client,
 * one that nobody else can pose as, everything that it asks for, and not for once. Native clients are always asked for
 * (RFC 8252 §8.6), and so is who lets a device in, which might be somebody else's (RFC 8628 §5.4).
 *
 * The provider's own rule about the resource's scopes gives way to one that takes the answer of the
 * consent page as it is: scopes that the account may not allow stay missing.
 */
export function consentPolicy({
  resource,
  scopes: available,
  grants,
}: ConsentPolicyContext): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  const consent = policy.get('consent');
  if (consent === undefined) throw new TypeError('The provider asks for no consent');
  consent.checks.remove('rs_scopes_missing');
  consent.checks.add(
    new Check('scopes_not_allowed', 'requested scopes not granted', 'consent_required', async (context) => {
      if (context.oidc.result?.consent !== undefined) return Check.NO_NEED_TO_PROMPT;
      const allowed =
        context.oidc.deviceCode === undefined &&
        isAllowed(context, resource, available) &&
        !(await isForOnce(context, grants));
      return allowed ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
    }),
  );
  return policy;
}

/** What was allowed for once is not allowed again by it. */
async function isForOnce({ oidc: { grant } }: KoaContextWithOIDC, grants: Grants): Promise<boolean> {
  if (grant?.accountId === undefined) return false;
  const details = await grants.find(grant.accountId, grant.jti);
  return details?.once === true;
}

function isAllowed(context: KoaContextWithOIDC, resource: string, available: readonly Scope[]): boolean {
  const { grant, params } = context.oidc;
  const granted = grant?.getResourceScope(resource).split(' ') ?? [];
  return resourceScopes(params?.['scope'], available).every((scope) => granted.includes(scope));
}
