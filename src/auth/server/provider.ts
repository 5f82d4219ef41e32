import { type Configuration, errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { GuardedFetch } from '../auth.ts';
import { PROOF_ALGORITHMS } from '../dpop/algorithms.ts';
import { nonceSecret } from '../dpop/nonces.ts';
import type { AuthOptions } from '../options.ts';
import { assertionJudge, boundedFetch, takeSpellingsOfIssuer } from './clients/client-assertions.ts';
import { applyClientPolicy, declaredClients, RESPONSE_MODES } from './clients/client-policy.ts';
import { cookiePolicy } from './cookies.ts';
import { GRANT_PROFILES, takesAssertions } from './clients/declared-grants.ts';
import { createAdapters } from './state/create-adapters.ts';
import { DEVICE_CODE_TTL, deviceFlowFeature, leadToDevicePage } from './device/device-flow.ts';
import { letErrorsEscape, type ProviderHandler } from './escaped-errors.ts';
import { renderProviderError } from './forms/error-page.ts';
import { findAccount } from './tokens/find-account.ts';
import { hashedGrantId } from './tokens/grants.ts';
import { actorClaims } from './consent/issuance.ts';
import { registerIdentityAssertionGrant } from './tokens/identity-assertion-grant.ts';
import { consentPolicy } from './consent/interaction-policy.ts';
import type { Keys } from './keys.ts';
import { metadataDocumentFeature } from './clients/metadata-document-feature.ts';
import { observeDevices } from './device/observe-devices.ts';
import { observeProvider } from './observe-provider.ts';
import { ENDPOINTS } from './endpoints.ts';
import type { ProviderContext } from './provider-context.ts';
import { deliverPlannedToken } from './tokens/refresh-token-adapter.ts';
import { resourceIndicators } from './tokens/resource-indicators.ts';
import { OIDC_SCOPES } from './consent/requested-scopes.ts';
import { serveStructuredTokens } from './tokens/structured-tokens.ts';

/** An authorization server that is ready to serve. */
export interface RunningProvider {
  readonly provider: Provider;
  readonly handle: ProviderHandler;
}

/** A client, or what was issued to it. */
interface Holder {
  readonly clientId?: string | undefined;
}

const CODE_TTL = 60;
const ID_TOKEN_TTL = 300;
const INTERACTION_TTL = 600;
const KEY_SET_BYTES = 65_536;

/** Builds the authorization server for one state of the keys. Costs a millisecond: when they turn, another is built. */
export function buildProvider(context: ProviderContext, keys: Keys): RunningProvider {
  const adapters = createAdapters(context);
  const provider = new Provider(context.issuer, configure(context, keys, adapters.create));
  // Behind the TLS terminator; which host and scheme count is pinned before a request gets here.
  provider.proxy = true;
  takeSpellingsOfIssuer(provider, context.issuer);
  const handle = letErrorsEscape(provider);
  provider.use(refuseResponseModes(context));
  if (context.options.deviceFlow.enabled) provider.use(leadToDevicePage(provider));
  provider.use(deliverPlannedToken);
  registerIdentityAssertionGrant(provider, context, keys);
  serveStructuredTokens(provider, context, keys);
  observeProvider(provider, context, adapters.clients);
  observeDevices(provider, context.telemetry);
  return { provider, handle };
}

/**
 * Refuses response modes that end on a page with a script, which our pages may not run, before the provider
 * answers its refusal in that very mode.
 */
function refuseResponseModes({ pages }: ProviderContext) {
  return async (request: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> => {
    const mode = request.query['response_mode'];
    const asked = request.path === ENDPOINTS.authorization && mode !== undefined;
    if (!asked || RESPONSE_MODES.some((known) => known === mode)) {
      await next();
      return;
    }
    request.status = 400;
    const description = `response_mode must be ${RESPONSE_MODES.join(' or ')}`;
    renderProviderError(request, { error: 'invalid_request', error_description: description }, pages);
  };
}

function configure(
  context: ProviderContext,
  keys: Keys,
  adapter: NonNullable<Configuration['adapter']>,
): Configuration {
  const { options } = context;
  const { names, attributes } = cookiePolicy(context.issuer);
  return {
    adapter,
    jwks: { keys: keys.signing },
    clients: declaredClients(options.clients),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    assertJwtClientAuthClaimsAndHeader: assertionJudge(context),
    // The edge has refused origins that are not allowed before a request gets here.
    clientBasedCORS: () => true,
    extraClientMetadata: clientPolicy(options),
    enabledJWA: { dPoPSigningAlgValues: PROOF_ALGORITHMS },
    cookies: { keys: keys.cookies, names: { ...names }, long: attributes, short: attributes },
    scopes: OIDC_SCOPES,
    claims: { openid: ['sub'] },
    ...(takesAssertions(options) ? { discovery: GRANT_PROFILES } : {}),
    responseTypes: ['code'],
    pkce: { required: () => true },
    routes: { ...ENDPOINTS },
    ttl: lifetimes(options),
    rotateRefreshToken: true,
    issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    revokeGrantPolicy: () => true,
    extraTokenClaims: async (_context, token) =>
      'grantId' in token ? await tokenClaims(token, context) : undefined,
    findAccount: async (request, id) => await findAccount(request, id, context),
    interactions: {
      policy: consentPolicy(context),
      url: (_context, interaction) => `/interaction/${interaction.uid}`,
    },
    features: features(context, keys),
    fetch: (url, init) => guardedFetch(boundedFetch(context), url, init),
    fetchResponseBodyLimits: {
      'client_id metadata document': 5 * 1024,
      jwks_uri: KEY_SET_BYTES,
      sector_identifier_uri: KEY_SET_BYTES,
    },
    renderError: (ctx, out) => {
      renderProviderError(ctx, out, context.pages);
    },
  };
}

function features(context: ProviderContext, keys: Keys): NonNullable<Configuration['features']> {
  const { options } = context;
  return {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    dPoP: dpopFeature(options, keys),
    registration: {
      enabled: options.registration.mode !== 'off',
      initialAccessToken: false,
      issueRegistrationAccessToken: false,
    },
    clientIdMetadataDocument: metadataDocumentFeature(context),
    deviceFlow: deviceFlowFeature(context),
    resourceIndicators: resourceIndicators(context, keys),
    revocation: { enabled: true, allowedPolicy: isOwnToken },
    introspection: { enabled: true, allowedPolicy: mayIntrospect(options) },
    clientCredentials: { enabled: options.clients.some(actsForItself) },
    pushedAuthorizationRequests: { enabled: true },
  };
}

/** A proof must have a nonce, so that none can be made ahead of its time (RFC 9449 §11.2), and works once. */
function dpopFeature(
  { dpop }: AuthOptions,
  { cookies }: Keys,
): NonNullable<Configuration['features']>['dPoP'] {
  if (dpop === 'off') return { enabled: false };
  const [newest = ''] = cookies;
  return { enabled: true, nonceSecret: nonceSecret(newest), requireNonce: () => true, allowReplay: false };
}

function clientPolicy(options: AuthOptions): NonNullable<Configuration['extraClientMetadata']> {
  const declared = new Set(options.clients.map(({ clientId }) => clientId));
  return {
    // The validator is called once for each extra property, so there has to be one.
    properties: ['fairlead_policy'],
    validator: (_context, _key, _value, metadata) => {
      // Without a proof, no token then: whatever the client says, and whenever it registered.
      if (options.dpop === 'required') metadata.dpop_bound_access_tokens = true;
      // What the operator declares was checked with the configuration.
      if (declared.has(metadata.client_id)) return;
      applyClientPolicy(metadata, options);
    },
  };
}

function lifetimes(options: AuthOptions): NonNullable<Configuration['ttl']> {
  return {
    AccessToken: (request) => withinGrant(request, options.accessTokenTtlSeconds),
    ClientCredentials: options.accessTokenTtlSeconds,
    AuthorizationCode: CODE_TTL,
    DeviceCode: DEVICE_CODE_TTL,
    IdToken: ID_TOKEN_TTL,
    RefreshToken: (request) => withinGrant(request, options.refreshTokenTtlSeconds),
    Grant: options.grantTtlSeconds,
    Interaction: INTERACTION_TTL,
    // One that nobody is signed in with only holds a form.
    Session: (_request, session) =>
      session.accountId === undefined ? INTERACTION_TTL : options.sessionTtlSeconds,
  };
}

/** No token outlives what it came of. */
function withinGrant({ oidc }: KoaContextWithOIDC, seconds: number): number {
  const { exp } = oidc.entities.Grant ?? {};
  return exp === undefined ? seconds : Math.max(1, Math.min(seconds, exp - Math.floor(Date.now() / 1000)));
}

/** Of whoever the token acts for, as they are at the moment: a refreshed token says it anew. */
async function tokenClaims(
  { grantId, accountId }: { readonly grantId: string; readonly accountId: string },
  { accounts, issuance }: ProviderContext,
): Promise<Record<string, unknown>> {
  const account = await accounts.find(accountId);
  return { gid: hashedGrantId(grantId), ...(account && actorClaims(account, issuance)) };
}

function isOwnToken(_context: unknown, client: Holder, token: Holder): boolean {
  if (token.clientId === client.clientId) return true;
  throw new errors.InvalidRequest('client is not authorized to revoke the presented token');
}

/** Anybody may ask about their own tokens; about others only what the operator has declared. */
function mayIntrospect({ clients }: AuthOptions): typeof isOwnToken {
  return (_context, client, token) =>
    token.clientId === client.clientId || clients.some(({ clientId }) => clientId === client.clientId);
}

function actsForItself({ grantTypes }: AuthOptions['clients'][number]): boolean {
  return grantTypes.includes('client_credentials');
}

/** Drops the provider's own dispatcher, which would go around the guard. */
function guardedFetch(
  fetch: GuardedFetch,
  url: string | URL | Request,
  { method, headers, redirect, signal, body }: RequestInit = {},
): Promise<Response> {
  const target = url instanceof Request ? url.url : String(url);
  return fetch(target, {
    ...(method === undefined ? {} : { method }),
    ...(headers === undefined ? {} : { headers }),
    ...(redirect === undefined ? {} : { redirect }),
    ...(signal === undefined || signal === null ? {} : { signal }),
    ...(body === undefined || body === null ? {} : { body }),
  });
}
