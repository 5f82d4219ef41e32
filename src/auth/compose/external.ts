import type { Auth, AuthContext } from '../auth.ts';
import { createExternalMode } from '../modes/external/external-mode.ts';
import type { AuthOptions } from '../options.ts';
import { isRevoked } from '../revocations.ts';
import { createResourceServer } from './resource-server.ts';

/** Tokens that others issue: nothing of an authorization server is mounted here, and nobody has an account. */
export async function externalAuth(options: AuthOptions, context: AuthContext): Promise<Auth> {
  const { external } = options;
  const issuers = external.issuers.map(({ issuer }) => issuer);
  const mode = await createExternalMode(external, { ...context, logger: context.telemetry.logger });
  const { metadata, requirePrincipal, challenge } = createResourceServer(mode, issuers, context, options);
  return {
    routes: [metadata],
    requirePrincipal,
    challenge,
    onRevoked: (listener) => mode.onRevoked(listener),
    isRevoked: (principal) => isRevoked(context.store, principal),
    checks: [mode.health],
    setupUrl: () => Promise.resolve(undefined),
    close: () => mode.close(),
  };
}
