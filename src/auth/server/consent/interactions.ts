import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Client, Interaction } from 'oidc-provider';
import type Provider from 'oidc-provider';
import { AppError } from '../../../core/errors.ts';
import { contextOf } from '../../../core/request-context.ts';
import type { Store } from '../../../core/store.ts';
import type { Account, Accounts } from '../accounts/accounts.ts';
import { answerOnce } from './answer-once.ts';
import { displayName } from '../clients/client-display.ts';
import { type ConsentContext, Consents } from './consents.ts';
import type { FederatedSignIn } from '../federation/federated-sign-in.ts';
import { problemOf, providersOf } from '../federation/sign-in-choices.ts';
import { SignInRefusal } from '../federation/sign-in-refusal.ts';
import { field, formBody, refusedForm } from '../forms/form-body.ts';
import type { FormTokens } from '../forms/form-token.ts';
import { allowScript, sendPage } from '../forms/page-response.ts';
import type { PasskeySignIn } from '../sign-in/passkey-sign-in.ts';
import type { Passkeys } from '../sign-in/passkeys.ts';
import type { ProviderHolder } from '../provider-holder.ts';
import type { PasswordSignIn, SignInResult } from '../sign-in/sign-in.ts';

export interface InteractionsContext extends ConsentContext {
  readonly holder: ProviderHolder;
  readonly store: Pick<Store, 'swap' | 'take'>;
  readonly accounts: Accounts;
  readonly forms: FormTokens;
  readonly signIn: PasswordSignIn;
  readonly passkeys: Passkeys;
  readonly passkeySignIn: PasskeySignIn;
  readonly federatedSignIn: FederatedSignIn;
  /** The public origin. */
  readonly issuer: string;
}

/** One step of a person's way through an authorization request. */
interface Step {
  readonly provider: Provider;
  readonly interaction: Interaction;
  readonly client: Client;
  readonly request: Request;
  readonly response: Response;
}

const PATH = '/interaction/:uid';

/**
 * The pages between an authorization request and its answer: sign-in and consent. Each belongs to the
 * browser that began the request, by a cookie, and each form to the page that it was shown on.
 */
export function interactionRoutes(context: InteractionsContext): RequestHandler {
  const router = Router({ caseSensitive: true });
  const pages = new InteractionPages(context);
  router.get(PATH, async (request, response) => {
    await pages.show(await begin(context, request, response));
  });
  router.post(`${PATH}/login`, formBody, async (request, response) => {
    await pages.login(await submit(context, request, response, 'login'));
  });
  router.post(`${PATH}/passkey/options`, formBody, async (request, response) => {
    const { formToken } = await submit(context, request, response, 'login');
    response.json(await context.passkeys.signInOptions(formToken));
  });
  router.post(`${PATH}/passkey`, formBody, async (request, response) => {
    await pages.passkey(await submit(context, request, response, 'login'));
  });
  router.post(`${PATH}/provider`, formBody, async (request, response) => {
    await pages.leave(await submit(context, request, response, 'login'));
  });
  router.get(`${PATH}/signed-in`, async (request, response) => {
    await pages.comeBack(await begin(context, request, response));
  });
  router.post(`${PATH}/consent`, formBody, async (request, response) => {
    await pages.consent(await submit(context, request, response, 'consent'));
  });
  return router;
}

async function begin(context: InteractionsContext, request: Request, response: Response): Promise<Step> {
  const { provider } = await context.holder.current();
  const interaction = await currentInteraction(provider, request, response);
  if (interaction.uid !== request.params['uid']) throw refusedForm();
  const client = await provider.Client.find(String(interaction.params['client_id']));
  if (client === undefined) throw new AppError('BAD_REQUEST', 'The application is no longer known here.');
  return { provider, interaction, client, request, response };
}

async function currentInteraction(
  provider: Provider,
  request: Request,
  response: Response,
): Promise<Interaction> {
  try {
    return await provider.interactionDetails(request, response);
  } catch (error) {
    // How the provider says that it finds none for this browser.
    if (!(error instanceof Error) || error.name !== 'SessionNotFound') throw error;
    throw new AppError(
      'BAD_REQUEST',
      'This sign-in has ended: it took too long, was completed already, or began in another browser.',
      { next: 'start again from the application', cause: error },
    );
  }
}

/** A step whose form was sent. */
interface SubmittedStep extends Step {
  readonly formToken: string;
}

/** As {@link begin}, for a form: it must come from the page of this very step. */
async function submit(
  context: InteractionsContext,
  request: Request,
  response: Response,
  prompt: 'login' | 'consent',
): Promise<SubmittedStep> {
  const step = await begin(context, request, response);
  const formToken = field(request, 'form_token');
  const genuine = context.forms.verify(request, formToken, purpose(step.interaction));
  if (genuine && step.interaction.prompt.name === prompt) return { ...step, formToken };
  throw refusedForm();
}

function purpose({ uid, prompt }: Interaction): string {
  return `interaction:${uid}:${prompt.name}`;
}

function hintOf({ params }: Interaction): string | undefined {
  const hint = params['login_hint'];
  return typeof hint === 'string' ? hint : undefined;
}

class InteractionPages {
  readonly #context: InteractionsContext;
  readonly #consents: Consents;

  constructor(context: InteractionsContext) {
    this.#context = context;
    this.#consents = new Consents(context);
  }

  async show(step: Step): Promise<void> {
    if (step.interaction.prompt.name === 'login') await this.#showLogin(step, problemOf(step.request));
    else await this.#showConsent(step);
  }

  async login(step: Step): Promise<void> {
    const { client, request } = step;
    const email = field(request, 'email');
    const result = await this.#context.signIn.attempt({
      email,
      password: field(request, 'password'),
      address: contextOf(request).address,
      clientId: client.clientId,
    });
    await this.#finishLogin(step, result, email);
  }

  async passkey(step: SubmittedStep): Promise<void> {
    const { client, request, formToken } = step;
    const result = await this.#context.passkeySignIn.attempt({
      formToken,
      response: field(request, 'credential'),
      address: contextOf(request).address,
      clientId: client.clientId,
    });
    await this.#finishLogin(step, result);
  }

  /** Sends the person to the identity provider that they chose. */
  async leave({ interaction, client, request, response, ...step }: Step): Promise<void> {
    try {
      const url = await this.#context.federatedSignIn.begin(request, response, {
        provider: field(request, 'provider'),
        interaction: interaction.uid,
        clientId: client.clientId,
        loginHint: hintOf(interaction),
      });
      response.redirect(303, url.href);
    } catch (error) {
      if (!(error instanceof SignInRefusal)) throw error;
      const last = { problem: error.message, status: 503 };
      await this.#showLogin({ ...step, interaction, client, request, response }, last);
    }
  }

  /** Goes on with who has signed in there. */
  async comeBack(step: Step): Promise<void> {
    const { interaction, request, response } = step;
    const { federatedSignIn, accounts } = this.#context;
    const { ticket } = request.query;
    const id =
      typeof ticket === 'string' ? await federatedSignIn.takeResult(interaction.uid, ticket) : undefined;
    const account = id === undefined ? undefined : await accounts.find(id);
    // Loaded again, say: the page of the interaction knows what is next.
    if (account === undefined || interaction.prompt.name !== 'login') {
      response.redirect(303, `/interaction/${interaction.uid}`);
    } else await this.#finishLogin(step, { account, amr: [] });
  }

  async #finishLogin(step: Step, result: SignInResult, email?: string): Promise<void> {
    const { interaction, provider, request, response } = step;
    if ('problem' in result) {
      if (result.retryAfter !== undefined) response.set('Retry-After', String(result.retryAfter));
      await this.#showLogin(step, { ...result, email });
      return;
    }
    const current = interaction.session?.accountId;
    if (current !== undefined && current !== result.account.id) {
      const problem =
        'You are signed in with another account in this browser. Sign out on the account page first.';
      await this.#showLogin(step, { problem, status: 409, email });
      return;
    }
    await provider.interactionFinished(
      request,
      response,
      { login: { accountId: result.account.id, amr: result.amr } },
      { mergeWithLastSubmission: false },
    );
  }

  async consent(step: Step): Promise<void> {
    const { provider, request, response } = step;
    const account = await this.#accountOf(step);
    const allowed = field(request, 'decision') === 'allow';
    const decision = {
      ...step,
      account,
      address: contextOf(request).address,
      remember: field(request, 'remember') === 'yes',
    };
    const answer = await answerOnce(this.#context.store, step.interaction.uid, () =>
      this.#consents.decide(decision, allowed),
    );
    await provider.interactionFinished(request, response, answer, { mergeWithLastSubmission: allowed });
  }

  async #showLogin(
    step: Step,
    last: {
      readonly problem?: string;
      readonly status?: number;
      readonly email?: string | undefined;
    } = {},
  ): Promise<void> {
    const { interaction, client, response } = step;
    const { pages, passkeys, issuer } = this.#context;
    const known = interaction.session?.accountId;
    const account = known === undefined ? undefined : await this.#context.accounts.find(known);
    const providers = providersOf(this.#context.federatedSignIn, `/interaction/${interaction.uid}/provider`);
    const html = pages.login({
      ...this.#form(step, 'login'),
      client: displayName(client.clientName, client.clientId),
      email: last.email ?? account?.email ?? hintOf(interaction),
      problem: last.problem,
      providers,
      request: providers && this.#consents.announce(step),
      passkey: passkeys.available ? `/interaction/${interaction.uid}/passkey` : undefined,
    });
    if (passkeys.available) allowScript(response, new URL(pages.scriptPath, issuer));
    sendPage(response, html, last.status);
  }

  async #showConsent(step: Step): Promise<void> {
    const account = await this.#accountOf(step);
    const model = await this.#consents.describe({ ...step, account });
    const html = this.#context.pages.consent({ ...this.#form(step, 'consent'), ...model });
    sendPage(step.response, html);
  }

  #form(step: Step, action: string): { action: string; formToken: string } {
    const { interaction, request, response } = step;
    return {
      action: `/interaction/${interaction.uid}/${action}`,
      formToken: this.#context.forms.issue(request, response, purpose(interaction)),
    };
  }

  async #accountOf({ interaction }: Step): Promise<Account> {
    const id = interaction.session?.accountId;
    const account = id === undefined ? undefined : await this.#context.accounts.find(id);
    if (account === undefined || account.disabledAt !== undefined) {
      throw new AppError('BAD_REQUEST', 'Your account is no longer known here.');
    }
    return account;
  }
}
