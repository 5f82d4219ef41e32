import { hash, timingSafeEqual } from 'node:crypto';
import { EmbeddedJWK } from 'jose/jwk/embedded';
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint';
import { jwtVerify } from 'jose/jwt/verify';
import { AppError } from '../../core/errors.ts';
import { PROOF_ALGORITHMS } from './algorithms.ts';

/** What a proof says once its signature is known to be good. */
export interface Proof {
  /** The thumbprint (RFC 7638) of the key that signed it. */
  readonly keyThumbprint: string;
  readonly jti: string;
  readonly htm: string;
  readonly htu: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly ath: string | undefined;
  readonly nonce: string | undefined;
}

/** Characters of a proof; with the algorithms that are taken, one has about 700. */
const MAX_PROOF = 4096;
const MAX_JTI = 256;

/** Members of a private or symmetric key (RFC 7518 §6). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** A fault of the proof, not of the token. The message is fit for `error_description`. */
export function invalidProof(message: string): AppError {
  return new AppError('INVALID_PROOF', message, {
    next: 'send a new DPoP proof that is made for this request (RFC 9449)',
  });
}

/**
 * Reads a proof and checks what can be checked without knowing the request: form, type, algorithm, key and
 * signature (RFC 9449 §4.3, items 2 to 7).
 *
 * @throws AppError `INVALID_PROOF`
 */
export async function readProof(jwt: string): Promise<Proof> {
  if (jwt.length > MAX_PROOF) throw invalidProof('The DPoP proof is too long.');
  const { claims, keyThumbprint } = await verify(jwt);
  const { jti, htm, htu, iat, ath, nonce } = claims;
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI) throw incomplete('jti');
  if (typeof htm !== 'string') throw incomplete('htm');
  if (typeof htu !== 'string') throw incomplete('htu');
  if (typeof iat !== 'number') throw incomplete('iat');
  return { keyThumbprint, jti, htm, htu, iat, ath: textOf(ath), nonce: textOf(nonce) };
}

async function verify(
  jwt: string,
): Promise<{ readonly claims: Readonly<Record<string, unknown>>; readonly keyThumbprint: string }> {
  try {
    const { payload, protectedHeader } = await jwtVerify(jwt, EmbeddedJWK, {
      algorithms: [...PROOF_ALGORITHMS],
      typ: 'dpop+jwt',
    });
    const { jwk = {} } = protectedHeader;
    if (PRIVATE_MEMBERS.some((member) => member in jwk)) throw new TypeError('A private key');
    return { claims: payload, keyThumbprint: await calculateJwkThumbprint(jwk) };
  } catch {
    // Nothing outside of the proof had a part in it. The cause would quote its claims.
    throw invalidProof('The DPoP proof is not valid.');
  }
}

function incomplete(claim: string): AppError {
  return invalidProof(`The DPoP proof has no usable "${claim}".`);
}

function textOf(claim: unknown): string | undefined {
  return typeof claim === 'string' ? claim : undefined;
}

/** Whether the proof was made for this token (RFC 9449 §4.2, `ath`). */
export function isFor(accessToken: string, { ath = '' }: Proof): boolean {
  return isSame(ath, hash('sha256', accessToken, 'base64url'));
}

/** Takes the same time wherever the texts differ. */
export function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
