import type { JWTVerifyGetKey } from 'jose';
import type * as OAuth from 'oauth4webapi';
import type { Clock } from '../../../core/clock.ts';
import { AppError } from '../../../core/errors.ts';
import type { Claims } from '../../claims.ts';
import type { IdentityProviderOptions } from '../../options/identity-providers.ts';
import { SignInRefusal } from './sign-in-refusal.ts';
import { judged, refreshTokenIn, verifySignature } from './upstream-answer.ts';
import { type UpstreamFetch, unreachable, upstreamFetch } from './upstream-fetch.ts';
import { assertRequiredClaims, isComplete } from './upstream-person.ts';

export interface IdentityProviderContext {
  readonly clock: Clock;
  /** Default: {@link upstreamFetch}. */
  readonly fetch?: UpstreamFetch | undefined;
}

/** What one sign-in is recognised by when the person comes back. */
export interface LoginSecrets {
  readonly state: string;
  /** PKCE (RFC 7636). */
  readonly verifier: string;
  /** OpenID Connect Core §3.1.2.1. */
  readonly nonce: string;
  readonly redirectUri: string;
}

export interface UpstreamAnswer {
  readonly claims: Claims;
  /** Good for asking again, where the provider gives one. */
  readonly refreshToken: string | undefined;
}

type Metadata = OAuth.AuthorizationServer;

const DISCOVERY_TTL_MS = 3_600_000;
/** How long metadata that cannot be renewed goes on being used. */
const DISCOVERY_STALE_MS = 86_400_000;
const CLOCK_TOLERANCE_SECONDS = 30;
/** Errors of a refresh which say that the person has to come in person (OpenID Connect Core §3.1.2.6). */
const PERSON_NEEDED: ReadonlySet<string> = new Set([
  ...['invalid_grant', 'interaction_required', 'login_required', 'consent_required'],
]);

/**
 * One OpenID provider at which people sign in. It is never told anything of the clients of this server, and
 * what it gives out stays here.
 */
export class IdentityProvider {
  readonly options: IdentityProviderOptions;
  readonly #clock: Clock;
  readonly #fetch: UpstreamFetch;
  #metadata: { readonly value: Metadata; readonly readAt: number } | undefined;
  #reading: Promise<Metadata> | undefined;
  #keySet: { readonly uri: string; readonly keys: JWTVerifyGetKey } | undefined;

  constructor(options: IdentityProviderOptions, { clock, fetch = upstreamFetch }: IdentityProviderContext) {
    this.options = options;
    this.#clock = clock;
    this.#fetch = fetch;
  }

  get id(): string {
    return this.options.id;
  }

  /**
   * The provider's metadata (OpenID Connect Discovery), an hour old at most while it can be reached.
   *
   * @throws AppError `UNAVAILABLE` when it cannot be had
   */
  async metadata(): Promise<Metadata> {
    const known = this.#metadata;
    const age = known === undefined ? Infinity : this.#clock.now() - known.readAt;
    if (known !== undefined && age < DISCOVERY_TTL_MS) return known.value;
    this.#reading ??= this.#discover().finally(() => (this.#reading = undefined));
    try {
      return await this.#reading;
    } catch (error) {
      if (known !== undefined && age < DISCOVERY_STALE_MS) return known.value;
      throw error;
    }
  }

  /**
   * The keys that the provider signs with, for `jwtVerify` of jose. An unknown key is looked for again, at most
   * every thirty seconds.
   *
   * @throws AppError `UNAVAILABLE` when they cannot be had
   */
  async verificationKeys(): Promise<JWTVerifyGetKey> {
    const { jwks_uri: uri } = await this.metadata();
    if (uri === undefined) throw unreachable(new Error('its metadata has no jwks_uri'));
    const { createRemoteJWKSet, customFetch: joseFetch } = await import('jose/jwks/remote');
    if (this.#keySet?.uri !== uri) {
      this.#keySet = { uri, keys: createRemoteJWKSet(new URL(uri), { [joseFetch]: this.#fetch }) };
    }
    return this.#keySet.keys;
  }

  /** Where to send a person. */
  async authorizationUrl(
    { state, verifier, nonce, redirectUri }: LoginSecrets,
    loginHint?: string,
  ): Promise<URL> {
    const oauth = await import('oauth4webapi');
    const { authorization_endpoint: endpoint } = await this.metadata();
    if (endpoint === undefined) throw unreachable(new Error('its metadata has no authorization_endpoint'));
    const { clientId, scopes, authorizationParameters } = this.options;
    const url = new URL(endpoint);
    const parameters = {
      ...(loginHint === undefined ? {} : { login_hint: loginHint }),
      ...authorizationParameters,
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: scopes.join(' '),
      ...{ state, nonce },
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url;
  }

  /**
   * Turns what a person came back with into who they are.
   *
   * @throws SignInRefusal, AppError `UNAVAILABLE`
   */
  async redeem(answer: URLSearchParams, secrets: LoginSecrets): Promise<UpstreamAnswer> {
    const oauth = await import('oauth4webapi');
    const metadata = await this.metadata();
    const { client, authentication, options } = await this.#credentials(oauth, metadata);
    const { state, verifier, nonce, redirectUri } = secrets;
    return await judged(oauth, async () => {
      // Checks `state`, and `iss` where the provider sends it (RFC 9207).
      const good = oauth.validateAuthResponse(metadata, client, answer, state);
      const args = [metadata, client, authentication, good, redirectUri, verifier, options] as const;
      const response = await oauth.authorizationCodeGrantRequest(...args);
      const tokens = await oauth.processAuthorizationCodeResponse(metadata, client, response, {
        expectedNonce: nonce,
        requireIdToken: true,
      });
      await verifySignature(oauth, { metadata, response, options });
      return await this.#read(oauth, { metadata, client, options, tokens });
    });
  }

  /**
   * Asks again who a person is.
   *
   * @param keep Is handed the refresh token that takes the place of this one before anything else can fail: a
   *   spent one that is sent again ends all access at most providers (RFC 9700 §4.14.2).
   * @throws SignInRefusal when the provider wants to see the person, AppError `UNAVAILABLE`
   */
  async refresh(refreshToken: string, keep: (next: string) => Promise<void>): Promise<Claims> {
    const oauth = await import('oauth4webapi');
    const metadata = await this.metadata();
    const { client, authentication, options } = await this.#credentials(oauth, metadata);
    try {
      const args = [metadata, client, authentication, refreshToken, options] as const;
      const response = await oauth.refreshTokenGrantRequest(...args);
      // A provider that does not rotate goes on with the same one (RFC 6749 §6).
      const next = await refreshTokenIn(response);
      if (next !== undefined && next !== refreshToken) await keep(next);
      const tokens = await oauth.processRefreshTokenResponse(metadata, client, response);
      if (tokens.id_token !== undefined) await verifySignature(oauth, { metadata, response, options });
      return (await this.#read(oauth, { metadata, client, options, tokens })).claims;
    } catch (error) {
      if (error instanceof AppError) throw error;
      const code = error instanceof oauth.ResponseBodyError ? error.error : undefined;
      if (code !== undefined && PERSON_NEEDED.has(code)) throw new SignInRefusal('provider_error', code);
      // Everything else is for the operator to mend: a secret that has expired, say, is nobody's sign-out.
      throw unreachable(error);
    }
  }

  /** The claims of the ID token, and of userinfo where that one leaves something out. */
  async #read(oauth: typeof OAuth, { metadata, client, options, tokens }: Exchange): Promise<UpstreamAnswer> {
    const idToken: Claims | undefined = oauth.getValidatedIdTokenClaims(tokens);
    if (idToken !== undefined) assertRequiredClaims(this.options, idToken);
    let claims = idToken ?? {};
    if (!isComplete(this.options, claims) && metadata.userinfo_endpoint !== undefined) {
      const subject = typeof claims['sub'] === 'string' ? claims['sub'] : oauth.skipSubjectCheck;
      const response = await oauth.userInfoRequest(metadata, client, tokens.access_token, options);
      const told = await oauth.processUserInfoResponse(metadata, client, subject, response);
      claims = { ...told, ...claims };
    }
    return { claims, refreshToken: tokens.refresh_token };
  }

  async #credentials(oauth: typeof OAuth, metadata: Metadata): Promise<Credentials> {
    const client = { client_id: this.options.clientId, [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS };
    return {
      client,
      authentication: await this.#authentication(oauth, metadata),
      options: httpOptions(oauth, this.#fetch),
    };
  }

  async #authentication(oauth: typeof OAuth, metadata: Metadata): Promise<OAuth.ClientAuth> {
    const { clientKey, clientSecret = '' } = this.options;
    if (clientKey !== undefined) {
      const { importJWK } = await import('jose/key/import');
      const key = await importJWK(clientKey, String(clientKey['alg']));
      if (!(key instanceof CryptoKey)) throw new TypeError('clientKey is not a private key');
      const { kid } = clientKey;
      return oauth.PrivateKeyJwt(typeof kid === 'string' ? { key, kid } : key, {
        // What every provider takes, unlike the issuer (RFC 7523 §3).
        [oauth.modifyAssertion]: (_header, payload) => {
          payload['aud'] = metadata.token_endpoint;
        },
      });
    }
    const methods = metadata.token_endpoint_auth_methods_supported ?? [];
    // In a header secrets have to be encoded (RFC 6749 §2.3.1), which not every provider undoes.
    return methods.includes('client_secret_post')
      ? oauth.ClientSecretPost(clientSecret)
      : oauth.ClientSecretBasic(clientSecret);
  }

  async #discover(): Promise<Metadata> {
    const oauth = await import('oauth4webapi');
    const issuer = new URL(this.options.issuer);
    try {
      const response = await oauth.discoveryRequest(issuer, httpOptions(oauth, this.#fetch));
      const value = await oauth.processDiscoveryResponse(issuer, response);
      this.#metadata = { value, readAt: this.#clock.now() };
      return value;
    } catch (error) {
      throw error instanceof AppError ? error : unreachable(error);
    }
  }
}

type HttpOptions = ReturnType<typeof httpOptions>;

interface Credentials {
  readonly client: OAuth.Client;
  readonly authentication: OAuth.ClientAuth;
  readonly options: HttpOptions;
}

interface Exchange {
  readonly metadata: Metadata;
  readonly client: OAuth.Client;
  readonly options: HttpOptions;
  readonly tokens: OAuth.TokenEndpointResponse;
}

function httpOptions(oauth: typeof OAuth, fetch: UpstreamFetch) {
  return {
    [oauth.customFetch]: fetch,
    // The fetch itself takes http on loopback alone; the name is deprecated to make it stand out.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    [oauth.allowInsecureRequests]: true,
  };
}
