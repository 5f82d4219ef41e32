import type { Adapter } from 'oidc-provider';
import type { AuthOptions } from '../options.ts';
import {
  type AdapterContext,
  EntityAdapter,
  GrantAdapter,
  OneTimeAdapter,
  ReplayAdapter,
  SessionAdapter,
} from './adapter.ts';
import { ClientAdapter } from './client-adapter.ts';
import { RefreshTokenAdapter } from './refresh-token-adapter.ts';

interface Adapters {
  readonly create: (model: string) => Adapter;
  readonly clients: ClientAdapter;
}

/** The keeper of each kind of entity. A kind that is not listed here is kept without further rules. */
export function createAdapters(context: AdapterContext & { readonly options: AuthOptions }): Adapters {
  const { options } = context;
  const clients = new ClientAdapter({ ...context, registration: options.registration });
  const special: Readonly<Record<string, Adapter>> = {
    Client: clients,
    Grant: new GrantAdapter('Grant', context),
    Session: new SessionAdapter('Session', context),
    AuthorizationCode: new OneTimeAdapter('AuthorizationCode', context),
    PushedAuthorizationRequest: new OneTimeAdapter('PushedAuthorizationRequest', context),
    ReplayDetection: new ReplayAdapter('ReplayDetection', context),
    RefreshToken: new RefreshTokenAdapter({ ...context, graceSeconds: options.refreshGraceSeconds }),
  };
  return { clients, create: (model) => special[model] ?? new EntityAdapter(model, context) };
}
