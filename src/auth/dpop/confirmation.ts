import { invalidToken } from '../token-fault.ts';

/** SHA-256 in base64url. */
const THUMBPRINT = /^[\w-]{43}$/;

/**
 * The key that a token is bound to, by its `cnf` claim (RFC 7800 §3) or member of an introspection response
 * (RFC 9449 §6). Undefined for a bearer token.
 *
 * @throws AppError `INVALID_TOKEN` for any other confirmation: a token that is bound in a way which cannot be
 *   checked here must not pass as if it were not bound.
 */
export function keyThumbprintOf(confirmation: unknown): string | undefined {
  if (confirmation === undefined) return undefined;
  const { jkt, ...others }: { readonly jkt?: unknown } =
    typeof confirmation === 'object' && confirmation !== null ? confirmation : {};
  if (typeof jkt === 'string' && THUMBPRINT.test(jkt) && Object.keys(others).length === 0) return jkt;
  throw invalidToken('The access token is bound in a way that this server cannot check.');
}
