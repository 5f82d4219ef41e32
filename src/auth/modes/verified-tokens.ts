import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Authenticated, Authenticator } from '../../core/authenticator.ts';
import type { Clock } from '../../core/clock.ts';
import type { Store } from '../../core/store.ts';
import { REVOCATIONS, revocationKey } from '../revocations.ts';
import { invalidToken, tokenFault } from '../token-fault.ts';

/** A token that was found good, and what that depends on. */
export interface VerifiedToken extends Authenticated {
  /** Asked at each use, and cheap: false once it has to be verified anew, because a key has changed for one. */
  readonly stands: () => boolean;
  /** Revoked, it ends the tokens of a subject as long as its record is there. Undefined where grants do that. */
  readonly subjectId?: string;
}

export interface VerifiedTokensContext {
  /**
   * Verifies a token from the start. What it throws goes through {@link tokenFault}.
   *
   * @param key SHA-256 of the token, under which more can be remembered about it.
   */
  readonly verify: (token: string, key: string) => Promise<VerifiedToken>;
  readonly store: Pick<Store, 'get' | 'subscribe'>;
  readonly clock: Clock;
}

/** Authenticates by tokens, and hears what is revoked. */
export interface TokenAuthenticator extends Authenticator {
  /** Calls the listener with the authority of whatever is revoked; answers how to stop. */
  onRevoked(listener: (authority: string) => void): () => void;
  close(): Promise<void>;
}

/** Seconds by which our clock may differ from that of who issues tokens. */
export const CLOCK_TOLERANCE = 5;
/** Milliseconds for which a token counts as not revoked after the store said so. */
const RECHECK_AFTER = 1000;
/** Verified tokens that are remembered, at under 1 KB each. */
const MAX_VERIFIED = 10_000;
/** Revocations that are remembered as heard; the store knows the older ones. */
const MAX_HEARD = 1000;

interface RememberedToken extends VerifiedToken {
  /** When the store was last asked, in milliseconds since the epoch. */
  checkedAt: number;
  /** The question to the store that is under way, shared by all callers. */
  recheck: Promise<Authenticated> | undefined;
}

/**
 * Remembers verified tokens, whoever has issued them, until they expire, stand no longer or are revoked: what
 * was verified before passes in the same turn.
 */
export async function rememberVerified(context: VerifiedTokensContext): Promise<TokenAuthenticator> {
  const tokens = new VerifiedTokens(context);
  const unsubscribe = await context.store.subscribe(REVOCATIONS, (id) => {
    tokens.revoked(id);
  });
  return {
    authenticate: (token) => tokens.authenticate(token),
    onRevoked: (listener) => tokens.onRevoked(listener),
    close: unsubscribe,
  };
}

class VerifiedTokens implements Authenticator {
  readonly #context: VerifiedTokensContext;
  // Keyed by the token's hash, so that a memory dump holds no usable token.
  readonly #verified = new LRUCache<string, RememberedToken>({ max: MAX_VERIFIED });
  /** Verifications that are under way, shared by all who present the same token. */
  readonly #verifying = new Map<string, Promise<Authenticated>>();
  readonly #heard = new LRUCache<string, true>({ max: MAX_HEARD });
  readonly #listeners = new Set<(authority: string) => void>();

  constructor(context: VerifiedTokensContext) {
    this.#context = context;
  }

  authenticate(token: string): Authenticated | Promise<Authenticated> {
    const key = hash('sha256', token, 'base64url');
    const known = this.#verified.get(key);
    if (known === undefined) return this.#verifyOnce(token, key);
    const now = this.#context.clock.now();
    if (expired(known, now) || !known.stands()) {
      this.#verified.delete(key);
      // Once more from the start: that says what is wrong with it now.
      return this.#verifyOnce(token, key);
    }
    const age = now - known.checkedAt;
    // A negative age is a clock that was set back: it must not keep a revoked token alive.
    if (age >= 0 && age < RECHECK_AFTER) return known;
    known.recheck ??= this.#recheck(known);
    return known.recheck;
  }

  onRevoked(listener: (authority: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes note that a grant, a token without one, or a subject was revoked. */
  revoked(id: string): void {
    this.#heard.set(id, true);
    this.#end(id);
  }

  /** Forgets the tokens of an authority or a subject, and tells of all that has ended with it. */
  #end(id: string): void {
    const ended = new Set([id]);
    for (const [key, { principal, subjectId }] of this.#verified.entries()) {
      if (principal.authority !== id && subjectId !== id) continue;
      this.#verified.delete(key);
      ended.add(principal.authority);
    }
    for (const listener of this.#listeners) for (const authority of ended) listener(authority);
  }

  #verifyOnce(token: string, key: string): Promise<Authenticated> {
    let verifying = this.#verifying.get(key);
    if (verifying === undefined) {
      verifying = this.#verify(token, key).finally(() => this.#verifying.delete(key));
      this.#verifying.set(key, verifying);
    }
    return verifying;
  }

  async #verify(token: string, key: string): Promise<Authenticated> {
    try {
      const verified = { ...(await this.#context.verify(token, key)), checkedAt: 0, recheck: undefined };
      await this.#refuseRevoked(verified);
      this.#verified.set(key, verified);
      return verified;
    } catch (error) {
      throw tokenFault(error);
    }
  }

  async #recheck(known: RememberedToken): Promise<Authenticated> {
    try {
      await this.#refuseRevoked(known);
      return known;
    } catch (error) {
      throw tokenFault(error);
    } finally {
      known.recheck = undefined;
    }
  }

  async #refuseRevoked(token: RememberedToken): Promise<void> {
    const { store, clock } = this.#context;
    const { authority } = token.principal;
    const { subjectId } = token;
    const askedAt = clock.now();
    const [record, ofSubject] = await Promise.all([
      store.get(revocationKey(authority)),
      subjectId === undefined ? undefined : store.get(revocationKey(subjectId)),
    ]);
    // A revocation can be heard while the store's older answer is on its way.
    if (record !== undefined || this.#heard.has(authority)) {
      this.revoked(authority);
      throw invalidToken('The access token was revoked.');
    }
    // A subject can be let in again: that it was cut off is not to be remembered.
    if (subjectId !== undefined && ofSubject !== undefined) {
      this.#end(subjectId);
      throw invalidToken('The access of the subject was taken away.');
    }
    token.checkedAt = askedAt;
  }
}

function expired({ principal }: VerifiedToken, now: number): boolean {
  return (principal.expiresAt + CLOCK_TOLERANCE) * 1000 <= now;
}
