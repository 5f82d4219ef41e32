import { AppError } from '../../../core/errors.ts';
import { contextOf } from '../../../core/request-context.ts';
import { type Failure, showAccount } from './account-views.ts';
import { type AccountForm, type AccountPageContext, record } from './account-visit.ts';
import { field } from '../forms/form-body.ts';
import { endSession, endSessions } from '../accounts/sessions.ts';

/** Signs the person out in another browser, or in all others. */
export async function endOtherSessions(context: AccountPageContext, form: AccountForm): Promise<void> {
  const { account, session, request, response } = form;
  const uid = field(request, 'session');
  if (uid === 'others') {
    const ended = await endSessions(context.store, account.id, session.uid);
    record(context, form, { action: 'session.ended', details: { sessions: ended } });
  } else if (await endSession(context.store, account.id, uid)) {
    record(context, form, { action: 'session.ended', details: { sessions: 1 } });
  }
  response.redirect(303, `/account?done=${uid === 'others' ? 'sessions-ended' : 'session-ended'}`);
}

/** A new password, for who knows the one before. Whoever else was signed in is not any more. */
export async function changePassword(context: AccountPageContext, form: AccountForm): Promise<void> {
  const { account, session, request, response } = form;
  const next = field(request, 'new_password');
  if (next !== field(request, 'new_password_again')) {
    const problem = 'The two new passwords are not the same.';
    await showAccount(context, form, { problem, status: 422, password: true });
    return;
  }
  if (!(await isConfirmed(context, form, { password: true }))) return;
  try {
    await context.accounts.setPassword(account.email, next, session.uid);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'INVALID_ARGUMENT') throw error;
    await showAccount(context, form, { problem: error.message, status: 422, password: true });
    return;
  }
  record(context, form, { action: 'password.changed' });
  response.redirect(303, '/account?done=password');
}

/** The password once more, so that what needs a recent sign-in can follow. */
export async function confirmPassword(context: AccountPageContext, form: AccountForm): Promise<void> {
  if (!(await isConfirmed(context, form))) return;
  const { account, session, response } = form;
  session.loginAccount({
    accountId: account.id,
    loginTs: Math.floor(context.clock.now() / 1000),
    ...(session.amr === undefined ? {} : { amr: session.amr }),
  });
  await session.persist();
  response.redirect(303, '/account?done=confirmed');
}

/** Whether the form holds the person's password; where not, the answer says so. */
async function isConfirmed(
  context: AccountPageContext,
  form: AccountForm,
  view: Failure = {},
): Promise<boolean> {
  const { account, request, response } = form;
  const result = await context.signIn.confirm({
    email: account.email,
    password: field(request, 'password'),
    address: contextOf(request).address,
  });
  if (!('problem' in result)) return result.account.id === account.id;
  if (result.retryAfter !== undefined) response.set('Retry-After', String(result.retryAfter));
  await showAccount(context, form, { ...result, ...view });
  return false;
}
