import type { Permit } from '../../core/permit.ts';
import type { Principal } from '../../core/principal.ts';
import { ScopeSet } from '../../core/scopes.ts';

/** What a message brings of the token that it was sent with. */
export interface Grant {
  readonly scopes: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * The principal of a stream, as its newest token has it: a client that refreshes its token, or steps up, goes
 * on with the stream that it has. All tokens are of the same subject and client.
 */
export class StreamAuthority implements Principal {
  readonly subject: string;
  readonly clientId: string;
  readonly permit: Permit;
  readonly authority: string;
  #scopes: ScopeSet;
  #expiresAt: number;

  constructor({ subject, clientId, scopes, permit, authority, expiresAt }: Principal) {
    this.subject = subject;
    this.clientId = clientId;
    this.permit = permit;
    this.authority = authority;
    this.#scopes = scopes;
    this.#expiresAt = expiresAt;
  }

  get scopes(): ScopeSet {
    return this.#scopes;
  }

  get expiresAt(): number {
    return this.#expiresAt;
  }

  get isExpired(): boolean {
    return this.#expiresAt <= Date.now() / 1000;
  }

  renew({ scopes, expiresAt }: Grant): void {
    if (expiresAt < this.#expiresAt) return;
    this.#scopes = ScopeSet.of(scopes);
    this.#expiresAt = expiresAt;
  }
}
