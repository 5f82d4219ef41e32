import { isScope } from '../../../core/scopes.ts';
import type { AuthPages } from '../../pages.ts';
import { type AccountPageContext, type AccountVisit, isRecent } from './account-visit.ts';
import { MIN_PASSWORD_LENGTH } from '../accounts/accounts.ts';
import type { Visit } from '../sign-in/browser-session.ts';
import { scopeLine } from '../consent/consents.ts';
import { providersOf } from '../federation/sign-in-choices.ts';
import type { AccountGrant } from '../tokens/grants.ts';
import { allowFormRedirects, allowScript, sendPage } from '../forms/page-response.ts';
import { MAX_PASSKEYS, type Passkey, passkeyHandle } from '../sign-in/passkey-records.ts';
import { type AccountSession, listSessions, noteOrigin } from '../accounts/sessions.ts';
import { agentInWords } from './user-agent.ts';

const PATH = '/account';
/** What the form for signing in is for. */
export const SIGN_IN = 'account:sign-in';

type Model = Parameters<AuthPages['account']>[0];

const NOTICES: Readonly<Record<string, string>> = {
  revoked: 'The application has no access any more.',
  'all-revoked': 'No application has access any more.',
  'session-ended': 'That browser is signed out.',
  'sessions-ended': 'All other browsers are signed out.',
  password: 'Your password is changed, and all other browsers are signed out.',
  confirmed: 'Thank you. You can add a passkey now.',
  'passkey-added': 'The passkey is added.',
  'passkey-renamed': 'The passkey is renamed.',
  'passkey-removed': 'The passkey is removed: it signs nobody in any more. Delete it on the device, too.',
};

/** Why the person sees the page again, and with which HTTP status. */
export interface Failure {
  readonly problem?: string;
  readonly status?: number;
  /** Whether it came of the form for a new password, which is then shown again. */
  readonly password?: boolean;
}

/** Asks who is there. */
export function showSignIn(
  { pages, forms, passkeys, issuer, federatedSignIn }: AccountPageContext,
  { request, response }: Visit,
  last: Failure & { readonly email?: string | undefined } = {},
): void {
  const providers = providersOf(federatedSignIn, `${PATH}/provider`);
  const html = pages.login({
    action: `${PATH}/sign-in`,
    formToken: forms.issue(request, response, SIGN_IN),
    email: last.email,
    problem: last.problem,
    providers,
    passkey: passkeys.available ? `${PATH}/passkey` : undefined,
  });
  if (providers !== undefined) allowFormRedirects(response);
  if (passkeys.available) allowScript(response, new URL(pages.scriptPath, issuer));
  sendPage(response, html, last.status);
}

/** The page of who is signed in. */
export async function showAccount(
  context: AccountPageContext,
  visit: AccountVisit,
  last: Failure = {},
): Promise<void> {
  const { pages, forms, grants, issuer } = context;
  const { request, response, account, purpose } = visit;
  const passkeys = await describePasskeys(context, visit);
  const html = pages.account({
    action: PATH,
    formToken: forms.issue(request, response, purpose),
    person: { name: account.name, email: account.email },
    mcpUrl: context.resource,
    administration: account.role === 'owner' ? '/admin' : undefined,
    grants: (await grants.list(account.id)).map(describeGrant),
    sessions: await describeSessions(context, visit),
    password: {
      has: account.hasPassword,
      open: last.password === true,
      minLength: MIN_PASSWORD_LENGTH,
    },
    passkeys,
    notice: Object.entries(NOTICES).find(([done]) => done === request.query['done'])?.[1],
    problem: last.problem,
  });
  if (passkeys.state === 'add') allowScript(response, new URL(pages.scriptPath, issuer));
  sendPage(response, html, last.status);
}

function describeGrant(grant: AccountGrant): Model['grants'][number] {
  return {
    gid: grant.gid,
    clientName: grant.clientName,
    clientHost: grant.clientHost,
    published: grant.published === true,
    allowedAt: fromSeconds(grant.allowedAt),
    lastUsedAt: grant.lastUsedAt === undefined ? undefined : fromSeconds(grant.lastUsedAt),
    expiresAt: grant.expiresAt === undefined ? undefined : fromSeconds(grant.expiresAt),
    scopes: grant.scopes.filter(isScope).map(scopeLine),
  };
}

async function describeSessions(
  { store }: AccountPageContext,
  { request, account, session }: AccountVisit,
): Promise<Model['sessions']> {
  // Noted here for those that began without it.
  const lifetime = Math.max(1, session.remainingTTL);
  await noteOrigin(store, request, { uid: session.uid, lifetime });
  const sessions = await listSessions(store, account.id);
  const described = sessions.map((each) => describeSession(each, session.uid));
  return described.sort((a, b) => Number(b.current) - Number(a.current));
}

function describeSession(session: AccountSession, current: string): Model['sessions'][number] {
  return {
    uid: session.uid,
    current: session.uid === current,
    agent: agentInWords(session.agent),
    address: session.address,
    signedInAt: session.signedInAt,
  };
}

async function describePasskeys(
  context: AccountPageContext,
  visit: AccountVisit,
): Promise<Model['passkeys']> {
  const { passkeys } = context;
  const list = await passkeys.records.list(visit.account.id);
  return {
    state: passkeys.mayHave(visit.account) ? stateOf(context, visit, list) : 'none',
    list: list.map((passkey) => ({
      handle: passkeyHandle(passkey),
      name: passkey.name,
      createdAt: new Date(passkey.createdAt),
      lastUsedAt: passkey.lastUsedAt === undefined ? undefined : new Date(passkey.lastUsedAt),
    })),
    suggestedName: agentInWords(visit.request.headers['user-agent']),
  };
}

function stateOf(
  context: AccountPageContext,
  visit: AccountVisit,
  list: readonly Passkey[],
): Model['passkeys']['state'] {
  if (list.length >= MAX_PASSKEYS) return 'full';
  if (isRecent(context, visit)) return 'add';
  return visit.account.hasPassword ? 'confirm' : 'sign-in-again';
}

function fromSeconds(seconds: number): Date {
  return new Date(seconds * 1000);
}
