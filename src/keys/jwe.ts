import { createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { CryptoKey } from 'jose';
import { CompactEncrypt } from 'jose/jwe/compact/encrypt';

/**
 * RFC 7516 §3.1 with direct encryption and A256GCM: an initialisation vector of 96 bits, a tag of 128. The
 * bits that base64url leaves over are zero, so that a value has one spelling only: something that was revoked
 * by its spelling must not open under another one.
 */
const FORM =
  /^(?<header>[\w-]+)\.\.(?<iv>[\w-]{16})\.(?<ciphertext>(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?)\.(?<tag>[\w-]{21}[AQgw])$/;

const TAG_BYTES = 16;

const encoder = new TextEncoder();

/** One key, made ready to encrypt and decrypt with. */
export class JweKey {
  /** The first part of everything that the key encrypts. */
  readonly prefix: string;
  readonly #header: { readonly alg: 'dir'; readonly enc: 'A256GCM'; readonly kid: string };
  readonly #additionalData: Buffer;
  readonly #secret: KeyObject;
  readonly #encryptionKey: CryptoKey;

  /** `secret`: 256 bits in base64url. */
  constructor({ kid, secret }: { readonly kid: string; readonly secret: string }) {
    this.#header = { alg: 'dir', enc: 'A256GCM', kid };
    this.prefix = Buffer.from(JSON.stringify(this.#header)).toString('base64url');
    this.#additionalData = Buffer.from(this.prefix, 'ascii');
    this.#secret = createSecretKey(secret, 'base64url');
    this.#encryptionKey = this.#secret.toCryptoKey('AES-GCM', false, ['encrypt']);
  }

  encrypt(text: string): Promise<string> {
    return new CompactEncrypt(encoder.encode(text))
      .setProtectedHeader(this.#header)
      .encrypt(this.#encryptionKey);
  }

  /**
   * The text; undefined for what this key has not encrypted.
   *
   * RFC 7516 §5.2, done here because it happens with every request of a session: a general implementation
   * takes four times as long to find out that the algorithms are those of the one header there can be.
   */
  decrypt(jwe: string): string | undefined {
    const parts = FORM.exec(jwe)?.groups;
    if (parts?.['header'] !== this.prefix) return undefined;
    const { iv = '', ciphertext = '', tag = '' } = parts;
    const decipher = createDecipheriv('aes-256-gcm', this.#secret, Buffer.from(iv, 'base64url'), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(this.#additionalData).setAuthTag(Buffer.from(tag, 'base64url'));
    const text = decipher.update(ciphertext, 'base64url');
    try {
      decipher.final();
    } catch {
      // All that it ever throws here: the tag is not that of the text.
      return undefined;
    }
    return text.toString();
  }
}
