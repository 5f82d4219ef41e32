import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import { digest } from '../state/records.ts';

const COOKIE_BYTES = 18;

interface FormTokensOptions {
  /** Whether the pages are served over https. */
  readonly secure: boolean;
  /** Secrets, the first of which signs. Asked for at every call, as keys are rotated. */
  readonly secrets: () => readonly string[];
}

/**
 * Proof that a form was sent from a page of ours in the same browser: a random cookie, and in the form an
 * HMAC over it and over what the form is for. Another site can neither read nor set the one, and the other
 * is good for nothing else.
 */
export class FormTokens {
  readonly #options: FormTokensOptions;
  readonly #cookie: string;

  constructor(options: FormTokensOptions) {
    this.#options = options;
    // The prefix keeps other hosts of the domain from planting a cookie (RFC 6265bis §4.1.3.2).
    this.#cookie = options.secure ? '__Host-fairlead-form' : 'fairlead-form';
  }

  /** The token to put into the form; gives the browser its cookie. */
  issue(request: IncomingMessage, response: Response, purpose: string): string {
    const known = this.#browserOf(request);
    const browser = known ?? randomBytes(COOKIE_BYTES).toString('base64url');
    if (known === undefined) {
      response.cookie(this.#cookie, browser, {
        httpOnly: true,
        // Not strict: a page that people reach from a client's site must see the cookie of other tabs.
        sameSite: 'lax',
        secure: this.#options.secure,
        path: '/',
      });
    }
    const [secret = ''] = this.#options.secrets();
    return sign(secret, browser, purpose);
  }

  /** Whether the token came from a form for this purpose in the same browser. */
  verify(request: IncomingMessage, token: unknown, purpose: string): boolean {
    const browser = this.#browserOf(request);
    if (browser === undefined || typeof token !== 'string') return false;
    return this.#options.secrets().some((secret) => equal(token, sign(secret, browser, purpose)));
  }

  #browserOf(request: IncomingMessage): string | undefined {
    const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
    const [, value] = pairs.find(([name]) => name === this.#cookie) ?? [];
    return value !== undefined && /^[\w-]{24}$/.test(value) ? value : undefined;
  }
}

function sign(secret: string, browser: string, purpose: string): string {
  return createHmac('sha256', secret).update(`form\0${browser}\0${purpose}`).digest('base64url');
}

function equal(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(digest(a)), Buffer.from(digest(b)));
}
