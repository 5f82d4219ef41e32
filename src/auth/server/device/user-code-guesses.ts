import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { contextOf } from '../../../core/request-context.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Store } from '../../../core/store.ts';
import { networkOf } from '../../network.ts';
import { records } from '../state/records.ts';

/** Seconds for which wrong codes are counted: as long as a code is good. */
const WINDOW = 600;
/** Wrong codes in that time. There are 20^8: one of a hundred that are open is hit in some 160 years. */
const LIMITS = { network: 30, session: 10 } as const;

type Kind = keyof typeof LIMITS;

/** A code that somebody has entered and that counts as wrong until it proves right. */
interface Attempt {
  /** The code was right: it is not held against who entered it. */
  hit(): Promise<void>;
}

/**
 * Bounds the guessing of user codes (RFC 8628 §5.1), by network and by browser session, over all replicas. An
 * attempt counts before the code is looked at, so that guesses sent at the same time gain nothing.
 */
export class UserCodeGuesses {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor({ store, clock }: { readonly store: Store; readonly clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
  }

  /** @throws InvalidRequest with status 429 when too many wrong codes came before. */
  async begin(): Promise<Attempt> {
    const request = Provider.ctx;
    if (request === undefined) throw new TypeError('User codes are entered in a request only');
    const keys: string[] = [];
    for (const [kind, name] of sourcesOf(request)) {
      const key = records.userCodeGuesses(kind, name);
      const { value, expiresAt } = await this.#store.increment(key, 1, WINDOW);
      keys.push(key);
      if (value > LIMITS[kind]) throw tooMany(request, expiresAt - this.#clock.now());
    }
    return {
      hit: async () => {
        for (const key of keys) await this.#store.increment(key, -1, WINDOW);
      },
    };
  }
}

function sourcesOf({ req, oidc }: KoaContextWithOIDC): [Kind, string][] {
  const session = oidc.session?.uid;
  const network: [Kind, string] = ['network', networkOf(contextOf(req).address)];
  return session === undefined ? [network] : [network, ['session', session]];
}

function tooMany(request: KoaContextWithOIDC, leftMs: number): errors.OIDCProviderError {
  const seconds = Math.min(Math.max(Math.ceil(leftMs / 1000), 1), WINDOW);
  request.set('Retry-After', String(seconds));
  return new errors.InvalidRequest('too many wrong codes were entered', 429);
}
