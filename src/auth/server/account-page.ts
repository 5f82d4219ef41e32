import { type Request, type RequestHandler, type Response, Router } from 'express';
import { contextOf } from '../../core/request-context.ts';
import { isScope } from '../../core/scopes.ts';
import type { Telemetry } from '../../core/telemetry.ts';
import type { AuthOptions } from '../options.ts';
import type { AuthPages } from '../pages.ts';
import type { Account, Accounts } from './accounts.ts';
import { browserSession, signIn, signOut, type Visit } from './browser-session.ts';
import { scopeLine } from './consents.ts';
import { field, formBody, refusedForm } from './form-body.ts';
import type { FormTokens } from './form-token.ts';
import type { AccountGrant, Grants } from './grants.ts';
import { sendPage } from './page-response.ts';
import type { ProviderHolder } from './provider-holder.ts';
import type { PasswordSignIn } from './sign-in.ts';

export interface AccountPageContext {
  readonly holder: ProviderHolder;
  readonly accounts: Accounts;
  readonly grants: Grants;
  readonly forms: FormTokens;
  readonly signIn: PasswordSignIn;
  readonly pages: AuthPages;
  readonly options: AuthOptions;
  readonly resource: string;
  readonly telemetry: Telemetry;
}

const PATH = '/account';
const SIGN_IN = 'account:sign-in';

const NOTICES: Readonly<Record<string, string>> = {
  revoked: 'The application has no access any more.',
  'all-revoked': 'No application has access any more.',
};

/** The page where people see which applications act in their name, and end that. */
export function accountRoutes(context: AccountPageContext): RequestHandler {
  const router = Router({ caseSensitive: true });
  const page = new AccountPages(context);
  router.get(PATH, async (request, response) => {
    await page.show(await visit(context, request, response));
  });
  router.post(`${PATH}/sign-in`, formBody, async (request, response) => {
    await page.signIn(await visit(context, request, response));
  });
  router.post(`${PATH}/revoke`, formBody, async (request, response) => {
    await page.revoke(await visit(context, request, response));
  });
  router.post(`${PATH}/sign-out`, formBody, async (request, response) => {
    await page.signOut(await visit(context, request, response));
  });
  return router;
}

async function visit(context: AccountPageContext, request: Request, response: Response): Promise<Visit> {
  const { provider } = await context.holder.current();
  return { provider, request, response };
}

interface SignedIn {
  readonly account: Account;
  /** What the page's forms are bound to: this session. */
  readonly purpose: string;
}

class AccountPages {
  readonly #context: AccountPageContext;

  constructor(context: AccountPageContext) {
    this.#context = context;
  }

  async show(visit: Visit): Promise<void> {
    const person = await this.#signedIn(visit);
    if (person === undefined) this.#showSignIn(visit);
    else await this.#showAccount(visit, person);
  }

  async signIn(visit: Visit): Promise<void> {
    const { request, response } = visit;
    this.#assertForm(request, SIGN_IN);
    const email = field(request, 'email');
    const result = await this.#context.signIn.attempt({
      email,
      password: field(request, 'password'),
      address: contextOf(request).address,
    });
    if ('problem' in result) {
      if (result.retryAfter !== undefined) response.set('Retry-After', String(result.retryAfter));
      this.#showSignIn(visit, { ...result, email });
      return;
    }
    await signIn(visit, result.account.id, this.#context.options.sessionTtlSeconds);
    response.redirect(303, PATH);
  }

  async revoke(visit: Visit): Promise<void> {
    const { account } = await this.#assertSignedIn(visit);
    const gid = field(visit.request, 'grant');
    if (gid === 'all') {
      await this.#context.grants.revokeAll(account.id);
      this.#recordRevocation(visit.request, account);
    } else {
      const grant = await this.#context.grants.revokeOwn(account.id, gid);
      // Gone already is what was asked for.
      if (grant !== undefined) this.#recordRevocation(visit.request, account, grant.clientId);
    }
    visit.response.redirect(303, `${PATH}?done=${gid === 'all' ? 'all-revoked' : 'revoked'}`);
  }

  async signOut(visit: Visit): Promise<void> {
    await this.#assertSignedIn(visit);
    await signOut(visit);
    visit.response.redirect(303, PATH);
  }

  #showSignIn(
    { request, response }: Visit,
    last: { readonly problem?: string; readonly status?: number; readonly email?: string } = {},
  ): void {
    const html = this.#context.pages.login({
      action: `${PATH}/sign-in`,
      formToken: this.#context.forms.issue(request, response, SIGN_IN),
      email: last.email,
      problem: last.problem,
    });
    sendPage(response, html, last.status);
  }

  async #showAccount({ request, response }: Visit, { account, purpose }: SignedIn): Promise<void> {
    const grants = await this.#context.grants.list(account.id);
    const html = this.#context.pages.account({
      action: PATH,
      formToken: this.#context.forms.issue(request, response, purpose),
      person: { name: account.name, email: account.email },
      mcpUrl: this.#context.resource,
      grants: grants.map(describeGrant),
      notice: Object.entries(NOTICES).find(([done]) => done === request.query['done'])?.[1],
    });
    sendPage(response, html);
  }

  async #signedIn(visit: Visit): Promise<SignedIn | undefined> {
    const session = await browserSession(visit);
    if (session.accountId === undefined) return undefined;
    const account = await this.#context.accounts.find(session.accountId);
    return account && { account, purpose: `account:${session.uid}` };
  }

  async #assertSignedIn(visit: Visit): Promise<SignedIn> {
    const person = await this.#signedIn(visit);
    if (person === undefined) throw refusedForm();
    this.#assertForm(visit.request, person.purpose);
    return person;
  }

  #assertForm(request: Request, purpose: string): void {
    if (!this.#context.forms.verify(request, field(request, 'form_token'), purpose)) throw refusedForm();
  }

  #recordRevocation(request: Request, account: Account, clientId?: string): void {
    this.#context.telemetry.metrics.auth('revoke', 'ok');
    this.#context.telemetry.audit({
      action: 'grant.revoked',
      outcome: 'success',
      subject: account.id,
      ...(clientId === undefined ? {} : { clientId }),
      address: contextOf(request).address,
    });
  }
}

function describeGrant(grant: AccountGrant): Parameters<AuthPages['account']>[0]['grants'][number] {
  return {
    gid: grant.gid,
    clientName: grant.clientName,
    clientHost: grant.clientHost,
    allowedAt: new Date(grant.allowedAt * 1000),
    scopes: grant.scopes.filter(isScope).map(scopeLine),
  };
}
