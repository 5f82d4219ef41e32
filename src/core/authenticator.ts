import type { Principal } from './principal.ts';

/** Turns an access token into the principal that it stands for. */
export interface Authenticator {
  /**
   * Answers synchronously when the token was verified before and nothing has to be awaited.
   *
   * @throws AppError `INVALID_TOKEN` for any fault of the token's own making (RFC 6750 §3.1), and
   *   `UNAVAILABLE` when the token cannot be judged now: an outage never looks like a bad token.
   */
  authenticate(token: string): Principal | Promise<Principal>;
}
