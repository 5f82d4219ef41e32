import { type RequestHandler, Router } from 'express';
import { contextOf } from '../../../core/request-context.ts';
import { addPasskey, passkeyOptions, removePasskey, renamePasskey } from './account-passkeys.ts';
import { changePassword, confirmPassword, endOtherSessions } from './account-security.ts';
import { SIGN_IN, showAccount, showSignIn } from './account-views.ts';
import {
  type AccountForm,
  accountForm,
  type AccountPageContext,
  accountVisit,
  genuineToken,
  record,
  visitOf,
} from './account-visit.ts';
import { signIn, signOut, type Visit } from '../sign-in/browser-session.ts';
import { problemOf } from '../federation/sign-in-choices.ts';
import { SignInRefusal } from '../federation/sign-in-refusal.ts';
import { field, formBody } from '../forms/form-body.ts';
import type { SignInResult } from '../sign-in/sign-in.ts';

export type { AccountPageContext } from './account-visit.ts';

const PATH = '/account';

/** What people can do on their page, by the path below it that the form goes to. */
const FORMS: Readonly<Record<string, (context: AccountPageContext, form: AccountForm) => Promise<void>>> = {
  '/revoke': revoke,
  '/sign-out': leave,
  '/sessions/end': endOtherSessions,
  '/password': changePassword,
  '/confirm': confirmPassword,
  '/passkeys/options': passkeyOptions,
  '/passkeys/add': addPasskey,
  '/passkeys/rename': renamePasskey,
  '/passkeys/remove': removePasskey,
};

/** The page where people see who acts in their name and where they are signed in, and end that. */
export function accountRoutes(context: AccountPageContext): RequestHandler {
  const router = Router({ caseSensitive: true });
  router.get(PATH, async (request, response) => {
    const visit = await visitOf(context, request, response);
    const person = await accountVisit(context, visit);
    if (person === undefined) showSignIn(context, visit, problemOf(request));
    else await showAccount(context, person);
  });
  router.post(`${PATH}/sign-in`, formBody, async (request, response) => {
    await signInByPassword(context, await visitOf(context, request, response));
  });
  router.post(`${PATH}/provider`, formBody, async (request, response) => {
    await leaveForProvider(context, await visitOf(context, request, response));
  });
  router.post(`${PATH}/passkey/options`, formBody, async (request, response) => {
    const formToken = genuineToken(context, request, SIGN_IN);
    response.json(await context.passkeys.signInOptions(formToken));
  });
  router.post(`${PATH}/passkey`, formBody, async (request, response) => {
    await signInByPasskey(context, await visitOf(context, request, response));
  });
  for (const [path, handle] of Object.entries(FORMS)) {
    router.post(PATH + path, formBody, async (request, response) => {
      await handle(context, await accountForm(context, await visitOf(context, request, response)));
    });
  }
  return router;
}

async function signInByPassword(context: AccountPageContext, visit: Visit): Promise<void> {
  const { request } = visit;
  genuineToken(context, request, SIGN_IN);
  const email = field(request, 'email');
  const result = await context.signIn.attempt({
    email,
    password: field(request, 'password'),
    address: contextOf(request).address,
  });
  await enter(context, visit, result, email);
}

async function leaveForProvider(context: AccountPageContext, visit: Visit): Promise<void> {
  const { request, response } = visit;
  genuineToken(context, request, SIGN_IN);
  try {
    const provider = field(request, 'provider');
    const url = await context.federatedSignIn.begin(request, response, { provider });
    response.redirect(303, url.href);
  } catch (error) {
    if (!(error instanceof SignInRefusal)) throw error;
    showSignIn(context, visit, { problem: error.message, status: 503 });
  }
}

async function signInByPasskey(context: AccountPageContext, visit: Visit): Promise<void> {
  const { request } = visit;
  const result = await context.passkeySignIn.attempt({
    formToken: genuineToken(context, request, SIGN_IN),
    response: field(request, 'credential'),
    address: contextOf(request).address,
  });
  await enter(context, visit, result);
}

async function enter(
  context: AccountPageContext,
  visit: Visit,
  result: SignInResult,
  email?: string,
): Promise<void> {
  const { response } = visit;
  if ('problem' in result) {
    if (result.retryAfter !== undefined) response.set('Retry-After', String(result.retryAfter));
    showSignIn(context, visit, { ...result, email });
    return;
  }
  await signIn(visit, result.account.id, { seconds: context.options.sessionTtlSeconds, amr: result.amr });
  response.redirect(303, PATH);
}

async function revoke(context: AccountPageContext, form: AccountForm): Promise<void> {
  const gid = field(form.request, 'grant');
  if (gid === 'all') {
    const ended = await context.grants.revokeAll(form.account.id);
    for (const { clientId } of ended) recordRevocation(context, form, clientId);
  } else {
    const grant = await context.grants.revokeOwn(form.account.id, gid);
    // Gone already is what was asked for.
    if (grant !== undefined) recordRevocation(context, form, grant.clientId);
  }
  form.response.redirect(303, `${PATH}?done=${gid === 'all' ? 'all-revoked' : 'revoked'}`);
}

async function leave(_context: AccountPageContext, form: AccountForm): Promise<void> {
  await signOut(form);
  form.response.redirect(303, PATH);
}

function recordRevocation(context: AccountPageContext, form: AccountForm, clientId: string): void {
  context.telemetry.metrics.auth('revoke', 'ok');
  record(context, form, { action: 'grant.revoked', clientId });
}
