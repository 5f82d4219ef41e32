import {
  buildTokenResponse,
  checkDpopReplay,
  checkDpopRequired,
  validateDpop,
} from 'oidc-provider/lib/helpers/grants.js';
import { errors, type Grant, type Provider, type TokenEndpointGrantContext } from 'oidc-provider';
import { contextOf } from '../../../core/request-context.ts';
import { type Scope, ScopeSet } from '../../../core/scopes.ts';
import type { Store } from '../../../core/store.ts';
import { defaultScopes } from '../../default-scopes.ts';
import { JWT_BEARER_GRANT } from '../../grant-types.ts';
import { spellingsOf } from '../../resource-addresses.ts';
import { revocationKey } from '../../revocations.ts';
import type { Account } from '../accounts/accounts.ts';
import { displayName } from '../clients/client-display.ts';
import { takesAssertions } from '../clients/declared-grants.ts';
import { hashedGrantId } from './grants.ts';
import { acceptIdentityAssertion, type AssertedIdentity } from './identity-assertion.ts';
import { grantableScopes } from '../consent/issuance.ts';
import type { Keys } from '../keys.ts';
import type { ProviderContext } from '../provider-context.ts';
import { records } from '../state/records.ts';
import { clientScopes, resourceScopes } from '../consent/requested-scopes.ts';
import { describeResource } from './resource-indicators.ts';

type Request = TokenEndpointGrantContext<{
  readonly assertion?: unknown;
}>;

/** What a token is issued for. */
interface Issue {
  readonly identity: AssertedIdentity;
  readonly scopes: readonly Scope[];
}

/**
 * Enterprise-managed authorization: an identity provider vouches for a person by an assertion that it made
 * for one client and this server, and the client gets an access token for it, without consent and without a
 * refresh token (ext-auth, draft-ietf-oauth-identity-assertion-authz-grant).
 */
export function registerIdentityAssertionGrant(
  provider: Provider,
  context: ProviderContext,
  keys: Keys,
): void {
  if (!takesAssertions(context.options)) return;
  const answer = async (request: Request): Promise<void> => {
    const { client, params } = request.oidc;
    assertClient(request, context);
    const dPoP = await validateDpop(provider, request);
    checkDpopRequired(provider, request, dPoP);
    const { assertion } = params;
    if (typeof assertion !== 'string' || assertion === '') {
      throw new errors.InvalidRequest('missing required parameter(s) assertion');
    }
    const presenter = { clientId: client.clientId, keyThumbprint: dPoP?.thumbprint };
    const identity = await acceptIdentityAssertion(assertion, presenter, context);
    const issue = { identity, scopes: scopesFor(request, identity, context) };
    const grant = await grantFor(request, issue, context);
    const token = new provider.AccessToken({
      accountId: identity.account.id,
      client,
      grantId: grant.jti,
      gty: JWT_BEARER_GRANT,
    });
    token.resourceServer = new provider.ResourceServer(
      context.resource,
      describeResource(context, keys, issue.scopes),
    );
    token.scope = issue.scopes.join(' ');
    if (dPoP !== undefined) {
      await checkDpopReplay(provider, request, dPoP, client.clientId);
      token.setThumbprint('jkt', dPoP.thumbprint);
    }
    request.oidc.entity('AccessToken', token);
    const accessToken = await token.save();
    audit(request, issue, context);
    const { expiration: expiresIn, scope, tokenType } = token;
    request.body = buildTokenResponse(provider, { accessToken, expiresIn, scope, tokenType });
  };
  provider.registerGrantType<{ assertion?: unknown }>(
    JWT_BEARER_GRANT,
    answer,
    ['assertion', 'scope', 'resource'],
    ['resource'],
  );
}

/** The client must be one that the operator has declared: the assertion is made for it by name. */
function assertClient({ oidc: { client, params } }: Request, { options, resource }: ProviderContext): void {
  const declared = options.clients.some(({ clientId }) => clientId === client.clientId);
  if (!declared || client.clientAuthMethod === 'none') throw new errors.UnauthorizedClient();
  const spellings = spellingsOf(resource);
  const others = [params.resource ?? []].flat().filter((each) => !spellings.includes(each));
  if (others.length > 0) throw new errors.InvalidTarget();
}

/** Bounded by the identity provider, the client's declaration, the person and the policy; by the request last. */
function scopesFor(
  { oidc: { client, params } }: Request,
  { account, scope }: AssertedIdentity,
  context: ProviderContext,
): readonly Scope[] {
  const available = clientScopes(client.clientId, context);
  const asserted = ScopeSet.of(scope === undefined ? available : resourceScopes(scope, available));
  const wanted = params.scope ?? scope;
  const asked = wanted === undefined ? defaultScopes(available) : resourceScopes(wanted, available);
  const granted = grantableScopes(
    account,
    client.clientId,
    asked.filter((each) => asserted.has(each)),
    context,
  );
  if (granted.length > 0) return granted;
  throw new errors.InvalidScope(
    'nothing is left of the scopes that the assertion and the person allow',
    wanted ?? '',
  );
}

/**
 * The grant that the tokens of this person and client hang on, so that both find it among the others and can
 * end it. It lives no longer than its last token.
 */
async function grantFor(
  { oidc }: Request,
  { identity: { account, provider: vouching }, scopes }: Issue,
  { store, clock, grants, options, resource }: ProviderContext,
): Promise<Grant> {
  const { client, provider } = oidc;
  const key = records.assertedGrant(account.id, client.clientId);
  const lifetime = options.accessTokenTtlSeconds;
  const now = Math.floor(clock.now() / 1000);
  const grant =
    (await lastGrant(provider, store, { grantId: await store.get(key), account })) ??
    new provider.Grant({ accountId: account.id, clientId: client.clientId });
  for (const indicator of spellingsOf(resource)) grant.addResourceScope(indicator, [...scopes]);
  grant.exp = now + lifetime;
  const grantId = await grant.save();
  const details = {
    clientId: client.clientId,
    clientName: displayName(client.clientName, client.clientId),
    clientHost: new URL(vouching.options.issuer).host,
    allowedAt: now,
    expiresAt: now + lifetime,
    scopes: [...scopes],
  };
  await grants.describe(account.id, grantId, details, lifetime);
  await store.put(key, grantId, lifetime);
  oidc.entity('Grant', grant);
  oidc.entity('Account', { accountId: account.id, claims: () => ({ sub: account.id }) });
  return grant;
}

/** None that was ended: a request that ran beside the end may have stored it again. */
async function lastGrant(
  provider: Provider,
  store: Pick<Store, 'get'>,
  { grantId, account }: { readonly grantId: string | undefined; readonly account: Account },
): Promise<Grant | undefined> {
  if (grantId === undefined) return undefined;
  if ((await store.get(revocationKey(hashedGrantId(grantId)))) !== undefined) return undefined;
  const grant = await provider.Grant.find(grantId);
  return grant?.accountId === account.id ? grant : undefined;
}

function audit({ oidc, req }: Request, { identity, scopes }: Issue, { telemetry }: ProviderContext): void {
  telemetry.audit({
    action: 'assertion.accepted',
    outcome: 'success',
    subject: identity.account.id,
    clientId: oidc.client.clientId,
    address: contextOf(req).address,
    details: { provider: identity.provider.id, scopes },
  });
}
