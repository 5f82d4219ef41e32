import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Client, Interaction } from 'oidc-provider';
import type Provider from 'oidc-provider';
import { AppError } from '../../core/errors.ts';
import { contextOf } from '../../core/request-context.ts';
import type { Account, Accounts } from './accounts.ts';
import { displayName } from './client-display.ts';
import { type ConsentContext, Consents } from './consents.ts';
import { field, formBody, refusedForm } from './form-body.ts';
import type { FormTokens } from './form-token.ts';
import { sendPage } from './page-response.ts';
import type { ProviderHolder } from './provider-holder.ts';
import type { PasswordSignIn } from './sign-in.ts';

export interface InteractionsContext extends ConsentContext {
  readonly holder: ProviderHolder;
  readonly accounts: Accounts;
  readonly forms: FormTokens;
  readonly signIn: PasswordSignIn;
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

/** As {@link begin}, for a form: it must come from the page of this very step. */
async function submit(
  context: InteractionsContext,
  request: Request,
  response: Response,
  prompt: 'login' | 'consent',
): Promise<Step> {
  const step = await begin(context, request, response);
  const genuine = context.forms.verify(request, field(request, 'form_token'), purpose(step.interaction));
  if (genuine && step.interaction.prompt.name === prompt) return step;
  throw refusedForm();
}

function purpose({ uid, prompt }: Interaction): string {
  return `interaction:${uid}:${prompt.name}`;
}

class InteractionPages {
  readonly #context: InteractionsContext;
  readonly #consents: Consents;

  constructor(context: InteractionsContext) {
    this.#context = context;
    this.#consents = new Consents(context);
  }

  async show(step: Step): Promise<void> {
    if (step.interaction.prompt.name === 'login') await this.#showLogin(step);
    else await this.#showConsent(step);
  }

  async login(step: Step): Promise<void> {
    const { interaction, provider, request, response } = step;
    const email = field(request, 'email');
    const result = await this.#context.signIn.attempt({
      email,
      password: field(request, 'password'),
      address: contextOf(request).address,
    });
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
      { login: { accountId: result.account.id, amr: ['pwd'] } },
      { mergeWithLastSubmission: false },
    );
  }

  async consent(step: Step): Promise<void> {
    const { provider, request, response } = step;
    const account = await this.#accountOf(step);
    const allowed = field(request, 'decision') === 'allow';
    const answer = await this.#consents.decide(
      { ...step, account, address: contextOf(request).address },
      allowed,
    );
    await provider.interactionFinished(request, response, answer, { mergeWithLastSubmission: allowed });
  }

  async #showLogin(
    step: Step,
    last: { readonly problem?: string; readonly status?: number; readonly email?: string } = {},
  ): Promise<void> {
    const { interaction, client, response } = step;
    const known = interaction.session?.accountId;
    const account = known === undefined ? undefined : await this.#context.accounts.find(known);
    const hint = interaction.params['login_hint'];
    const html = this.#context.pages.login({
      ...this.#form(step, 'login'),
      client: displayName(client.clientName, client.clientId),
      email: last.email ?? account?.email ?? (typeof hint === 'string' ? hint : undefined),
      problem: last.problem,
    });
    sendPage(response, html, last.status);
  }

  async #showConsent(step: Step): Promise<void> {
    const account = await this.#accountOf(step);
    const model = this.#consents.describe({ ...step, account });
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
    if (account === undefined) throw new AppError('BAD_REQUEST', 'Your account is no longer known here.');
    return account;
  }
}
