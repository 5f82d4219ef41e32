import type { Claims } from '../../claims.ts';
import { discoverEndpoint } from './issuer-metadata.ts';
import type { TokenIssuerContext } from './token-issuer.ts';

type Ask = (token: string) => Promise<Claims>;

/** Questions to an issuer at the same time; who comes in between tries again. */
const MAX_QUESTIONS = 50;

/** Errors about the token (RFC 7009 §2.2.1, RFC 6750 §3.1) that some answer with, instead of calling it inactive. */
const OF_THE_TOKEN: ReadonlySet<string> = new Set(['unsupported_token_type', 'invalid_token']);

/** Asks an issuer about tokens. */
export class Introspection {
  readonly #context: TokenIssuerContext;
  #ask: Promise<Ask> | undefined;
  #questions = 0;
  #failure: Error | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(context: TokenIssuerContext) {
    this.#context = context;
  }

  /** Why the issuer could not be asked when that was last tried. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Finds out in the background where to ask, unless that has failed just now. */
  prepare(): void {
    const { clock, external } = this.#context;
    const age = clock.now() - this.#failedAt;
    if (this.#ask !== undefined || (age >= 0 && age < external.keyCooldownSeconds * 1000)) return;
    this.#ask = openIntrospection(this.#context);
    this.#ask.then(
      () => (this.#failure = undefined),
      (error: unknown) => this.#failed(error),
    );
  }

  /** @throws Error for anything but an answer of RFC 7662 §2.2 */
  async ask(token: string): Promise<Claims> {
    if (this.#questions >= MAX_QUESTIONS) throw new Error('Too many questions to the issuer are open');
    this.#questions += 1;
    try {
      this.#ask ??= openIntrospection(this.#context);
      const claims = await (await this.#ask)(token);
      this.#failure = undefined;
      return claims;
    } catch (error) {
      throw this.#failed(error);
    } finally {
      this.#questions -= 1;
    }
  }

  #failed(cause: unknown): Error {
    const { clock, logger, options } = this.#context;
    const { issuer } = options;
    // Where to ask may be what is wrong.
    this.#ask = undefined;
    this.#failedAt = clock.now();
    this.#failure = new Error(`${issuer} cannot be asked about tokens`, { cause });
    logger.warn({ issuer, err: cause }, 'the issuer cannot be asked about tokens');
    return this.#failure;
  }
}

async function openIntrospection({ options, fetch }: TokenIssuerContext): Promise<Ask> {
  const { issuer, clientId = '', clientSecret = '', clientAuthentication } = options;
  const [oauth, endpoint] = await Promise.all([
    // Heavy, and needed by this kind of issuer only.
    import('oauth4webapi'),
    options.introspectionEndpoint ?? discoverEndpoint(issuer, 'introspection_endpoint', fetch),
  ]);
  const server = { issuer, introspection_endpoint: endpoint };
  const client = { client_id: clientId };
  const authentication =
    clientAuthentication === 'post'
      ? oauth.ClientSecretPost(clientSecret)
      : oauth.ClientSecretBasic(clientSecret);
  const request = {
    additionalParameters: { token_type_hint: 'access_token' },
    [oauth.customFetch]: (url: string, init: RequestInit) => fetch(url, init),
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- The only way to loopback, where alone the configuration allows plain http.
    [oauth.allowInsecureRequests]: endpoint.startsWith('http:'),
  };
  return async function introspect(token) {
    const response = await oauth.introspectionRequest(server, client, authentication, token, request);
    try {
      return await oauth.processIntrospectionResponse(server, client, response);
    } catch (error) {
      if (error instanceof oauth.ResponseBodyError && OF_THE_TOKEN.has(error.error)) return { active: false };
      throw error;
    }
  };
}
