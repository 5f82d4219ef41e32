import type { IncomingMessage } from 'node:http';
import { systemClock } from '../core/clock.ts';
import type { AppError } from '../core/errors.ts';
import type { Auth as ModeAuth } from './auth.ts';
import { brokerAuth } from './compose/broker.ts';
import { embeddedAuth } from './compose/embedded.ts';
import { externalAuth } from './compose/external.ts';
import { noAuth } from './compose/none.ts';
import { ConnectionLog, observeConnections } from './connections/index.ts';
import type { AUTH_MODES, AuthOptions } from './options.ts';
import type { AuthorizationServerContext } from './server/authorization-server.ts';

export {
  type Connected,
  type Connection,
  Connections,
  isFailure,
  reasonWith,
  type Timeline,
  wordsOf,
} from './connections/index.ts';
export { admitSubject, cutOffSubject } from './revocations.ts';
export { AccountAdministration } from './server/accounts/account-administration.ts';
export { type Account, type Accounts, openAccounts } from './server/accounts/accounts.ts';
export { allowedScopes } from './server/accounts/allowed-scopes.ts';

type Context = Omit<AuthorizationServerContext, 'clock' | 'connections'> &
  Partial<Pick<AuthorizationServerContext, 'clock'>>;

export interface Auth extends ModeAuth {
  /** To be told of every request that was refused with an error, for the connection log. */
  readonly refused: (error: AppError, request: IncomingMessage) => void;
}

type AuthMode = (typeof AUTH_MODES)[number];

const modes: Readonly<
  Record<AuthMode, (options: AuthOptions, context: AuthorizationServerContext) => Promise<ModeAuth>>
> = {
  embedded: embeddedAuth,
  broker: brokerAuth,
  external: externalAuth,
  none: noAuth,
};

/** Whether there are people who sign in here. */
export function hasAccounts({ mode }: Pick<AuthOptions, 'mode'>): boolean {
  return mode === 'embedded' || mode === 'broker';
}

/**
 * Authorization as configured.
 *
 * @throws AppError `CONFIGURATION_INVALID` when mode `none` is asked for on an address that other machines
 *   can reach.
 */
export async function createAuth(options: AuthOptions, context: Context): Promise<Auth> {
  const clock = context.clock ?? systemClock;
  const { keptSeconds } = options.connections;
  const log = new ConnectionLog({
    ...{ ...context, clock, keptSeconds },
    logger: context.telemetry.logger,
    names: new Map(options.clients.map(({ clientId, name }) => [clientId, name])),
  });
  const connections = observeConnections(log, { telemetry: context.telemetry, clock });
  const { telemetry } = connections;
  const auth = await modes[options.mode](options, { ...context, clock, telemetry, connections });
  return {
    ...auth,
    routes: [connections.requests, ...auth.routes],
    requirePrincipal: connections.passing(auth.requirePrincipal),
    refused: connections.refused,
    close: async () => {
      await auth.close();
      await log.close();
    },
  };
}
