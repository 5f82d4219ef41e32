import type { RequestHandler } from 'express';
import type { Authenticator } from '../../core/authenticator.ts';
import type { Auth, AuthContext } from '../auth.ts';
import { type Challenge, createChallenge } from '../challenge.ts';
import { defaultScopes } from '../default-scopes.ts';
import { Possession } from '../dpop/possession.ts';
import type { AuthOptions } from '../options.ts';
import { requirePrincipal } from '../require-principal.ts';
import { STREAM_ROUTES, streamAddress } from '../resource-addresses.ts';
import { createResourceMetadata, resourceMetadataUrl } from '../resource-metadata.ts';

interface ResourceServer extends Pick<Auth, 'requirePrincipal' | 'challenge'> {
  /** Serves the metadata of the resource (RFC 9728). */
  readonly metadata: RequestHandler;
}

/** What stands before the MCP endpoint, whoever issues the tokens. */
export function createResourceServer(
  authenticator: Authenticator,
  issuers: readonly string[],
  context: AuthContext,
  { dpop }: Pick<AuthOptions, 'dpop'>,
): ResourceServer {
  const { publicUrl, resource, telemetry, clock, keyRing } = context;
  const scopes = defaultScopes(context.scopes);
  const metadata = createResourceMetadata({
    ...{ resource, scopes, issuers, dpop },
    name: 'Fairlead',
    documentation: publicUrl,
  });
  const challengeFor = (address: URL): Challenge =>
    createChallenge({ resourceMetadata: resourceMetadataUrl(address), defaultScopes: scopes, dpop });
  const challenge = challengeFor(resource);
  const streamChallenge = challengeFor(streamAddress(resource));
  const possession = new Possession({ ...context, secrets: () => keyRing.keys.cookies });
  return {
    metadata,
    requirePrincipal: requirePrincipal({ authenticator, telemetry, clock, dpop, possession }),
    challenge: (error, route) => (STREAM_ROUTES.has(route) ? streamChallenge : challenge)(error),
  };
}
