import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { MAX_SEALED_LIFETIME } from '../core/lifetimes.ts';
import type { Sealer } from '../core/sealer.ts';
import type { JweKey } from './jwe.ts';

export interface SealingKey {
  readonly kid: string;
  /** 256 bits in base64url. */
  readonly secret: string;
}

/** Characters; what a client sends is not decrypted beyond that. */
const MAX_SEALED_LENGTH = 262_144;

interface PreparedKeys {
  readonly newest: JweKey;
  readonly byPrefix: ReadonlyMap<string, JweKey>;
}

/** What is encrypted; `aud` and `exp` mean what they do in a JWT (RFC 7519 §4.1). */
interface Content {
  readonly aud: string;
  readonly exp: number;
  readonly value: JsonObject;
}

/** Seals into JSON Web Encryption, with keys that all processes share. */
export class JweSealer implements Sealer {
  readonly #keys: () => readonly SealingKey[];
  readonly #clock: Clock;
  #prepared: { readonly of: readonly SealingKey[]; readonly keys: Promise<PreparedKeys> } | undefined;

  /** `keys` answers the same array until the keys change; the first one seals. */
  constructor(keys: () => readonly SealingKey[], clock: Clock) {
    this.#keys = keys;
    this.#clock = clock;
  }

  async seal(purpose: string, value: JsonObject, lifetime: number): Promise<string> {
    if (!(lifetime > 0 && lifetime <= MAX_SEALED_LIFETIME)) {
      throw new RangeError(`A sealed value lives for at most ${String(MAX_SEALED_LIFETIME)} seconds`);
    }
    const { newest } = await this.#prepare();
    const content: Content = { aud: purpose, exp: Math.ceil(this.#clock.now() / 1000) + lifetime, value };
    const sealed = await newest.encrypt(JSON.stringify(content));
    if (sealed.length <= MAX_SEALED_LENGTH) return sealed;
    throw new AppError('BAD_REQUEST', 'There is more to remember than the client can be given to keep.', {
      next: 'give shorter answers',
    });
  }

  async open(purpose: string, sealed: string): Promise<JsonObject | undefined> {
    if (sealed.length > MAX_SEALED_LENGTH) return undefined;
    const { byPrefix } = await this.#prepare();
    const text = byPrefix.get(sealed.slice(0, sealed.indexOf('.')))?.decrypt(sealed);
    if (text === undefined) return undefined;
    // Only a holder of the key could have encrypted it, and `seal` encrypts nothing else.
    const { aud, exp, value } = JSON.parse(text) as Content;
    return aud === purpose && this.#clock.now() < exp * 1000 ? value : undefined;
  }

  #prepare(): Promise<PreparedKeys> {
    const of = this.#keys();
    if (this.#prepared?.of !== of) this.#prepared = { of, keys: prepare(of) };
    return this.#prepared.keys;
  }
}

async function prepare(keys: readonly SealingKey[]): Promise<PreparedKeys> {
  // Loaded when something is sealed or opened for the first time: a start does not wait for it.
  const { JweKey } = await import('./jwe.ts');
  const all = keys.map((key) => new JweKey(key));
  const [newest] = all;
  if (newest === undefined) throw new Error('There is no key to seal with');
  return { newest, byPrefix: new Map(all.map((key) => [key.prefix, key])) };
}
