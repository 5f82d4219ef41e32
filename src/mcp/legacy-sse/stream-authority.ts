import type { Permit } from '../../core/permit.ts';
import type { Principal } from '../../core/principal.ts';
import { ScopeSet } from '../../core/scopes.ts';

/** What a message brings of the token that it was sent with. */
export interface Grant {
  readonly scopes: readonly string[];
  /** As {@link Principal.authority}. */
  readonly authority: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * The principal of a stream, as its newest token has it: a client that refreshes its token, or steps up, goes
 * on with the stream that it has. All tokens are of the same subject and client, under the same permit.
 */
export class StreamAuthority implements Principal {
  readonly subject: string;
  readonly clientId: string;
  readonly permit: Permit;
  #authority: string;
  #scopes: ScopeSet;
  #expiresAt: number;

  constructor({ subject, clientId, scopes, permit, authority, expiresAt }: Principal) {
    this.subject = subject;
    this.clientId = clientId;
    this.permit = permit;
    this.#authority = authority;
    this.#scopes = scopes;
    this.#expiresAt = expiresAt;
  }

  get scopes(): ScopeSet {
    return this.#scopes;
  }

  get authority(): string {
    return this.#authority;
  }

  get expiresAt(): number {
    return this.#expiresAt;
  }

  get isExpired(): boolean {
    return this.#expiresAt <= Date.now() / 1000;
  }

  /** The principal as it is now: what is begun is revoked with the token that has begun it. */
  now(): Principal {
    const { subject, clientId, scopes, permit, authority, expiresAt } = this;
    return Object.freeze({ subject, clientId, scopes, permit, authority, expiresAt });
  }

  renew({ scopes, authority, expiresAt }: Grant): void {
    if (expiresAt < this.#expiresAt) return;
    this.#authority = authority;
    this.#scopes = ScopeSet.of(scopes);
    this.#expiresAt = expiresAt;
  }
}
