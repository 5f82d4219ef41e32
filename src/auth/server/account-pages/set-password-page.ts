import { type Request, type RequestHandler, type Response, Router } from 'express';
import { AppError } from '../../../core/errors.ts';
import { contextOf } from '../../../core/request-context.ts';
import type { Store } from '../../../core/store.ts';
import type { Telemetry } from '../../../core/telemetry.ts';
import type { AuthPages } from '../../pages.ts';
import { type Account, type Accounts, MIN_PASSWORD_LENGTH } from '../accounts/accounts.ts';
import { field, formBody, refusedForm } from '../forms/form-body.ts';
import type { FormTokens } from '../forms/form-token.ts';
import { Invitations } from '../accounts/invitations.ts';
import { sendPage } from '../forms/page-response.ts';
import { digest } from '../state/records.ts';

interface SetPasswordContext {
  readonly accounts: Accounts;
  readonly store: Store;
  readonly forms: FormTokens;
  readonly pages: AuthPages;
  readonly telemetry: Telemetry;
}

const PATH = '/setup/password/:token';

/** The page behind a link from an owner, where a person sets their password. */
export function setPasswordRoutes(context: SetPasswordContext): RequestHandler {
  const router = Router({ caseSensitive: true });
  const invitations = new Invitations(context.store);
  router.get(PATH, async (request, response) => {
    show(context, request, response, { account: await personOf(context, invitations, request) });
  });
  router.post(PATH, formBody, async (request, response) => {
    const account = await personOf(context, invitations, request);
    if (!context.forms.verify(request, field(request, 'form_token'), purpose(request))) throw refusedForm();
    const problem = problemOf(request);
    if (problem !== undefined) {
      show(context, request, response, { account, problem });
      return;
    }
    // Used up first: of two who hold the link, one sets the password.
    if ((await invitations.redeem(tokenOf(request))) === undefined) throw tooOld();
    await context.accounts.setPassword(account.email, field(request, 'password'));
    context.telemetry.audit({
      action: 'account.password-set',
      outcome: 'success',
      subject: account.id,
      address: contextOf(request).address,
      details: { account: account.id, by: 'link' },
    });
    response.redirect(303, '/account');
  });
  return router;
}

async function personOf(
  { accounts, telemetry }: SetPasswordContext,
  invitations: Invitations,
  request: Request,
): Promise<Account> {
  const id = await invitations.accountOf(tokenOf(request));
  const account = id === undefined ? undefined : await accounts.find(id);
  if (account !== undefined && account.disabledAt === undefined) return account;
  telemetry.audit({
    action: 'invitation.refused',
    outcome: 'denied',
    address: contextOf(request).address,
    details: { reason: 'unknown, used or old link' },
  });
  throw tooOld();
}

function problemOf(request: Request): string | undefined {
  const password = field(request, 'password');
  if (password !== field(request, 'password_again')) return 'The two passwords are not the same.';
  if (password.length >= MIN_PASSWORD_LENGTH && password.length <= 256) return undefined;
  return `A password has ${MIN_PASSWORD_LENGTH} to 256 characters.`;
}

function tooOld(): AppError {
  return new AppError('NOT_FOUND', 'This link was used already, or is too old.', {
    next: 'ask an owner of this server for another one',
  });
}

function show(
  { forms, pages }: SetPasswordContext,
  request: Request,
  response: Response,
  { account: { name, email }, problem }: { readonly account: Account; readonly problem?: string },
): void {
  const html = pages.setPassword({
    action: request.path,
    formToken: forms.issue(request, response, purpose(request)),
    person: { name, email },
    minPasswordLength: MIN_PASSWORD_LENGTH,
    problem,
  });
  sendPage(response, html, problem === undefined ? 200 : 422);
}

function purpose(request: Request): string {
  return `set-password:${digest(tokenOf(request))}`;
}

function tokenOf(request: Request): string {
  return String(request.params['token']);
}
