import { hash } from 'node:crypto';
import type { JWK, JWTHeaderParameters, JWTPayload, JWTVerifyOptions } from 'jose';
import { JWKSNoMatchingKey } from 'jose/errors';
import { jwtVerify } from 'jose/jwt/verify';
import { LRUCache } from 'lru-cache';
import type { Authenticator } from '../../core/authenticator.ts';
import type { Clock } from '../../core/clock.ts';
import type { Principal } from '../../core/principal.ts';
import { ScopeSet } from '../../core/scopes.ts';
import type { Store } from '../../core/store.ts';
import { REVOCATIONS, revocationKey } from '../revocations.ts';
import { invalidToken, tokenFault } from '../token-fault.ts';

export interface EmbeddedModeContext {
  /** The `iss` of every token: the public origin. */
  readonly issuer: string;
  /** The `aud` of every token: the public URL of the MCP endpoint. */
  readonly resource: URL;
  /** Public keys by `kid`. Asked for at every call: the same map until the key ring turns. */
  readonly verificationKeys: () => ReadonlyMap<string, JWK>;
  readonly store: Pick<Store, 'get' | 'subscribe'>;
  readonly clock: Clock;
}

export interface EmbeddedMode extends Authenticator {
  close(): Promise<void>;
}

/** Seconds by which the clocks of two replicas may differ. */
const CLOCK_TOLERANCE = 5;
/** Milliseconds for which a token counts as not revoked after the store said so. */
const RECHECK_AFTER = 1000;
/** Verified tokens that are remembered, at under 1 KB each. */
const MAX_VERIFIED = 10_000;
/** Revocations that are remembered as heard; the store knows the older ones. */
const MAX_HEARD = 1000;

interface VerifiedToken {
  readonly principal: Principal;
  readonly kid: string;
  /** The grant's hashed id; of a token without a grant, its own. */
  readonly revocationId: string;
  /** When the store was last asked, in milliseconds since the epoch. */
  checkedAt: number;
  /** The question to the store that is under way, shared by all callers. */
  recheck: Promise<Principal> | undefined;
}

/**
 * Judges the access tokens of the authorization server in this process: ES256 `at+jwt` (RFC 9068), bound
 * to one resource, dead as soon as their grant is revoked.
 */
export async function createEmbeddedMode(context: EmbeddedModeContext): Promise<EmbeddedMode> {
  const tokens = new AccessTokens(context);
  const unsubscribe = await context.store.subscribe(REVOCATIONS, (id) => {
    tokens.revoked(id);
  });
  return {
    authenticate: (token) => tokens.authenticate(token),
    close: unsubscribe,
  };
}

class AccessTokens implements Authenticator {
  readonly #context: EmbeddedModeContext;
  readonly #expected: JWTVerifyOptions;
  // Keyed by the token's hash, so that a memory dump holds no usable token.
  readonly #verified = new LRUCache<string, VerifiedToken>({ max: MAX_VERIFIED });
  readonly #heard = new LRUCache<string, true>({ max: MAX_HEARD });

  constructor(context: EmbeddedModeContext) {
    this.#context = context;
    this.#expected = {
      issuer: context.issuer,
      audience: context.resource.href,
      algorithms: ['ES256'],
      typ: 'at+jwt',
      requiredClaims: ['exp', 'iat', 'sub', 'client_id', 'jti'],
      clockTolerance: CLOCK_TOLERANCE,
    };
  }

  authenticate(token: string): Principal | Promise<Principal> {
    const key = hash('sha256', token, 'base64url');
    const known = this.#verified.get(key);
    if (known === undefined) return this.#verify(token, key);
    const now = this.#context.clock.now();
    if (this.#outlived(known, now)) {
      this.#verified.delete(key);
      // Once more from the start: that says what is wrong with it now.
      return this.#verify(token, key);
    }
    const age = now - known.checkedAt;
    // A negative age is a clock that was set back: it must not keep a revoked token alive.
    if (age >= 0 && age < RECHECK_AFTER) return known.principal;
    known.recheck ??= this.#recheck(known);
    return known.recheck;
  }

  /** Takes note that a grant, or a token without one, was revoked. */
  revoked(id: string): void {
    this.#heard.set(id, true);
    for (const [key, token] of this.#verified.entries()) {
      if (token.revocationId === id) this.#verified.delete(key);
    }
  }

  #outlived(token: VerifiedToken, now: number): boolean {
    return (
      (token.principal.expiresAt + CLOCK_TOLERANCE) * 1000 <= now ||
      !this.#context.verificationKeys().has(token.kid)
    );
  }

  async #verify(token: string, key: string): Promise<Principal> {
    try {
      const verified = await this.#read(token);
      await this.#refuseRevoked(verified);
      this.#verified.set(key, verified);
      return verified.principal;
    } catch (error) {
      throw tokenFault(error);
    }
  }

  async #recheck(known: VerifiedToken): Promise<Principal> {
    try {
      await this.#refuseRevoked(known);
      return known.principal;
    } catch (error) {
      throw tokenFault(error);
    } finally {
      known.recheck = undefined;
    }
  }

  async #read(token: string): Promise<VerifiedToken> {
    const { payload, protectedHeader } = await jwtVerify(token, (header) => this.#keyFor(header), {
      ...this.#expected,
      currentDate: new Date(this.#context.clock.now()),
    });
    const tokenId = stringClaim(payload.jti);
    return {
      principal: principalOf(payload),
      kid: protectedHeader.kid ?? '',
      revocationId: payload['gid'] === undefined ? tokenId : stringClaim(payload['gid']),
      checkedAt: 0,
      recheck: undefined,
    };
  }

  #keyFor(header: JWTHeaderParameters): JWK {
    const key = this.#context.verificationKeys().get(header.kid ?? '');
    if (key === undefined) throw new JWKSNoMatchingKey();
    return key;
  }

  async #refuseRevoked(token: VerifiedToken): Promise<void> {
    const { store, clock } = this.#context;
    const { revocationId } = token;
    const askedAt = clock.now();
    const record = await store.get(revocationKey(revocationId));
    // A revocation can be heard while the store's older answer is on its way.
    if (record !== undefined || this.#heard.has(revocationId)) {
      this.revoked(revocationId);
      throw invalidToken('The access token was revoked.');
    }
    token.checkedAt = askedAt;
  }
}

function principalOf(payload: JWTPayload): Principal {
  // Bound to a key (RFC 7800): as a mere bearer token it proves nothing.
  if (payload['cnf'] !== undefined) throw invalidToken('The access token is bound to a key.');
  return Object.freeze({
    subject: stringClaim(payload.sub),
    clientId: stringClaim(payload['client_id']),
    scopes: ScopeSet.parse(payload['scope'] === undefined ? '' : stringClaim(payload['scope'])),
    expiresAt: payload.exp ?? 0,
  });
}

function stringClaim(claim: unknown): string {
  if (typeof claim === 'string') return claim;
  throw invalidToken('The access token is not valid.');
}
