import type { RequestHandler } from 'express';
import { type Clock, systemClock } from '../core/clock.ts';
import type { AppError } from '../core/errors.ts';
import { type Challenge, createChallenge } from './challenge.ts';
import { defaultScopes } from './default-scopes.ts';
import { createEmbeddedMode } from './modes/embedded.ts';
import { createNoneMode } from './modes/none.ts';
import type { AUTH_MODES, AuthOptions } from './options.ts';
import { requirePrincipal } from './require-principal.ts';
import { STREAM_ROUTES, streamAddress } from './resource-addresses.ts';
import { createResourceMetadata, resourceMetadataUrl } from './resource-metadata.ts';
import { type AuthorizationServerContext, createAuthorizationServer } from './server/authorization-server.ts';

export { type Accounts, openAccounts } from './server/accounts.ts';

export type AuthContext = Omit<AuthorizationServerContext, 'clock'> & { readonly clock?: Clock };

export interface Auth {
  /** Metadata, the endpoints of OAuth, and the pages: to be mounted at the root, with no body parser ahead. */
  readonly routes: readonly RequestHandler[];
  /** Sets the principal of a request's context, or refuses the request. */
  readonly requirePrincipal: RequestHandler;
  /** The `WWW-Authenticate` value that belongs to an error at a route, where one does. */
  readonly challenge: (error: AppError, route: string) => string | undefined;
  /** A new one-time link for the owner account, good for an hour; undefined when there is an account. */
  setupUrl(): Promise<URL | undefined>;
  close(): Promise<void>;
}

type AuthMode = (typeof AUTH_MODES)[number];

const modes: Readonly<
  Record<AuthMode, (options: AuthOptions, context: Required<AuthContext>) => Promise<Auth>>
> = {
  embedded: embeddedAuth,
  none: noAuth,
};

/**
 * Authorization as configured.
 *
 * @throws AppError `CONFIGURATION_INVALID` when mode `none` is asked for on an address that other machines
 *   can reach.
 */
export async function createAuth(options: AuthOptions, context: AuthContext): Promise<Auth> {
  return await modes[options.mode](options, { passwordCost: undefined, clock: systemClock, ...context });
}

async function embeddedAuth(options: AuthOptions, context: Required<AuthContext>): Promise<Auth> {
  const { publicUrl, resource, telemetry, clock } = context;
  const scopes = defaultScopes(context.scopes);
  const server = await createAuthorizationServer(options, context);
  const authenticator = await createEmbeddedMode({
    ...context,
    issuer: publicUrl.origin,
    verificationKeys: () => server.keys().verification,
  });
  const resourceMetadata = createResourceMetadata({
    resource,
    scopes,
    issuer: publicUrl.origin,
    name: 'Fairlead',
    documentation: publicUrl,
  });
  const challengeFor = (address: URL): Challenge =>
    createChallenge({ resourceMetadata: resourceMetadataUrl(address), defaultScopes: scopes });
  const challenge = challengeFor(resource);
  const streamChallenge = challengeFor(streamAddress(resource));
  return {
    routes: [resourceMetadata, ...server.routes],
    requirePrincipal: requirePrincipal({ authenticator, telemetry, clock }),
    challenge: (error, route) => (STREAM_ROUTES.has(route) ? streamChallenge : challenge)(error),
    setupUrl: () => server.setupUrl(),
    close: () => authenticator.close(),
  };
}

function noAuth(_options: AuthOptions, { publicUrl }: AuthContext): Promise<Auth> {
  return Promise.resolve({
    routes: [],
    requirePrincipal: createNoneMode({ host: publicUrl.hostname }),
    challenge: () => undefined,
    setupUrl: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  });
}
