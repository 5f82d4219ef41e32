import { type Configuration, errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import type { Scope } from '../../../core/scopes.ts';
import { defaultScopes } from '../../default-scopes.ts';
import { spellingsOf } from '../../resource-addresses.ts';
import { grantableScopes, grantableToItself } from '../consent/issuance.ts';
import type { Keys } from '../keys.ts';
import type { ProviderContext } from '../provider-context.ts';
import { clientScopes, OIDC_SCOPES, resourceScopes, scopeNames } from '../consent/requested-scopes.ts';

type Feature = NonNullable<NonNullable<Configuration['features']>['resourceIndicators']>;

/**
 * One resource, the MCP endpoint (RFC 8707). Who names none means this one; who names another gets
 * nothing. Access tokens for it are signed JWTs (RFC 9068).
 */
export function resourceIndicators(context: ProviderContext, keys: Keys): Feature {
  const { resource } = context;
  const spellings = new Set(spellingsOf(resource));
  return {
    enabled: true,
    defaultResource: (_context, _client, oneOf) => oneOf?.[0] ?? resource,
    useGrantedResource: () => true,
    getResourceServerInfo: async (request, indicator, client): Promise<ResourceServer> => {
      if (!spellings.has(indicator)) throw new errors.InvalidTarget();
      return describeResource(context, keys, await availableScopes(request, client.clientId, context));
    },
  };
}

/** What tokens for the resource are like. */
export function describeResource(
  { resource, options }: ProviderContext,
  keys: Keys,
  scopes: readonly Scope[],
): ResourceServer {
  const kid = keys.signing[0]?.kid;
  return {
    scope: scopes.join(' '),
    audience: resource,
    accessTokenTTL: options.accessTokenTtlSeconds,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256', ...(kid === undefined ? {} : { kid }) } },
  };
}

/** What the request can end with: bounded by this deployment, by the client, by the person and by the policy. */
async function availableScopes(
  request: KoaContextWithOIDC,
  clientId: string,
  context: ProviderContext,
): Promise<readonly Scope[]> {
  const available = clientScopes(clientId, context);
  const { route, params, account } = request.oidc;
  if (route !== 'token') {
    completeScope(request, { available, fallback: defaultScopes(available) });
    return available;
  }
  if (params?.['grant_type'] === 'client_credentials') {
    // A client that anybody could create has no authority of its own.
    if (!context.options.clients.some((client) => client.clientId === clientId)) {
      throw new errors.UnauthorizedClient();
    }
    const grantable = grantableToItself(clientId, available, context);
    if (grantable.length === 0) {
      throw new errors.UnauthorizedClient("the operator's policy allows this client nothing");
    }
    completeScope(request, { available: grantable, fallback: grantable });
    return grantable;
  }
  // Looked up at every refresh: what was taken from the account is missing from the next token.
  const person = account && (await context.accounts.find(account.accountId));
  if (person === undefined) throw new errors.InvalidGrant('the account is gone');
  if (person.disabledAt !== undefined) throw new errors.InvalidGrant('the account is disabled');
  return grantableScopes(person, clientId, available, context);
}

interface ScopeChoice {
  readonly available: readonly Scope[];
  /** For who asks for none. */
  readonly fallback: readonly Scope[];
}

/**
 * Completes the scope of a request before anything is decided on it: without any scope of the resource,
 * the token would be good for nothing (RFC 6749 §3.3).
 */
function completeScope(request: KoaContextWithOIDC, { available, fallback }: ScopeChoice): void {
  const { params } = request.oidc;
  if (params === undefined || resourceScopes(params['scope'], available).length > 0) return;
  const asked = scopeNames(params['scope']);
  const unknown = asked.filter((name) => !OIDC_SCOPES.includes(name));
  if (unknown.length > 0) {
    throw new errors.InvalidScope('none of the requested scopes is available here', unknown.join(' '));
  }
  params['scope'] = [...asked, ...fallback].join(' ');
}
