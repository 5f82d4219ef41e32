import type { Request, Response } from 'express';
import type { Session } from 'oidc-provider';
import type { Clock } from '../../../core/clock.ts';
import { contextOf } from '../../../core/request-context.ts';
import type { Store } from '../../../core/store.ts';
import type { AuditEvent, Telemetry } from '../../../core/telemetry.ts';
import type { AuthOptions } from '../../options.ts';
import type { AuthPages } from '../../pages.ts';
import type { Account, Accounts } from '../accounts/accounts.ts';
import { browserSession, type Visit } from '../sign-in/browser-session.ts';
import { field, refusedForm } from '../forms/form-body.ts';
import type { FederatedSignIn } from '../federation/federated-sign-in.ts';
import type { UpstreamAccess } from '../federation/upstream-access.ts';
import type { FormTokens } from '../forms/form-token.ts';
import type { Grants } from '../tokens/grants.ts';
import type { PasskeySignIn } from '../sign-in/passkey-sign-in.ts';
import type { Passkeys } from '../sign-in/passkeys.ts';
import type { ProviderHolder } from '../provider-holder.ts';
import type { PasswordSignIn } from '../sign-in/sign-in.ts';

export interface AccountPageContext {
  readonly holder: ProviderHolder;
  readonly accounts: Accounts;
  readonly grants: Grants;
  readonly forms: FormTokens;
  readonly signIn: PasswordSignIn;
  readonly passkeys: Passkeys;
  readonly passkeySignIn: PasskeySignIn;
  readonly federatedSignIn: FederatedSignIn;
  readonly upstream: UpstreamAccess;
  readonly pages: AuthPages;
  readonly options: AuthOptions;
  /** The public origin. */
  readonly issuer: string;
  readonly resource: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** A visit of somebody who is signed in. */
export interface AccountVisit extends Visit {
  readonly account: Account;
  readonly session: Session;
  /** What the page's forms are bound to: this session. */
  readonly purpose: string;
}

/** A form of theirs. */
export interface AccountForm extends AccountVisit {
  readonly formToken: string;
}

/** Seconds after a sign-in for which nobody is asked again who they are. */
const RECENT = 600;

export async function visitOf(
  { holder }: AccountPageContext,
  request: Request,
  response: Response,
): Promise<Visit> {
  const { provider } = await holder.current();
  return { provider, request, response };
}

/** The visit of who is signed in; undefined where nobody is, or nobody who may still be. */
export async function accountVisit(
  { accounts, upstream }: AccountPageContext,
  visit: Visit,
): Promise<AccountVisit | undefined> {
  const session = await browserSession(visit);
  if (session.accountId === undefined) return undefined;
  const known = await accounts.find(session.accountId);
  if (known === undefined || known.disabledAt !== undefined) return undefined;
  const account = await upstream.current(known, { address: contextOf(visit.request).address });
  if (account === undefined) return undefined;
  return { ...visit, account, session, purpose: `account:${session.uid}` };
}

/**
 * What came from a form on the person's own page, in this session.
 *
 * @throws AppError `BAD_REQUEST` for everything else.
 */
export async function accountForm(context: AccountPageContext, visit: Visit): Promise<AccountForm> {
  const person = await accountVisit(context, visit);
  if (person === undefined) throw refusedForm();
  return { ...person, formToken: genuineToken(context, visit.request, person.purpose) };
}

/** The token of a form for the purpose. @throws AppError `BAD_REQUEST` where it is not genuine. */
export function genuineToken({ forms }: AccountPageContext, request: Request, purpose: string): string {
  const token = field(request, 'form_token');
  if (!forms.verify(request, token, purpose)) throw refusedForm();
  return token;
}

/** Whether the person signed in, or gave the password again, a short while ago. */
export function isRecent(
  { clock }: Pick<AccountPageContext, 'clock'>,
  { session }: Pick<AccountVisit, 'session'>,
): boolean {
  return session.loginTs !== undefined && clock.now() / 1000 - session.loginTs <= RECENT;
}

/** Records what a person did on their own page. */
export function record(
  { telemetry }: AccountPageContext,
  { account, request }: AccountVisit,
  event: Pick<AuditEvent, 'action' | 'clientId' | 'details'>,
): void {
  telemetry.audit({
    outcome: 'success',
    subject: account.id,
    address: contextOf(request).address,
    ...event,
  });
}
