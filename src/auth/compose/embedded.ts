import type { Auth } from '../auth.ts';
import { createEmbeddedMode } from '../modes/embedded.ts';
import type { AuthOptions } from '../options.ts';
import { isRevoked } from '../revocations.ts';
import {
  type AuthorizationServerContext,
  createAuthorizationServer,
} from '../server/authorization-server.ts';
import { createResourceServer } from './resource-server.ts';

/** Tokens of the authorization server in this process. */
export async function embeddedAuth(options: AuthOptions, context: AuthorizationServerContext): Promise<Auth> {
  const issuer = context.publicUrl.origin;
  const server = await createAuthorizationServer(options, context);
  const authenticator = await createEmbeddedMode({
    ...context,
    issuer,
    verificationKeys: () => server.keys().verification,
  });
  const { metadata, requirePrincipal, challenge } = createResourceServer(
    authenticator,
    [issuer],
    context,
    options,
  );
  return {
    routes: [metadata, ...server.routes],
    requirePrincipal,
    challenge,
    onRevoked: (listener) => authenticator.onRevoked(listener),
    isRevoked: (principal) => isRevoked(context.store, principal),
    checks: [],
    setupUrl: () => server.setupUrl(),
    close: () => authenticator.close(),
  };
}
