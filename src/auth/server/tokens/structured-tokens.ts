import type { JWTPayload } from 'jose';
import { jwtVerify } from 'jose/jwt/verify';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { contextOf } from '../../../core/request-context.ts';
import { revocationKey, revoke } from '../../revocations.ts';
import { REVOCATION_LIFETIME } from './grants.ts';
import type { Keys } from '../keys.ts';
import type { ProviderContext } from '../provider-context.ts';

/**
 * Lets clients revoke (RFC 7009) and introspect (RFC 7662) access tokens. The provider refuses them there,
 * because as JWTs they are not in its store; what it did before, authenticating the client above all,
 * counts.
 */
export function serveStructuredTokens(provider: Provider, context: ProviderContext, keys: Keys): void {
  const refused = new WeakSet<KoaContextWithOIDC>();
  const note = (request: KoaContextWithOIDC, error: { readonly error: string }): void => {
    if (error.error === 'unsupported_token_type') refused.add(request);
  };
  provider.on('revocation.error', note);
  provider.on('introspection.error', note);
  provider.use(async (request: KoaContextWithOIDC, next: () => Promise<unknown>) => {
    await next();
    if (!refused.has(request)) return;
    const claims = await readAccessToken(String(request.oidc.params?.['token']), context, keys);
    if (request.oidc.route === 'revocation') await answerRevocation(request, claims, context);
    else await answerIntrospection(request, claims, context);
  });
}

/** The claims of an access token of ours that has not expired; undefined for everything else. */
async function readAccessToken(
  token: string,
  { issuer, resource }: ProviderContext,
  keys: Keys,
): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(token, ({ kid = '' }) => known(keys.verification.get(kid)), {
      issuer,
      audience: resource,
      algorithms: ['ES256'],
      typ: 'at+jwt',
    });
    return payload;
  } catch {
    // To these endpoints, a token that is not good is an answer and no error (RFC 7009 §2.2, RFC 7662 §2.2).
    return undefined;
  }
}

function known<K>(key: K | undefined): K {
  if (key === undefined) throw new TypeError('No such key');
  return key;
}

async function answerRevocation(
  request: KoaContextWithOIDC,
  claims: JWTPayload | undefined,
  context: ProviderContext,
): Promise<void> {
  const clientId = request.oidc.client?.clientId;
  if (claims !== undefined && claims['client_id'] !== clientId) {
    context.telemetry.metrics.auth('revoke', 'invalid');
    context.telemetry.audit({
      action: 'revocation.refused',
      outcome: 'denied',
      ...(clientId === undefined ? {} : { clientId }),
      address: contextOf(request.req).address,
      details: { error: 'invalid_request', detail: 'client mismatch' },
    });
    request.body = { error: 'invalid_request', error_description: 'the token belongs to another client' };
    return;
  }
  if (claims !== undefined) await endToken(claims, context);
  context.telemetry.metrics.auth('revoke', 'ok');
  context.telemetry.audit({
    action: 'token.revoked',
    outcome: 'success',
    ...(clientId === undefined ? {} : { clientId }),
    ...(claims?.sub === undefined ? {} : { subject: claims.sub }),
    address: contextOf(request.req).address,
  });
  request.status = 200;
  request.body = '';
}

/** Ends the grant that an access token came of, or the token where there is none. */
async function endToken(
  { gid, sub = '', jti = '' }: JWTPayload,
  { store, grants }: ProviderContext,
): Promise<void> {
  if (typeof gid === 'string') await grants.revokeOwn(sub, gid);
  else await revoke(store, jti, REVOCATION_LIFETIME);
}

async function answerIntrospection(
  request: KoaContextWithOIDC,
  claims: JWTPayload | undefined,
  { store, options }: ProviderContext,
): Promise<void> {
  const asker = request.oidc.client?.clientId;
  const mayKnow =
    claims?.['client_id'] === asker || options.clients.some(({ clientId }) => clientId === asker);
  const active = claims !== undefined && mayKnow && !(await isRevoked(store, claims));
  request.status = 200;
  request.body = active ? { active, token_type: tokenType(claims), ...withoutGrant(claims) } : { active };
}

async function isRevoked(store: ProviderContext['store'], { gid, jti }: JWTPayload): Promise<boolean> {
  const id = typeof gid === 'string' ? gid : (jti ?? '');
  return (await store.get(revocationKey(id))) !== undefined;
}

/** RFC 9449 §5: what a bound token has to be presented as. */
function tokenType({ cnf }: JWTPayload): string {
  return cnf === undefined ? 'Bearer' : 'DPoP';
}

function withoutGrant(claims: JWTPayload): JWTPayload {
  return { ...claims, gid: undefined };
}
