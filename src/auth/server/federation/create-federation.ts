import { FederatedSignIn, type FederatedSignInContext } from './federated-sign-in.ts';
import { IdentityProviders } from './identity-providers.ts';
import type { IdentityProviderOptions } from '../../options/identity-providers.ts';
import { People } from './people.ts';
import { UpstreamAccess, type UpstreamAccessContext } from './upstream-access.ts';

type Context = Omit<
  FederatedSignInContext & UpstreamAccessContext,
  'identityProviders' | 'people' | 'upstream'
>;

/** People of identity providers: who they are, how they sign in, and whether they are still there. */
export interface Federation {
  readonly identityProviders: IdentityProviders;
  readonly people: People;
  readonly upstream: UpstreamAccess;
  readonly federatedSignIn: FederatedSignIn;
}

/** Without providers nobody can sign in through one, and nobody who once did is vouched for. */
export function createFederation(options: readonly IdentityProviderOptions[], context: Context): Federation {
  const identityProviders = new IdentityProviders(options, { clock: context.clock });
  const people = new People(context);
  const upstream = new UpstreamAccess({ ...context, identityProviders, people });
  const federatedSignIn = new FederatedSignIn({ ...context, identityProviders, people, upstream });
  return { identityProviders, people, upstream, federatedSignIn };
}
