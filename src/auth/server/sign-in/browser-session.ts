import type { Request, Response } from 'express';
import type Provider from 'oidc-provider';
import type { Session } from 'oidc-provider';
import { cookiePolicy } from '../cookies.ts';

/** A visit of a browser, and the provider whose sessions count in it. */
export interface Visit {
  readonly provider: Provider;
  readonly request: Request;
  readonly response: Response;
}

/** The session of the browser; its `accountId` is absent while nobody is signed in. */
export async function browserSession({ provider, request, response }: Visit): Promise<Session> {
  return await provider.Session.get(provider.createContext(request, response));
}

/**
 * Signs the account in, in the same session that consents are asked in, under a new session id.
 *
 * @param how For how long the browser stays signed in without being used, and how it was seen who it is
 *   (RFC 8176; by password where nothing is said).
 */
export async function signIn(
  visit: Visit,
  accountId: string,
  how: { readonly seconds: number; readonly amr?: string[] },
): Promise<void> {
  const { seconds, amr = ['pwd'] } = how;
  const session = await browserSession(visit);
  // Nothing of another person's, or of one that an attacker began, is taken over.
  if (session.accountId !== undefined) await session.destroy();
  const fresh = new visit.provider.Session();
  fresh.loginAccount({ accountId, amr });
  await fresh.save(seconds);
  setSessionCookie(visit, fresh.jti);
}

export async function signOut(visit: Visit): Promise<void> {
  const session = await browserSession(visit);
  if (session.accountId !== undefined) await session.destroy();
  setSessionCookie(visit, null);
}

function setSessionCookie({ provider, request, response }: Visit, id: string | null): void {
  const { cookies } = provider.createContext(request, response);
  cookies.set(provider.cookieName('session'), id, {
    ...cookiePolicy(provider.issuer).attributes,
    overwrite: true,
  });
}
