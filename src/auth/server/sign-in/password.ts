import { randomBytes, scrypt, type ScryptOptions, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../../core/errors.ts';

/** OWASP's current recommendation for scrypt: N = 2^17, r = 8, p = 1. One hash takes 128 MB for its time. */
const DEFAULT_COST = 17;
const BLOCK_SIZE = 8;
const PARALLELISM = 1;
const KEY_BYTES = 32;
const SALT_BYTES = 16;

/** Hashes that are computed at once: each holds memory, and a flood of sign-ins must not exhaust it. */
const MAX_RUNNING = 2;
const MAX_WAITING = 16;

interface Cost {
  /** The binary logarithm of scrypt's N. */
  readonly log2N: number;
  readonly r: number;
  readonly p: number;
}

interface StoredHash extends Cost {
  readonly salt: Buffer;
  readonly key: Buffer;
}

/** Password hashes with their own salt and parameters: `scrypt$<log2 N>$<r>$<p>$<salt>$<key>`, base64url. */
export class PasswordHasher {
  readonly #cost: Cost;
  /** Stands in for the hash of an account that does not exist, so that asking takes as long. */
  readonly #decoy: string;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param log2N Binary logarithm of scrypt's work factor. Tests lower it. */
  constructor(log2N: number = DEFAULT_COST) {
    this.#cost = { log2N, r: BLOCK_SIZE, p: PARALLELISM };
    this.#decoy = format({ ...this.#cost, salt: randomBytes(SALT_BYTES), key: randomBytes(KEY_BYTES) });
  }

  /** @throws AppError `UNAVAILABLE` when too many hashes are being computed. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    return format({ ...this.#cost, salt, key: await this.#derive(password, salt, this.#cost) });
  }

  /**
   * Compares in constant time. Without a stored hash it takes as long and answers false.
   *
   * @throws AppError `UNAVAILABLE` when too many hashes are being computed.
   */
  async verify(password: string, stored: string | undefined): Promise<boolean> {
    const expected = parse(stored ?? this.#decoy);
    const key = await this.#derive(password, expected.salt, expected);
    return timingSafeEqual(key, expected.key) && stored !== undefined;
  }

  /** Whether the hash was made with other parameters than new ones are. */
  isOutdated(stored: string): boolean {
    const { log2N, r, p } = parse(stored);
    return log2N !== this.#cost.log2N || r !== this.#cost.r || p !== this.#cost.p;
  }

  async #derive(password: string, salt: Buffer, { log2N, r, p }: Cost): Promise<Buffer> {
    await this.#enter();
    try {
      const N = 2 ** log2N;
      // Node's own limit is 32 MB; scrypt needs 128 · N · r bytes and a little more.
      return await deriveKey(password.normalize('NFKC'), salt, { N, r, p, maxmem: 128 * N * r + 2 ** 20 });
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < MAX_RUNNING) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) {
      throw new AppError('UNAVAILABLE', 'Too many people are signing in at this moment.', { retryAfter: 5 });
    }
    // The place is handed over, not given back: whoever leaves wakes exactly one.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

function deriveKey(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function format({ log2N, r, p, salt, key }: StoredHash): string {
  return ['scrypt', log2N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

function parse(stored: string): StoredHash {
  const [name, log2N, r, p, salt, key] = stored.split('$');
  if (name !== 'scrypt' || salt === undefined || key === undefined) {
    throw new AppError('INTERNAL', 'A stored password hash cannot be read.');
  }
  return {
    log2N: Number(log2N),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt, 'base64url'),
    key: Buffer.from(key, 'base64url'),
  };
}
