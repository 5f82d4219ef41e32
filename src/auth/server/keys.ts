import type { JWK } from 'jose';
import type { Sealer } from '../../core/sealer.ts';

/** The keys as they are to be used until others take their place. */
export interface Keys {
  /** Private keys; the first signs. */
  readonly signing: readonly (JWK & { readonly kid: string })[];
  /** The public halves of all of them, by `kid`. */
  readonly verification: ReadonlyMap<string, JWK>;
  /** Secrets for cookies and form tokens; the first signs. */
  readonly cookies: readonly string[];
}

export interface KeyRing {
  /** The keys of the moment: the same object until the ring turns. */
  readonly keys: Keys;
  /** Seals what lies in the store and nobody who copies it may read. */
  readonly sealer: Sealer;
}
