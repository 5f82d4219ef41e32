import type { Principal } from './principal.ts';

/** What a verified access token says. */
export interface Authenticated {
  readonly principal: Principal;
  /**
   * The thumbprint (RFC 7638) of the key that the token is bound to (RFC 9449 §6.1): without a proof that
   * the caller has this key, the token says nothing. Undefined for a bearer token.
   */
  readonly keyThumbprint: string | undefined;
}

/** Turns an access token into the principal that it stands for. */
export interface Authenticator {
  /**
   * Answers synchronously when the token was verified before and nothing has to be awaited. The caller of
   * this demands the proof that a bound token needs.
   *
   * @throws AppError `INVALID_TOKEN` for any fault of the token's own making (RFC 6750 §3.1), and
   *   `UNAVAILABLE` when the token cannot be judged now: an outage never looks like a bad token.
   */
  authenticate(token: string): Authenticated | Promise<Authenticated>;
}
