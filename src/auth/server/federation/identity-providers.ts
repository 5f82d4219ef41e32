import type { IdentityProviderOptions } from '../../options/identity-providers.ts';
import { IdentityProvider, type IdentityProviderContext } from './identity-provider.ts';

/** The OpenID providers that the operator has configured. */
export class IdentityProviders {
  readonly #all: readonly IdentityProvider[];

  constructor(options: readonly IdentityProviderOptions[], context: IdentityProviderContext) {
    this.#all = options.map((each) => new IdentityProvider(each, context));
  }

  /** In the order of the configuration. */
  get all(): readonly IdentityProvider[] {
    return this.#all;
  }

  get(id: string): IdentityProvider | undefined {
    return this.#all.find((provider) => provider.id === id);
  }

  /** @param issuer as the `iss` of a token spells it */
  byIssuer(issuer: string): IdentityProvider | undefined {
    return this.#all.find(({ options }) => options.issuer === issuer);
  }
}
