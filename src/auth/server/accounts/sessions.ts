import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { contextOf } from '../../../core/request-context.ts';
import type { Store } from '../../../core/store.ts';
import { prefixes, records } from '../state/records.ts';
import { scanAll } from '../state/scan-all.ts';

const MAX_AGENT_CHARACTERS = 300;

const origin = z.object({
  /** The address that the person signed in from. */
  address: z.string(),
  /** The `User-Agent` header of the browser. */
  agent: z.string(),
});

type SessionOrigin = z.output<typeof origin>;

/** What is read here of a session as oidc-provider keeps it. */
const storedSession = z.object({
  uid: z.string(),
  /** Seconds since the epoch. */
  loginTs: z.number(),
  exp: z.number(),
  amr: z.array(z.string()).optional(),
});

/** A browser in which a person is signed in. */
export interface AccountSession extends Partial<SessionOrigin> {
  /** Names the session; opens nothing. */
  readonly uid: string;
  readonly signedInAt: Date;
  readonly expiresAt: Date;
  /** How the person signed in (RFC 8176). */
  readonly amr: readonly string[];
}

/**
 * Notes where a session begins, for the person to recognise it; later, keeps that for as long as the session.
 *
 * @param request Of the browser; undefined where there is none to note.
 */
export async function noteOrigin(
  store: Store,
  request: IncomingMessage | undefined,
  session: { readonly uid: string; readonly lifetime: number },
): Promise<void> {
  const key = records.sessionOrigin(session.uid);
  const noted = await store.get(key);
  const value = noted ?? (request && JSON.stringify(originOf(request)));
  if (value !== undefined) await store.swap(key, noted, value, session.lifetime);
}

function originOf(request: IncomingMessage): SessionOrigin {
  const agent = request.headers['user-agent'] ?? '';
  return { address: contextOf(request).address, agent: agent.slice(0, MAX_AGENT_CHARACTERS) };
}

/** Newest first. */
export async function listSessions(store: Store, accountId: string): Promise<AccountSession[]> {
  const sessions: AccountSession[] = [];
  for await (const { session } of sessionsOf(store, accountId)) {
    if (session === undefined) continue;
    const noted = await store.get(records.sessionOrigin(session.uid));
    sessions.push({
      uid: session.uid,
      signedInAt: new Date(session.loginTs * 1000),
      expiresAt: new Date(session.exp * 1000),
      amr: session.amr ?? [],
      ...(noted === undefined ? {} : origin.parse(JSON.parse(noted))),
    });
  }
  return sessions.sort((a, b) => b.signedInAt.getTime() - a.signedInAt.getTime());
}

/** Signs a person out in every browser, but for the session with the uid `except`. Answers how many ended. */
export async function endSessions(store: Store, accountId: string, except?: string): Promise<number> {
  return await end(store, accountId, (uid) => uid !== except);
}

/** Signs a person out in one browser; answers whether there was such a session of theirs. */
export async function endSession(store: Store, accountId: string, uid: string): Promise<boolean> {
  return (await end(store, accountId, (other) => other === uid)) > 0;
}

async function end(
  store: Store,
  accountId: string,
  isMeant: (uid: string | undefined) => boolean,
): Promise<number> {
  let count = 0;
  for await (const { key, id, session } of sessionsOf(store, accountId)) {
    if (!isMeant(session?.uid)) continue;
    await store.take(key);
    await store.take(records.entity('Session', id));
    if (session !== undefined) {
      await store.take(records.sessionOrigin(session.uid));
      count += 1;
    }
  }
  return count;
}

interface FoundSession {
  /** Of the mark that the session is the account's. */
  readonly key: string;
  readonly id: string;
  /** Undefined where it has ended already. */
  readonly session: z.output<typeof storedSession> | undefined;
}

async function* sessionsOf(store: Store, accountId: string): AsyncGenerator<FoundSession, undefined> {
  for await (const key of scanAll(store, prefixes.accountSessions(accountId))) {
    const id = await store.get(key);
    if (id === undefined) continue;
    const value = await store.get(records.entity('Session', id));
    const session = value === undefined ? undefined : storedSession.safeParse(JSON.parse(value)).data;
    yield { key, id, session };
  }
}
