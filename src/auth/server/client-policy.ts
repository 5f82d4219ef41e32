import { type AllClientMetadata, type ClientMetadata, errors } from 'oidc-provider';
import type { AuthOptions } from '../options.ts';
import { isLoopbackHost } from './client-display.ts';

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
export function applyClientPolicy(metadata: AllClientMetadata, allowedSchemes: readonly string[]): void {
  // A registered scope would become a limit on what the client can ask for later; unknown names fail it.
  metadata.scope = undefined;
  // Would be fetched, for nothing that this server does.
  metadata.sector_identifier_uri = undefined;
  metadata.response_modes = RESPONSE_MODES;
  restrictGrantTypes(metadata);
  const name: unknown = metadata.client_name;
  if (typeof name === 'string' && name.length > MAX_NAME_CHARACTERS) {
    throw new errors.InvalidClientMetadata(`client_name has more than ${MAX_NAME_CHARACTERS} characters`);
  }
  const uris = checkedRedirectUris(metadata.redirect_uris, allowedSchemes);
  // Only native clients may vary the port of a loopback address (RFC 8252 §7.3).
  if (applicationType(uris) === 'native') metadata.application_type = 'native';
}

/**
 * A client that anybody can create must never act for itself: without a person there is no consent.
 * Documents are written for many servers, so what they list beyond is passed over.
 */
function restrictGrantTypes(metadata: AllClientMetadata): void {
  const listed: unknown = metadata.grant_types;
  if (!Array.isArray(listed)) return;
  const isDocument = metadata.client_id?.startsWith('https://') === true;
  if (isDocument) {
    metadata.grant_types = PUBLIC_GRANT_TYPES.filter((type) => listed.includes(type));
  } else if (listed.some((type: unknown) => !PUBLIC_GRANT_TYPES.some((known) => known === type))) {
    throw new errors.InvalidClientMetadata(`grant_types can only contain ${PUBLIC_GRANT_TYPES.join(', ')}`);
  }
}

function checkedRedirectUris(uris: unknown, allowedSchemes: readonly string[]): string[] {
  if (uris === undefined) return [];
  if (!Array.isArray(uris) || uris.length > MAX_REDIRECT_URIS) {
    throw new errors.InvalidClientMetadata(`redirect_uris must be a list of at most ${MAX_REDIRECT_URIS}`);
  }
  return uris.map((uri: unknown) => {
    if (typeof uri === 'string' && uri.length <= MAX_URI_CHARACTERS && isAllowed(uri, allowedSchemes))
      return uri;
    throw new errors.InvalidClientMetadata(
      'redirect_uris must be https, http on loopback, or have a scheme that this server allows',
    );
  });
}

function isAllowed(uri: string, allowedSchemes: readonly string[]): boolean {
  const url = URL.parse(uri);
  if (url?.username !== '' || url.password !== '') return false;
  if (url.protocol === 'https:') return true;
  if (url.protocol === 'http:') return isLoopbackHost(url.hostname);
  return allowedSchemes.includes(url.protocol.slice(0, -1));
}

function applicationType(uris: readonly string[]): 'web' | 'native' {
  return uris.every((uri) => uri.toLowerCase().startsWith('https:')) ? 'web' : 'native';
}
