import { type Request, type RequestHandler, type Response, Router } from 'express';
import { AppError } from '../../../core/errors.ts';
import { contextOf } from '../../../core/request-context.ts';
import type { Telemetry } from '../../../core/telemetry.ts';
import type { AuthOptions } from '../../options.ts';
import type { AuthPages } from '../../pages.ts';
import { MIN_PASSWORD_LENGTH } from '../accounts/accounts.ts';
import { signIn } from '../sign-in/browser-session.ts';
import { field, formBody, refusedForm } from '../forms/form-body.ts';
import type { FormTokens } from '../forms/form-token.ts';
import type { OwnerSetup } from '../accounts/owner-setup.ts';
import { sendPage } from '../forms/page-response.ts';
import type { ProviderHolder } from '../provider-holder.ts';
import { digest } from '../state/records.ts';

interface SetupPageContext {
  readonly setup: OwnerSetup;
  readonly holder: ProviderHolder;
  readonly forms: FormTokens;
  readonly pages: AuthPages;
  readonly options: AuthOptions;
  readonly telemetry: Telemetry;
}

const PATH = '/setup/:token';

/** The page behind the one-time link, where the first person makes the owner account. */
export function setupRoutes(context: SetupPageContext): RequestHandler {
  const router = Router({ caseSensitive: true });
  router.get(PATH, async (request, response) => {
    await assertGood(context, request);
    show(context, request, response);
  });
  router.post(PATH, formBody, async (request, response) => {
    await assertGood(context, request);
    await redeem(context, request, response);
  });
  return router;
}

async function assertGood({ setup, telemetry }: SetupPageContext, request: Request): Promise<void> {
  if (await setup.isGood(tokenOf(request))) return;
  telemetry.metrics.auth('setup', 'invalid');
  telemetry.audit({
    action: 'setup.refused',
    outcome: 'denied',
    address: contextOf(request).address,
    details: { reason: 'unknown, used or old link' },
  });
  throw new AppError(
    'NOT_FOUND',
    'This link was used already, or is too old. Restart the server to get a new one, unless there is an account.',
  );
}

async function redeem(context: SetupPageContext, request: Request, response: Response): Promise<void> {
  const { setup, holder, forms, options, telemetry } = context;
  if (!forms.verify(request, field(request, 'form_token'), purpose(request))) throw refusedForm();
  const owner = { email: field(request, 'email'), name: field(request, 'name') };
  if (field(request, 'password') !== field(request, 'password_again')) {
    show(context, request, response, { ...owner, problem: 'The two passwords are not the same.' });
    return;
  }
  try {
    const account = await setup.redeem(tokenOf(request), { ...owner, password: field(request, 'password') });
    telemetry.metrics.auth('setup', 'ok');
    telemetry.audit({
      action: 'account.created',
      outcome: 'success',
      subject: account.id,
      address: contextOf(request).address,
      details: { role: account.role },
    });
    const { provider } = await holder.current();
    await signIn({ provider, request, response }, account.id, {
      seconds: options.sessionTtlSeconds,
    });
    response.redirect(303, '/account');
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'INVALID_ARGUMENT') throw error;
    show(context, request, response, { ...owner, problem: error.message });
  }
}

function show(
  { forms, pages }: SetupPageContext,
  request: Request,
  response: Response,
  last: { readonly email?: string; readonly name?: string; readonly problem?: string } = {},
): void {
  const html = pages.setup({
    action: request.path,
    formToken: forms.issue(request, response, purpose(request)),
    minPasswordLength: MIN_PASSWORD_LENGTH,
    ...last,
  });
  sendPage(response, html, last.problem === undefined ? 200 : 422);
}

function purpose(request: Request): string {
  return `setup:${digest(tokenOf(request))}`;
}

function tokenOf(request: Request): string {
  return String(request.params['token']);
}
