import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import { digest } from '../state/records.ts';
import type { LoginSecrets } from './identity-provider.ts';

interface LoginCookiesOptions {
  /** The public origin. */
  readonly issuer: string;
  /** Seconds. */
  readonly lifetime: number;
}

const SECRET_BYTES = 32;
const NAME_CHARACTERS = 12;

/**
 * Binds a sign-in that goes through an identity provider to the browser that began it. The browser keeps one
 * secret, of which the code verifier and the nonce are made: neither the store, nor who sees the address
 * that the person comes back to, can finish the sign-in.
 */
export class LoginCookies {
  readonly #options: LoginCookiesOptions;
  readonly #secure: boolean;

  constructor(options: LoginCookiesOptions) {
    this.#options = options;
    this.#secure = options.issuer.startsWith('https:');
  }

  /** Gives the browser the secret of a new sign-in; answers the `state` that goes with it, and the secret. */
  begin(response: Response): { readonly state: string; readonly secret: string } {
    const state = randomBytes(SECRET_BYTES).toString('base64url');
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    response.cookie(this.#name(state), secret, {
      ...this.#attributes(),
      maxAge: this.#options.lifetime * 1000,
    });
    return { state, secret };
  }

  /** The secret of the sign-in with this `state`, if this browser began it. */
  find({ headers }: Request, state: string): string | undefined {
    const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
    return pairs.find(([name]) => name === this.#name(state))?.[1];
  }

  end(response: Response, state: string): void {
    response.clearCookie(this.#name(state), this.#attributes());
  }

  /** What the identity provider sees of it. */
  secretsOf(state: string, secret: string, provider: string): LoginSecrets {
    const derive = (use: string): string => createHmac('sha256', secret).update(use).digest('base64url');
    return {
      state,
      verifier: derive('code verifier'),
      nonce: derive('nonce'),
      redirectUri: new URL(`/login/callback/${provider}`, this.#options.issuer).href,
    };
  }

  /** One cookie for each, so that two tabs do not get in each other's way. */
  #name(state: string): string {
    // The prefix keeps other hosts of the domain from planting a cookie (RFC 6265bis §4.1.3.2).
    return `${this.#secure ? '__Host-' : ''}fairlead-login-${digest(state).slice(0, NAME_CHARACTERS)}`;
  }

  #attributes() {
    // Not strict: the person comes back from another site.
    return { httpOnly: true, sameSite: 'lax', secure: this.#secure, path: '/' } as const;
  }
}

export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(digest(a)), Buffer.from(digest(b)));
}
