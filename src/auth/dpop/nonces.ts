import { hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';

/** Secrets that all processes share; the same array until they change. The first one is the newest. */
export type SharedSecrets = () => readonly string[];

/** Milliseconds after which another nonce is offered. */
const STEP_MS = 60_000;
/** The value that is offered belongs to the step after the present one. */
const OFFERED_AHEAD = 1;
/** Steps to both sides of the present one whose values are good: 3 to 4 minutes from the offer on. */
const ACCEPTED_STEPS = 2;

/** Seconds for which one nonce can be good at most, by clocks that differ by a few seconds. */
export const NONCE_LIFETIME = ((2 * ACCEPTED_STEPS + 1) * STEP_MS) / 1000 + 10;

const BYTES = 32;

/** The secret of nonces that one of the shared secrets leads to: 32 bytes. */
export function nonceSecret(shared: string): Buffer {
  return Buffer.from(hkdfSync('sha256', shared, '', 'fairlead dpop nonces', BYTES));
}

/**
 * What clients must put into their proofs (RFC 9449 §8, §9), so that none can be made ahead of its time. A
 * nonce follows from the time and a secret: every process knows it, nothing is stored. Those of a secret that
 * was rotated stay good.
 *
 * They are the same as oidc-provider makes them for the token endpoint, because clients keep one nonce for an
 * origin: the one that a client got with its token is good for its first request.
 */
export class ProofNonces {
  readonly #secrets: SharedSecrets;
  readonly #clock: Clock;
  #made: { readonly of: readonly string[]; readonly step: number; readonly values: Values } | undefined;

  constructor(secrets: SharedSecrets, clock: Clock) {
    this.#secrets = secrets;
    this.#clock = clock;
  }

  /** The one to use from now on. */
  offer(): string {
    return this.#values().offered;
  }

  accepts(nonce: string): boolean {
    const given = Buffer.from(nonce);
    return this.#values().accepted.some(
      (value) => value.length === given.length && timingSafeEqual(value, given),
    );
  }

  #values(): Values {
    const of = this.#secrets();
    const step = Math.floor(this.#clock.now() / STEP_MS);
    if (this.#made?.of !== of || this.#made.step !== step) this.#made = { of, step, values: make(of, step) };
    return this.#made.values;
  }
}

interface Values {
  readonly offered: string;
  readonly accepted: readonly Buffer[];
}

function make(shared: readonly string[], step: number): Values {
  const secrets = shared.map(nonceSecret);
  const [newest] = secrets;
  if (newest === undefined) throw new Error('There is no secret to make nonces from');
  const steps = Array.from({ length: 2 * ACCEPTED_STEPS + 1 }, (_, index) => step - ACCEPTED_STEPS + index);
  return {
    offered: nonceOf(newest, step + OFFERED_AHEAD),
    accepted: secrets.flatMap((secret) => steps.map((one) => Buffer.from(nonceOf(secret, one)))),
  };
}

/** As oidc-provider does it in `lib/helpers/challenge.js`. */
function nonceOf(secret: Buffer, step: number): string {
  const salt = Buffer.alloc(8);
  salt.writeBigUInt64BE(BigInt(step));
  return Buffer.from(hkdfSync('sha256', secret, salt, 'DPoP', BYTES)).toString('base64url');
}
