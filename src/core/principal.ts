import type { ScopeSet } from './scopes.ts';

/**
 * Who calls. It holds no token, so that passing a client's token on to anything upstream cannot be
 * written by accident.
 */
export interface Principal {
  /** The person or machine account: the token's `sub`. */
  readonly subject: string;
  /** The OAuth client that acts for the subject. */
  readonly clientId: string;
  readonly scopes: ScopeSet;
  /** When the authority ends, in seconds since the epoch. */
  readonly expiresAt: number;
}
