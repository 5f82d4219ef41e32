import { hash } from 'node:crypto';
import { type RequestHandler, type Response, Router } from 'express';
import type { Scope } from '../../core/scopes.ts';
import { PROOF_ALGORITHMS } from '../dpop/algorithms.ts';
import { DEVICE_GRANT, JWT_BEARER_GRANT } from '../grant-types.ts';
import type { AuthOptions } from '../options.ts';
import { GRANT_PROFILES, takesAssertions } from './clients/declared-grants.ts';
import { ENDPOINTS } from './endpoints.ts';
import type { KeyRing, Keys } from './keys.ts';
import { OIDC_SCOPES } from './consent/requested-scopes.ts';

interface MetadataContext {
  readonly issuer: string;
  readonly resource: URL;
  readonly scopes: readonly Scope[];
  readonly options: AuthOptions;
  readonly ring: KeyRing;
}

const CACHE_SECONDS = 300;
/** Short: a new key signs ten seconds after it is published. */
const KEYS_CACHE_SECONDS = 10;
const DOCUMENTS = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];

/**
 * Serves the metadata of the authorization server (RFC 8414) and its public keys. They are static, so they
 * are answered without waiting for the server itself; a test holds them to what it says.
 *
 * Clients that take the MCP URL for the issuer look below it or put the well-known path before it: they
 * find the same document.
 */
export function metadataRoutes(context: MetadataContext): RequestHandler {
  const { pathname } = context.resource;
  const router = Router({ caseSensitive: true, strict: true });
  const document = Buffer.from(JSON.stringify(authorizationServerMetadata(context)));
  const paths = DOCUMENTS.flatMap((path) => [path, path + pathname, pathname + path]);
  router.get(paths, (_request, response) => {
    sendDocument(response, document, { type: 'application/json', seconds: CACHE_SECONDS });
  });
  let published: { readonly keys: Keys; readonly document: Buffer } | undefined;
  router.get(ENDPOINTS.jwks, (_request, response) => {
    const { keys } = context.ring;
    if (published?.keys !== keys) published = { keys, document: keySet(keys) };
    sendDocument(response, published.document, {
      type: 'application/jwk-set+json',
      seconds: KEYS_CACHE_SECONDS,
    });
  });
  return router;
}

function keySet({ verification }: Keys): Buffer {
  return Buffer.from(JSON.stringify({ keys: [...verification.values()] }));
}

function sendDocument(
  response: Response,
  document: Buffer,
  { type, seconds }: { readonly type: string; readonly seconds: number },
): void {
  response
    .set({
      'Content-Type': type,
      'Cache-Control': `public, max-age=${String(seconds)}`,
      ETag: `"${hash('sha256', document, 'base64url')}"`,
    })
    .send(document);
}

function authorizationServerMetadata({ issuer, scopes, options }: MetadataContext): object {
  const endpoint = (path: string): string => issuer + path;
  const { registration, deviceFlow } = options;
  const actForThemselves = options.clients.some(({ grantTypes }) =>
    grantTypes.includes('client_credentials'),
  );
  return {
    issuer,
    authorization_endpoint: endpoint(ENDPOINTS.authorization),
    token_endpoint: endpoint(ENDPOINTS.token),
    jwks_uri: endpoint(ENDPOINTS.jwks),
    ...(registration.mode === 'off' ? {} : { registration_endpoint: endpoint(ENDPOINTS.registration) }),
    revocation_endpoint: endpoint(ENDPOINTS.revocation),
    introspection_endpoint: endpoint(ENDPOINTS.introspection),
    pushed_authorization_request_endpoint: endpoint(ENDPOINTS.pushed_authorization_request),
    ...(deviceFlow.enabled
      ? { device_authorization_endpoint: endpoint(ENDPOINTS.device_authorization) }
      : {}),
    scopes_supported: [...OIDC_SCOPES, ...scopes],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: [
      'authorization_code',
      'refresh_token',
      ...(actForThemselves ? ['client_credentials'] : []),
      ...(deviceFlow.enabled ? [DEVICE_GRANT] : []),
      ...(takesAssertions(options) ? [JWT_BEARER_GRANT] : []),
    ],
    ...(takesAssertions(options) ? GRANT_PROFILES : {}),
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: [
      'none',
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
    ],
    token_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'],
    ...(options.metadataDocuments.enabled ? { client_id_metadata_document_supported: true } : {}),
    authorization_response_iss_parameter_supported: true,
    request_uri_parameter_supported: false,
    claims_supported: ['sub', 'sid', 'auth_time', 'iss'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    ...(options.dpop === 'off' ? {} : { dpop_signing_alg_values_supported: PROOF_ALGORITHMS }),
  };
}
