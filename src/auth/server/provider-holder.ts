import type { RunningProvider } from './provider.ts';
import type { KeyRing, Keys } from './keys.ts';
import type { ProviderContext } from './provider-context.ts';

/**
 * The authorization server of the moment. oidc-provider takes its keys once and for all, so when the ring
 * turns another one is built; requests that are under way end with the one that they began with. Both work
 * on the same store.
 *
 * The library takes longer to load than all the rest of the service: it is loaded when first asked for.
 */
export class ProviderHolder {
  readonly #context: ProviderContext;
  readonly #ring: KeyRing;
  #built: { readonly keys: Keys; readonly running: Promise<RunningProvider> } | undefined;

  constructor(context: ProviderContext, ring: KeyRing) {
    this.#context = context;
    this.#ring = ring;
  }

  current(): Promise<RunningProvider> {
    const { keys } = this.#ring;
    if (this.#built?.keys !== keys) this.#built = { keys, running: this.#build(keys) };
    return this.#built.running;
  }

  async #build(keys: Keys): Promise<RunningProvider> {
    const { buildProvider } = await import('./provider.ts');
    return buildProvider(this.#context, keys);
  }
}
