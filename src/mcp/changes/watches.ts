import type { ResourceChange, ResourceProvider, ResourceWatch } from '../../core/resource.ts';

export interface Interest {
  readonly uris: ReadonlySet<string>;
  /** Whether the list itself matters. */
  readonly list: boolean;
}

export interface Following {
  /** Replaces the interest. */
  change(interest: Interest): void;
  stop(): void;
}

// A client that was cut off comes back within moments, and must not have missed anything.
const LINGER_MS = 60_000;
const NOTHING: Interest = { uris: new Set(), list: false };

/** Opens the watches of resource families while somebody is interested, and a little longer. */
export class Watches {
  readonly #families: readonly Family[];
  readonly #interests = new Map<symbol, Interest>();

  constructor(providers: readonly ResourceProvider[], report: (change: ResourceChange) => void) {
    this.#families = providers
      .filter((provider) => provider.watch !== undefined)
      .map((provider) => new Family(provider, report));
  }

  follow(interest: Interest): Following {
    const key = Symbol('interest');
    const change = (next: Interest): void => {
      this.#interests.set(key, next);
      this.#spread();
    };
    change(interest);
    return {
      change,
      stop: () => {
        this.#interests.delete(key);
        this.#spread();
      },
    };
  }

  async close(): Promise<void> {
    this.#interests.clear();
    await Promise.all(this.#families.map((family) => family.close()));
  }

  #spread(): void {
    if (this.#families.length === 0) return;
    const interests = [...this.#interests.values()];
    const uris = new Set(interests.flatMap((interest) => [...interest.uris]));
    const list = interests.some((interest) => interest.list);
    for (const family of this.#families) family.follow({ uris, list });
  }
}

class Family {
  readonly #provider: ResourceProvider;
  readonly #report: (change: ResourceChange) => void;
  #watch: ResourceWatch | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(provider: ResourceProvider, report: (change: ResourceChange) => void) {
    this.#provider = provider;
    this.#report = report;
  }

  follow({ uris, list }: Interest): void {
    const own = new Set([...uris].filter((uri) => uri.startsWith(this.#provider.prefix)));
    clearTimeout(this.#linger);
    this.#linger = undefined;
    if (own.size > 0 || list) {
      this.#watch ??= this.#provider.watch?.(this.#report);
      this.#watch?.follow({ uris: own, list });
    } else if (this.#watch !== undefined) {
      this.#linger = setTimeout(() => void this.close(), LINGER_MS).unref();
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#linger);
    const watch = this.#watch;
    this.#watch = undefined;
    watch?.follow(NOTHING);
    await watch?.close();
  }
}
