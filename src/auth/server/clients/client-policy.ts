import { type AllClientMetadata, type ClientMetadata, errors } from 'oidc-provider';
import { DEVICE_GRANT } from '../../grant-types.ts';
import type { AuthOptions } from '../../options.ts';
import { isLoopbackHost } from './client-display.ts';
import { hostIsAllowed } from './host-list.ts';

const MAX_REDIRECT_URIS = 20;
const MAX_URI_CHARACTERS = 2000;
const MAX_NAME_CHARACTERS = 100;

/**
 * How an authorization request can be answered: not by a page with a script. `fragment` is where requests
 * for a token in the URL are told `unsupported_response_type`; without it they would read that the mode is
 * the fault.
 */
export const RESPONSE_MODES = ['query', 'fragment'];

/** What a client may ask for that nobody on this side has declared. */
const PUBLIC_GRANT_TYPES = ['authorization_code', 'refresh_token'];

/** What the operator lets unknown clients be. */
type ClientRules = Pick<AuthOptions, 'registration' | 'deviceFlow'>;

/** The clients of the configuration, in the terms of RFC 7591. */
export function declaredClients(clients: AuthOptions['clients']): ClientMetadata[] {
  return clients.map((client) => ({
    client_id: client.clientId,
    client_name: client.name,
    grant_types: client.grantTypes,
    response_types: client.grantTypes.includes('authorization_code') ? ['code'] : [],
    response_modes: RESPONSE_MODES,
    redirect_uris: client.redirectUris,
    application_type: applicationType(client.redirectUris),
    ...(client.secret === undefined
      ? { token_endpoint_auth_method: 'private_key_jwt', jwks: client.jwks }
      : { token_endpoint_auth_method: 'client_secret_post', client_secret: client.secret }),
  }));
}

/**
 * Checks and corrects what a client says about itself, whether it registers or has a metadata document.
 *
 * @throws InvalidClientMetadata, with the code `invalid_redirect_uri` where that is the reason.
 */
export function applyClientPolicy(metadata: AllClientMetadata, rules: ClientRules): void {
  // A registered scope would become a limit on what the client can ask for later; unknown names fail it.
  metadata.scope = undefined;
  // Would be fetched, for nothing that this server does.
  metadata.sector_identifier_uri = undefined;
  metadata.response_modes = RESPONSE_MODES;
  const isDocument = metadata.client_id?.startsWith('https://') === true;
  restrictGrantTypes(metadata, { isDocument, rules });
  const name: unknown = metadata.client_name;
  if (typeof name === 'string' && name.length > MAX_NAME_CHARACTERS) {
    throw new errors.InvalidClientMetadata(`client_name has more than ${MAX_NAME_CHARACTERS} characters`);
  }
  const { registration } = rules;
  // Who vouches for a document's addresses is its host, which has a list of its own.
  const allowedHosts = isDocument ? undefined : registration.allowedRedirectHosts;
  const uris = checkedRedirectUris(metadata.redirect_uris, { ...registration, allowedHosts });
  // Only native clients may vary the port of a loopback address (RFC 8252 §7.3).
  if (applicationType(uris) === 'native') metadata.application_type = 'native';
}

/**
 * A client that anybody can create must never act for itself: without a person there is no consent.
 * Documents are written for many servers, so what they list beyond is passed over.
 */
function restrictGrantTypes(
  metadata: AllClientMetadata,
  { isDocument, rules }: { readonly isDocument: boolean; readonly rules: ClientRules },
): void {
  const listed: unknown = metadata.grant_types;
  if (!Array.isArray(listed)) return;
  const allowed = rules.deviceFlow.enabled ? [...PUBLIC_GRANT_TYPES, DEVICE_GRANT] : PUBLIC_GRANT_TYPES;
  if (isDocument) {
    metadata.grant_types = allowed.filter((type) => listed.includes(type));
  } else if (listed.some((type: unknown) => !allowed.some((known) => known === type))) {
    throw new errors.InvalidClientMetadata(`grant_types can only contain ${allowed.join(', ')}`);
  }
}

interface RedirectRules {
  readonly allowedRedirectSchemes: readonly string[];
  readonly allowLoopbackRedirects: boolean;
  /** Of https addresses. Undefined: all. */
  readonly allowedHosts: readonly string[] | undefined;
}

function checkedRedirectUris(uris: unknown, rules: RedirectRules): string[] {
  if (uris === undefined) return [];
  if (!Array.isArray(uris) || uris.length > MAX_REDIRECT_URIS) {
    throw new errors.InvalidClientMetadata(`redirect_uris must be a list of at most ${MAX_REDIRECT_URIS}`);
  }
  return uris.map((uri: unknown) => {
    const url = typeof uri === 'string' && uri.length <= MAX_URI_CHARACTERS ? URL.parse(uri) : null;
    const fault =
      url === null ? 'must be absolute URLs of no more than 2000 characters' : faultOf(url, rules);
    if (fault === undefined) return uri as string;
    throw new errors.InvalidClientMetadata(`redirect_uris ${fault}`);
  });
}

/** Why people cannot be sent to an address; undefined when they can. */
function faultOf(url: URL, rules: RedirectRules): string | undefined {
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password';
  if (url.protocol === 'https:') {
    if (hostIsAllowed(url.hostname, rules.allowedHosts)) return undefined;
    return `on this server can only be at certain hosts; ${url.hostname} is none of them (auth.registration.allowedRedirectHosts)`;
  }
  if (url.protocol === 'http:') {
    if (!isLoopbackHost(url.hostname)) return 'must be https, or http on loopback';
    if (rules.allowLoopbackRedirects) return undefined;
    return 'on this server cannot be on loopback (auth.registration.allowLoopbackRedirects)';
  }
  if (rules.allowedRedirectSchemes.includes(url.protocol.slice(0, -1))) return undefined;
  return 'must be https, http on loopback, or have a scheme that this server allows (auth.registration.allowedRedirectSchemes)';
}

function applicationType(uris: readonly string[]): 'web' | 'native' {
  return uris.every((uri) => uri.toLowerCase().startsWith('https:')) ? 'web' : 'native';
}
