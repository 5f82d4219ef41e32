import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import { contextOf } from '../../core/request-context.ts';
import type { Store } from '../../core/store.ts';
import { NONCE_LIFETIME, ProofNonces, type SharedSecrets } from './nonces.ts';
import { invalidProof, isFor, isSame, type Proof, readProof } from './proof.ts';

interface PossessionContext {
  /** The public origin: what a proof names is compared with it, not with what the request claims to be for. */
  readonly publicUrl: URL;
  readonly store: Pick<Store, 'swap'>;
  readonly secrets: SharedSecrets;
  readonly clock: Clock;
}

/** Milliseconds by which a client's clock may differ. That a proof is fresh is said by its nonce. */
const CLOCK_DIFFERENCE_MS = 300_000;

/** Marks a proof as used, for as long as its nonce could be good (RFC 9449 §11.1). */
function proofKey(keyThumbprint: string, jti: string): string {
  return `auth:dpop-proof:${hash('sha256', `${keyThumbprint} ${jti}`, 'base64url')}`;
}

/** Checks that who presents a token has the key that it is bound to (RFC 9449 §4.3, §7). */
export class Possession {
  readonly #context: PossessionContext;
  readonly #nonces: ProofNonces;

  constructor(context: PossessionContext) {
    this.#context = context;
    this.#nonces = new ProofNonces(context.secrets, context.clock);
  }

  /** The nonce that the client's next proof should have. */
  nextNonce(): string {
    return this.#nonces.offer();
  }

  /**
   * @throws AppError `INVALID_PROOF`; `NONCE_REQUIRED` when all that is wrong is the nonce; `UNAVAILABLE` when
   *   it cannot be told whether the proof was used before.
   */
  async check(request: IncomingMessage, accessToken: string, keyThumbprint: string): Promise<void> {
    const proof = await readProof(onlyProof(request));
    if (!isSame(proof.keyThumbprint, keyThumbprint)) {
      throw invalidProof('The DPoP proof is signed with another key than the access token is bound to.');
    }
    if (!isFor(accessToken, proof)) throw invalidProof('The DPoP proof is for another access token.');
    this.#checkRequest(request, proof);
    this.#checkTime(proof);
    // Last, so that nothing but a proof that would have been taken leaves a trace.
    await this.#checkUnused(proof);
  }

  #checkRequest(request: IncomingMessage, { htm, htu }: Proof): void {
    if (htm !== request.method) throw invalidProof('The DPoP proof is for another method.');
    const { href } = new URL(contextOf(request).route, this.#context.publicUrl);
    const url = URL.parse(htu);
    // Some clients write a slash behind every URL, and reach the same endpoint.
    const named = url === null ? '' : url.origin + url.pathname;
    if (named !== href && named !== `${href}/`) throw invalidProof('The DPoP proof is for another URL.');
  }

  #checkTime({ iat, nonce }: Proof): void {
    const age = this.#context.clock.now() - iat * 1000;
    if (!(Math.abs(age) <= CLOCK_DIFFERENCE_MS)) {
      throw invalidProof('The DPoP proof is too old, or the clocks differ.');
    }
    if (nonce !== undefined && this.#nonces.accepts(nonce)) return;
    throw new AppError('NONCE_REQUIRED', 'The DPoP proof needs a nonce of this server.', {
      next: 'make a new proof with the value of the DPoP-Nonce header',
    });
  }

  async #checkUnused({ keyThumbprint, jti }: Proof): Promise<void> {
    const key = proofKey(keyThumbprint, jti);
    if (await this.#context.store.swap(key, undefined, '1', NONCE_LIFETIME)) return;
    throw invalidProof('The DPoP proof was used before.');
  }
}

/** @throws AppError `INVALID_PROOF` unless there is exactly one (RFC 9449 §4.3, item 1) */
function onlyProof(request: IncomingMessage): string {
  const [proof, ...others] = request.headersDistinct['dpop'] ?? [];
  if (proof === undefined) throw invalidProof('The request has no DPoP proof.');
  if (others.length > 0) throw invalidProof('The request has more than one DPoP proof.');
  return proof;
}
