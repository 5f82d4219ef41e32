import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import * as z from 'zod';
import { AppError } from '../../../core/errors.ts';
import { contextOf } from '../../../core/request-context.ts';
import type { Store } from '../../../core/store.ts';
import type { Telemetry } from '../../../core/telemetry.ts';
import type { Account } from '../accounts/accounts.ts';
import { refusedForm } from '../forms/form-body.ts';
import { digest, records } from '../state/records.ts';
import type { IdentityProvider, UpstreamAnswer } from './identity-provider.ts';
import type { IdentityProviders } from './identity-providers.ts';
import { LoginCookies, sameSecret } from './login-secrets.ts';
import type { People } from './people.ts';
import { faultOf, SignInRefusal } from './sign-in-refusal.ts';
import type { UpstreamAccess } from './upstream-access.ts';

export interface FederatedSignInContext {
  readonly identityProviders: IdentityProviders;
  readonly people: People;
  readonly upstream: UpstreamAccess;
  readonly store: Store;
  readonly telemetry: Telemetry;
  /** The public origin. */
  readonly issuer: string;
}

/** What a sign-in is for. */
export interface Destination {
  /** The interaction that it belongs to; without one, the person goes to their account page. */
  readonly interaction?: string | undefined;
  readonly clientId?: string | undefined;
}

/** How a sign-in ended. */
export type Return = { readonly destination: Destination } & (
  { readonly account: Account } | { readonly refusal: SignInRefusal }
);

const LOGIN_TTL = 600;
const RESULT_TTL = 60;
const MAX_STATE_LENGTH = 100;

const login = z.object({
  provider: z.string(),
  /** Of the browser's secret. */
  browser: z.string(),
  interaction: z.string().optional(),
  clientId: z.string().optional(),
});

const result = z.object({ interaction: z.string(), account: z.string() });

type Login = z.output<typeof login>;

/** Why somebody who claims to come back from an identity provider is not believed. */
type Distrust = 'no_state' | 'other_browser' | 'expired_or_used' | 'other_provider';

/** Signing in at an identity provider: to it, and back. */
export class FederatedSignIn {
  readonly #context: FederatedSignInContext;
  readonly #cookies: LoginCookies;

  constructor(context: FederatedSignInContext) {
    this.#context = context;
    this.#cookies = new LoginCookies({ issuer: context.issuer, lifetime: LOGIN_TTL });
  }

  /** What can be chosen from. */
  get choices(): readonly { readonly id: string; readonly name: string }[] {
    return this.#context.identityProviders.all.map(({ options: { id, name } }) => ({ id, name }));
  }

  /**
   * Begins a sign-in, after the person has chosen to: answers where to send the browser.
   *
   * @throws SignInRefusal when the provider cannot be reached
   */
  async begin(
    request: Request,
    response: Response,
    choice: Destination & { readonly provider: string; readonly loginHint?: string | undefined },
  ): Promise<URL> {
    const { interaction, clientId, loginHint } = choice;
    const provider = this.#context.identityProviders.get(choice.provider);
    if (provider === undefined) throw refusedForm();
    const { state, secret } = this.#cookies.begin(response);
    const record: Login = { provider: provider.id, browser: digest(secret), interaction, clientId };
    await this.#context.store.put(records.upstreamLogin(state), JSON.stringify(record), LOGIN_TTL);
    try {
      return await provider.authorizationUrl(this.#cookies.secretsOf(state, secret, provider.id), loginHint);
    } catch (error) {
      this.#cookies.end(response, state);
      const refusal = this.#refusalOf(error, provider);
      this.#recordFailure(request, { ...choice, reason: refusal.reason });
      throw refusal;
    }
  }

  /**
   * Takes a person in who comes back.
   *
   * @throws AppError `BAD_REQUEST` unless this browser began just this sign-in, and has not finished it yet
   */
  async finish(request: Request, response: Response): Promise<Return> {
    const answer = new URL(request.originalUrl, this.#context.issuer).searchParams;
    const { state, secret, record } = await this.#takeUp(request, answer);
    this.#cookies.end(response, state);
    const provider = this.#context.identityProviders.get(record.provider);
    if (provider === undefined || record.provider !== request.params['provider']) {
      // An answer that another provider may have sent here (RFC 9207 §1).
      throw this.#distrust(request, 'other_provider', record);
    }
    const { interaction, clientId } = record;
    const destination = { interaction, clientId };
    try {
      const secrets = this.#cookies.secretsOf(state, secret, provider.id);
      const account = await this.#admit(provider, await provider.redeem(answer, secrets));
      this.#recordSuccess(request, account, record);
      return { destination, account };
    } catch (error) {
      const refusal = this.#refusalOf(error, provider);
      const { reason, detail } = refusal;
      this.#recordFailure(request, { ...record, reason, detail });
      return { destination, refusal };
    }
  }

  /** Leaves word for the page of the interaction: answers what to ask for it with, once. */
  async leaveResult(interaction: string, account: Account): Promise<string> {
    const ticket = randomBytes(32).toString('base64url');
    const value = JSON.stringify({ interaction, account: account.id });
    await this.#context.store.put(records.upstreamResult(ticket), value, RESULT_TTL);
    return ticket;
  }

  /** The id of the account that has signed in for this interaction. */
  async takeResult(interaction: string, ticket: string): Promise<string | undefined> {
    const value = await this.#context.store.take(records.upstreamResult(ticket));
    if (value === undefined) return undefined;
    const found = result.parse(JSON.parse(value));
    return found.interaction === interaction ? found.account : undefined;
  }

  async #takeUp(
    request: Request,
    answer: URLSearchParams,
  ): Promise<{ readonly state: string; readonly secret: string; readonly record: Login }> {
    const [state, ...others] = answer.getAll('state');
    if (state === undefined || others.length > 0 || state.length > MAX_STATE_LENGTH) {
      throw this.#distrust(request, 'no_state');
    }
    const secret = this.#cookies.find(request, state);
    // Before the record is taken, or anybody who has seen the state could end the sign-in of another.
    if (secret === undefined) throw this.#distrust(request, 'other_browser');
    const value = await this.#context.store.take(records.upstreamLogin(state));
    if (value === undefined) throw this.#distrust(request, 'expired_or_used');
    const record = login.parse(JSON.parse(value));
    if (!sameSecret(record.browser, digest(secret))) {
      throw this.#distrust(request, 'other_browser', record);
    }
    return { state, secret, record };
  }

  async #admit(provider: IdentityProvider, { claims, refreshToken }: UpstreamAnswer): Promise<Account> {
    const { people, upstream } = this.#context;
    const account = await people.recognise(provider, claims);
    await upstream.begin(account, provider, refreshToken);
    return account;
  }

  #refusalOf(error: unknown, { id }: IdentityProvider): SignInRefusal {
    const { logger } = this.#context.telemetry;
    if (error instanceof SignInRefusal) {
      const { cause, reason } = error;
      if (cause !== undefined) {
        logger.warn(
          { provider: id, reason, fault: faultOf(cause) },
          'A sign-in at an identity provider failed',
        );
      }
      return error;
    }
    if (!(error instanceof AppError) || error.code !== 'UNAVAILABLE') throw error;
    logger.warn({ provider: id, fault: faultOf(error) }, 'The identity provider cannot be reached');
    return new SignInRefusal('provider_unavailable');
  }

  #distrust(request: Request, reason: Distrust, record?: Login): AppError {
    this.#recordFailure(request, { ...record, reason });
    return new AppError(
      'BAD_REQUEST',
      'This sign-in has ended: it took too long, was completed already, or began in another browser.',
      { next: 'start again from the application, or from the account page' },
    );
  }

  #recordSuccess(request: Request, account: Account, { provider, clientId }: Login): void {
    const { telemetry } = this.#context;
    telemetry.metrics.auth('login', 'ok');
    telemetry.audit({
      action: 'login.succeeded',
      outcome: 'success',
      subject: account.id,
      ...(clientId === undefined ? {} : { clientId }),
      address: contextOf(request).address,
      details: { method: 'provider', provider },
    });
  }

  #recordFailure(
    request: Request,
    failure: {
      readonly reason: string;
      readonly detail?: string | undefined;
      readonly provider?: string;
      readonly clientId?: string | undefined;
    },
  ): void {
    const { reason, detail, provider, clientId } = failure;
    const { telemetry } = this.#context;
    telemetry.metrics.auth('login', reason === 'provider_unavailable' ? 'unavailable' : 'invalid');
    telemetry.audit({
      action: 'login.failed',
      outcome: 'denied',
      ...(clientId === undefined ? {} : { clientId }),
      address: contextOf(request).address,
      details: {
        method: 'provider',
        reason,
        ...(provider === undefined ? {} : { provider }),
        ...(detail === undefined ? {} : { error: detail }),
      },
    });
  }
}
