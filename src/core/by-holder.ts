import type { Permit } from './permit.ts';
import type { Principal } from './principal.ts';
import type { ScopeSet } from './scopes.ts';

/** What decides on what a principal sees. */
export type Holder = Pick<Principal, 'scopes' | 'permit'>;

/** What is made once for each pair of permit and scopes. Both are few, and each is one object. */
export class ByHolder<T> {
  readonly #made = new WeakMap<Permit, Map<ScopeSet, T>>();

  get({ permit, scopes }: Holder, make: () => T): T {
    let made = this.#made.get(permit);
    if (made === undefined) this.#made.set(permit, (made = new Map<ScopeSet, T>()));
    let value = made.get(scopes);
    if (value === undefined) made.set(scopes, (value = make()));
    return value;
  }
}
