import type { Adapter } from 'oidc-provider';
import type { AuthOptions } from '../../options.ts';
import {
  type AdapterContext,
  EntityAdapter,
  GrantAdapter,
  OneTimeAdapter,
  ReplayAdapter,
  SessionAdapter,
} from './adapter.ts';
import { ClientAdapter } from '../clients/client-adapter.ts';
import { DeviceCodeAdapter } from '../device/device-code-adapter.ts';
import { InteractionAdapter } from '../consent/interaction-adapter.ts';
import { RefreshTokenAdapter } from '../tokens/refresh-token-adapter.ts';

interface Adapters {
  readonly create: (model: string) => Adapter;
  readonly clients: ClientAdapter;
}

/** The keeper of each kind of entity. A kind that is not listed here is kept without further rules. */
export function createAdapters(context: AdapterContext & { readonly options: AuthOptions }): Adapters {
  const { options } = context;
  const clients = new ClientAdapter(context);
  const special: Readonly<Record<string, Adapter>> = {
    Client: clients,
    Grant: new GrantAdapter('Grant', context),
    Interaction: new InteractionAdapter('Interaction', context),
    Session: new SessionAdapter('Session', context),
    AuthorizationCode: new OneTimeAdapter('AuthorizationCode', context),
    DeviceCode: new DeviceCodeAdapter(context),
    PushedAuthorizationRequest: new OneTimeAdapter('PushedAuthorizationRequest', context),
    ReplayDetection: new ReplayAdapter('ReplayDetection', context),
    RefreshToken: new RefreshTokenAdapter({ ...context, graceSeconds: options.refreshGraceSeconds }),
  };
  return { clients, create: (model) => special[model] ?? new EntityAdapter(model, context) };
}
