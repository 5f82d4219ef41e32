import type { JWK } from 'jose';
import type { Clock } from '../core/clock.ts';
import type { Sealer } from '../core/sealer.ts';
import type { Logger } from '../core/telemetry.ts';
import { JweSealer, type SealingKey } from './jwe-sealer.ts';
import { type KeyFile, withoutOutlived } from './key-file.ts';
import { type KeyPlace, type KeySource, keySource } from './key-source.ts';

const POLL_MS = 2000;

/** The keys as they are to be used from now until the ring turns. */
interface Keys {
  /** Private keys; the first signs. */
  readonly signing: readonly (JWK & { readonly kid: string })[];
  /** The public halves of all of them, by `kid`. */
  readonly verification: ReadonlyMap<string, JWK>;
  /** Secrets for cookies and form tokens; the first signs. */
  readonly cookies: readonly string[];
  /** The first seals, all of them open. */
  readonly sealing: readonly SealingKey[];
}

interface KeyRingContext extends KeyPlace {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The keys of a running server. It notices within seconds when they are rotated, here, by another process on
 * the same folder or by whatever fills the file, and when a new key takes over or an old one has served its
 * time.
 */
export class KeyRing {
  /** Seals with the newest key and opens with all of them. */
  readonly sealer: Sealer;
  readonly #context: KeyRingContext;
  readonly #source: KeySource;
  readonly #timer: NodeJS.Timeout;
  #file: KeyFile;
  #stamp: string;
  #keys: Keys;

  private constructor(
    context: KeyRingContext,
    source: KeySource,
    { file, stamp }: { readonly file: KeyFile; readonly stamp: string },
  ) {
    this.#context = context;
    this.#source = source;
    this.#file = file;
    this.#stamp = stamp;
    this.#keys = arrange(file, context.clock.now());
    this.sealer = new JweSealer(() => this.#keys.sealing, context.clock);
    this.#timer = setInterval(() => void this.#poll(), POLL_MS).unref();
  }

  /** @throws AppError `CONFIGURATION_INVALID` when others may read the key file, or the ring is damaged. */
  static async open(context: KeyRingContext): Promise<KeyRing> {
    const source = keySource(context, context.clock);
    await source.read();
    // Before the ring is read again: what is written meanwhile is then noticed, not taken for known.
    const stamp = await source.stamp();
    return new KeyRing(context, source, { file: await source.read(), stamp });
  }

  /** The same object until the ring turns. */
  get keys(): Keys {
    return this.#keys;
  }

  /** Looks at the source and the clock now. */
  async refresh(): Promise<void> {
    const stamp = await this.#source.stamp();
    if (stamp !== this.#stamp) {
      this.#file = await this.#source.read();
      this.#stamp = stamp;
    }
    const next = arrange(this.#file, this.#context.clock.now());
    if (sameKeys(this.#keys, next)) return;
    this.#keys = next;
    this.#context.logger.info({ signing: next.signing.map(({ kid }) => kid) }, 'the keys have changed');
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #poll(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      // The keys in memory stay good; whoever broke the file reads why.
      this.#context.logger.error({ err: error }, 'The key file cannot be read; going on with the known keys');
    }
  }
}

function arrange(file: KeyFile, now: number): Keys {
  const kept = withoutOutlived(file, now);
  const signing = inOrder(kept.signing, now).map(({ kid, jwk }) => ({
    ...jwk,
    kid,
    alg: 'ES256',
    use: 'sig',
  }));
  const verification = signing.map(({ kty, crv, x, y, kid, alg, use }): [string, JWK] => [
    kid,
    { kty, crv, x, y, kid, alg, use },
  ]);
  return {
    signing,
    verification: new Map(verification),
    cookies: inOrder(kept.cookies, now).map(({ secret }) => secret),
    sealing: inOrder(kept.sealing, now).map(({ kid, secret }) => ({ kid, secret })),
  };
}

/** Active ones first, newest first. */
function inOrder<K extends { readonly activeAt: number }>(keys: readonly K[], now: number): K[] {
  const newestFirst = [...keys].sort((a, b) => b.activeAt - a.activeAt);
  const active = newestFirst.filter(({ activeAt }) => activeAt <= now);
  return [...active, ...newestFirst.filter((key) => !active.includes(key))];
}

function sameKeys(a: Keys, b: Keys): boolean {
  return idsOf(a) === idsOf(b);
}

function idsOf({ signing, cookies, sealing }: Keys): string {
  return [...signing.map(({ kid }) => kid), ...cookies, ...sealing.map(({ kid }) => kid)].join(' ');
}
