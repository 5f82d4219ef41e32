import type { Request, Response, Router } from 'express';
import { AppError } from '../../../core/errors.ts';
import { contextOf } from '../../../core/request-context.ts';
import { field, formBody } from '../forms/form-body.ts';
import { sendPage } from '../forms/page-response.ts';
import type { AdminContext } from './context.ts';
import type { Owner, OwnerAccess } from './owner-access.ts';
import { ADMIN } from './sections.ts';

/** The page at which an owner signs in again, before something is changed. */
export class ConfirmPages {
  readonly #context: AdminContext;
  readonly #access: OwnerAccess;

  constructor(context: AdminContext, access: OwnerAccess) {
    this.#context = context;
    this.#access = access;
  }

  mount(router: Router): void {
    router.get(ADMIN.confirm, async (request, response) => {
      this.#show(request, response, await this.#access.require(request, response));
    });
    router.post(ADMIN.confirm, formBody, async (request, response) => {
      await this.#confirm(request, response, await this.#access.submit(request, response));
    });
  }

  /** Leads to the page, from a form that was sent too long after the sign-in. */
  ask(request: Request, response: Response): void {
    // The page that the form was on: what it was to do is done again there.
    const [, section = ''] = /^\/admin\/([a-z]+)/.exec(request.path) ?? [];
    response.redirect(303, `${ADMIN.confirm}?${new URLSearchParams({ to: section }).toString()}`);
  }

  async #confirm(request: Request, response: Response, owner: Owner): Promise<void> {
    const result = await this.#context.signIn.confirm({
      email: owner.account.email,
      password: field(request, 'password'),
      address: contextOf(request).address,
    });
    if ('problem' in result) {
      if (result.retryAfter !== undefined) response.set('Retry-After', String(result.retryAfter));
      this.#show(request, response, owner, result);
      return;
    }
    const { account, session } = owner;
    session.loginAccount({
      accountId: account.id,
      loginTs: Math.floor(this.#context.clock.now() / 1000),
      ...(session.amr === undefined ? {} : { amr: session.amr }),
    });
    await session.persist();
    response.redirect(303, targetOf(request));
  }

  #show(
    request: Request,
    response: Response,
    { account, purpose }: Owner,
    last: { readonly problem?: string; readonly status?: number } = {},
  ): void {
    if (!account.hasPassword) {
      throw new AppError('FORBIDDEN', 'Changes need a sign-in of the last ten minutes.', {
        next: 'sign out on the account page, sign in again, and repeat',
      });
    }
    const html = this.#context.pages.confirm({
      action: `${ADMIN.confirm}?${new URLSearchParams({ to: sectionOf(request) }).toString()}`,
      formToken: this.#context.forms.issue(request, response, purpose),
      person: { name: account.name, email: account.email },
      problem: last.problem,
    });
    sendPage(response, html, last.status);
  }
}

function targetOf(request: Request): string {
  return `${ADMIN.home}/${sectionOf(request)}`;
}

/** One of ours, whatever the address says. */
function sectionOf({ query: { to } }: Request): string {
  const sections = ['people', 'clients', 'grants', 'sessions', 'connections'];
  return sections.find((section) => section === to) ?? 'people';
}
