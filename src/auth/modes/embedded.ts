import type { JWK, JWTHeaderParameters, JWTPayload, JWTVerifyOptions } from 'jose';
import { JWKSNoMatchingKey } from 'jose/errors';
import { jwtVerify } from 'jose/jwt/verify';
import type { Clock } from '../../core/clock.ts';
import type { Admit, Identity } from '../../core/principal.ts';
import { ScopeSet } from '../../core/scopes.ts';
import type { Store } from '../../core/store.ts';
import { stringClaim, stringClaims } from '../claims.ts';
import { keyThumbprintOf } from '../dpop/confirmation.ts';
import {
  CLOCK_TOLERANCE,
  rememberVerified,
  type TokenAuthenticator,
  type VerifiedToken,
} from './verified-tokens.ts';

export interface EmbeddedModeContext {
  /** The `iss` of every token: the public origin. */
  readonly issuer: string;
  /** The `aud` of every token: the public URL of the MCP endpoint. */
  readonly resource: URL;
  /** Public keys by `kid`. Asked for at every call: the same map until the key ring turns. */
  readonly verificationKeys: () => ReadonlyMap<string, JWK>;
  readonly store: Pick<Store, 'get' | 'subscribe'>;
  readonly clock: Clock;
  readonly admit: Admit;
}

export type EmbeddedMode = TokenAuthenticator;

/**
 * Judges the access tokens of the authorization server in this process: ES256 `at+jwt` (RFC 9068), bound
 * to one resource, dead as soon as their grant is revoked.
 */
export async function createEmbeddedMode(context: EmbeddedModeContext): Promise<EmbeddedMode> {
  const { issuer, resource, verificationKeys, store, clock, admit } = context;
  const expected: JWTVerifyOptions = {
    issuer,
    audience: resource.href,
    algorithms: ['ES256'],
    typ: 'at+jwt',
    requiredClaims: ['exp', 'iat', 'sub', 'client_id', 'jti'],
    clockTolerance: CLOCK_TOLERANCE,
  };

  function keyFor(header: JWTHeaderParameters): JWK {
    const key = verificationKeys().get(header.kid ?? '');
    if (key === undefined) throw new JWKSNoMatchingKey();
    return key;
  }

  async function verify(token: string): Promise<VerifiedToken> {
    const { payload, protectedHeader } = await jwtVerify(token, keyFor, {
      ...expected,
      currentDate: new Date(clock.now()),
    });
    const { kid = '' } = protectedHeader;
    return {
      principal: admit(identityOf(payload)),
      keyThumbprint: keyThumbprintOf(payload['cnf']),
      stands: () => verificationKeys().has(kid),
    };
  }

  return await rememberVerified({ verify, store, clock });
}

function identityOf(payload: JWTPayload): Identity {
  const tokenId = stringClaim(payload.jti);
  return {
    subject: stringClaim(payload.sub),
    clientId: stringClaim(payload['client_id']),
    scopes: ScopeSet.parse(payload['scope'] === undefined ? '' : stringClaim(payload['scope'])),
    groups: payload['groups'] === undefined ? [] : stringClaims(payload['groups']),
    email: payload['email'] === undefined ? undefined : stringClaim(payload['email']),
    authority: payload['gid'] === undefined ? tokenId : stringClaim(payload['gid']),
    expiresAt: payload.exp ?? 0,
  };
}
