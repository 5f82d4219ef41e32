import { type Configuration, errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { AuthOptions } from '../options.ts';
import type { Accounts } from './accounts.ts';
import { applyClientPolicy, declaredClients, RESPONSE_MODES } from './client-policy.ts';
import { cookiePolicy } from './cookies.ts';
import { createAdapters } from './create-adapters.ts';
import { letErrorsEscape, type ProviderHandler } from './escaped-errors.ts';
import { renderProviderError } from './error-page.ts';
import { hashedGrantId } from './grants.ts';
import { consentPolicy } from './interaction-policy.ts';
import type { Keys } from './keys.ts';
import { metadataDocumentFeature } from './metadata-document-feature.ts';
import { observeProvider } from './observe-provider.ts';
import { ENDPOINTS } from './endpoints.ts';
import type { GuardedFetch, ProviderContext } from './provider-context.ts';
import { deliverPlannedToken } from './refresh-token-adapter.ts';
import { resourceIndicators } from './resource-indicators.ts';
import { OIDC_SCOPES } from './requested-scopes.ts';
import { serveStructuredTokens } from './structured-tokens.ts';

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
  const handle = letErrorsEscape(provider);
  provider.use(refuseResponseModes(context));
  provider.use(deliverPlannedToken);
  serveStructuredTokens(provider, context, keys);
  observeProvider(provider, context, adapters.clients);
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
    // The edge has refused origins that are not allowed before a request gets here.
    clientBasedCORS: () => true,
    extraClientMetadata: clientPolicy(options),
    cookies: { keys: keys.cookies, names: { ...names }, long: attributes, short: attributes },
    scopes: OIDC_SCOPES,
    claims: { openid: ['sub'] },
    responseTypes: ['code'],
    pkce: { required: () => true },
    routes: { ...ENDPOINTS },
    ttl: lifetimes(options),
    rotateRefreshToken: true,
    issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    revokeGrantPolicy: () => true,
    extraTokenClaims: (_context, token) =>
      'grantId' in token ? { gid: hashedGrantId(token.grantId) } : undefined,
    findAccount: async (_context, id) => await accountOf(context.accounts, id),
    interactions: {
      policy: consentPolicy(context.resource, context.scopes),
      url: (_context, interaction) => `/interaction/${interaction.uid}`,
    },
    features: features(context, keys),
    fetch: (url, init) => guardedFetch(context.fetch, url, init),
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
    // The resource server takes bearer tokens only.
    dPoP: { enabled: false },
    registration: {
      enabled: options.registration.enabled,
      initialAccessToken: false,
      issueRegistrationAccessToken: false,
    },
    clientIdMetadataDocument: metadataDocumentFeature(context),
    resourceIndicators: resourceIndicators(context, keys),
    revocation: { enabled: true, allowedPolicy: isOwnToken },
    introspection: { enabled: true, allowedPolicy: mayIntrospect(options) },
    clientCredentials: { enabled: options.clients.some(actsForItself) },
    pushedAuthorizationRequests: { enabled: true },
  };
}

function clientPolicy(options: AuthOptions): NonNullable<Configuration['extraClientMetadata']> {
  const declared = new Set(options.clients.map(({ clientId }) => clientId));
  return {
    // The validator is called once for each extra property, so there has to be one.
    properties: ['fairlead_policy'],
    validator: (_context, _key, _value, metadata) => {
      // What the operator declares was checked with the configuration.
      if (declared.has(metadata.client_id)) return;
      applyClientPolicy(metadata, options.registration.allowedRedirectSchemes);
    },
  };
}

function lifetimes(options: AuthOptions): NonNullable<Configuration['ttl']> {
  return {
    AccessToken: options.accessTokenTtlSeconds,
    ClientCredentials: options.accessTokenTtlSeconds,
    AuthorizationCode: CODE_TTL,
    IdToken: ID_TOKEN_TTL,
    RefreshToken: options.refreshTokenTtlSeconds,
    Grant: options.grantTtlSeconds,
    Interaction: INTERACTION_TTL,
    Session: options.sessionTtlSeconds,
  };
}

async function accountOf(
  accounts: Accounts,
  id: string,
): Promise<{ accountId: string; claims: () => { sub: string } } | undefined> {
  const account = await accounts.find(id);
  return account && { accountId: account.id, claims: () => ({ sub: account.id }) };
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
