import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { passkeyHandle } from '../../src/auth/server/sign-in/passkey-records.ts';
import {
  MEMBER,
  OWNER,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { type CreationOptions, type Deviations, SoftwareAuthenticator } from '../fixtures/authenticator.ts';
import type { Page } from '../fixtures/browser.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { meetingReads } from '../fixtures/racing-store.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import {
  addPasskey,
  askOptions,
  enrol,
  openSignIn,
  passkeyForm,
  signInByPasskey,
} from '../fixtures/passkeys.ts';

let server: RunningAuthorizationServer;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock(Date.now());
  server = await startAuthorizationServer({ named: true, clock });
});
afterEach(() => server.close());

async function restart(login: Record<string, number>): Promise<void> {
  await server.close();
  server = await startAuthorizationServer({ named: true, clock, options: { login } });
}

/** Why sign-ins by passkey were refused, as the audit log has it. */
function reasons({ telemetry } = server): unknown[] {
  return telemetry.audits
    .filter(({ action }) => action === 'login.failed')
    .map(({ details }) => details?.['reason']);
}

async function idOf({ email }: typeof OWNER): Promise<string> {
  return (await server.accounts.idOf(email)) ?? '';
}

describe('the answer of a passkey', () => {
  it('signs its person in', async () => {
    const passkey = await enrol(server);
    const page = await signInByPasskey(server.browser(), passkey);
    expect(page.html).toContain('Olive Owner');
    expect(server.telemetry.audits).toContainEqual(
      expect.objectContaining({
        action: 'login.succeeded',
        subject: await idOf(OWNER),
        details: { method: 'passkey' },
      }),
    );
  });

  it('is good once', async () => {
    const passkey = await enrol(server);
    const browser = server.browser();
    const { page, options } = await openSignIn(browser);
    const credential = passkey.get(options);
    const form = passkeyForm(page);
    expect((await browser.submit(form, { credential })).status).toBe(200);
    browser.forget('session');
    expect((await browser.submit(form, { credential })).status).toBe(401);
    expect(reasons()).toEqual(['no_open_challenge']);
  });

  it('is good in the browser that was asked, not in one that got hold of it', async () => {
    const passkey = await enrol(server);
    const { options } = await openSignIn(server.browser());
    const credential = passkey.get(options);
    const thief = server.browser();
    const own = await openSignIn(thief);
    expect((await thief.submit(passkeyForm(own.page), { credential })).status).toBe(401);
    expect(reasons()).toEqual(['not_verified']);
  });

  it('is good for the page that asked, not for another one in the same browser', async () => {
    const passkey = await enrol(server);
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    const { options } = await openSignIn(browser);
    const other = await browser.open(client.authorizationUrl());
    const answer = await browser.submit(passkeyForm(other), { credential: passkey.get(options) });
    expect(answer.status).toBe(401);
    expect(reasons()).toEqual(['no_open_challenge']);
  });

  it('is good for five minutes', async () => {
    const passkey = await enrol(server);
    const browser = server.browser();
    const { page, options } = await openSignIn(browser);
    clock.advance(301_000);
    const answer = await browser.submit(passkeyForm(page), { credential: passkey.get(options) });
    expect(answer.status).toBe(401);
    expect(reasons()).toEqual(['no_open_challenge']);
  });

  it.each<[string, Deviations]>([
    ['for a page of another origin', { origin: 'https://fairlead.example' }],
    ['for another server', { rpId: 'fairlead.example' }],
    ['by a device that has not verified its owner', { verified: false }],
    ['by another key', { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    ['for another account', { userHandle: Buffer.from('somebody else').toString('base64url') }],
  ])('%s is refused', async (_name, deviations) => {
    const passkey = await enrol(server);
    const page = await signInByPasskey(server.browser(), passkey, deviations);
    expect(page.status).toBe(401);
    expect(page.html).toContain('This passkey was not accepted.');
    expect(reasons()).toEqual(['not_verified']);
  });

  it('is refused when it was made by a copy: its counter stands still', async () => {
    const passkey = await enrol(server);
    expect((await signInByPasskey(server.browser(), passkey, { counter: 5 })).status).toBe(200);
    expect((await signInByPasskey(server.browser(), passkey, { counter: 5 })).status).toBe(401);
    expect((await signInByPasskey(server.browser(), passkey, { counter: 4 })).status).toBe(401);
    expect((await signInByPasskey(server.browser(), passkey, { counter: 6 })).status).toBe(200);
  });

  it('counts once where passkey and copy are used at the same moment', async () => {
    const passkey = await enrol(server);
    const like = { ...server, store: meetingReads(server.store, 'auth:passkeys:') };
    const replica = await startAuthorizationServer({ named: true, clock, like, publicUrl: server.origin });
    const pages = await Promise.all(
      [0, 1].map(() => signInByPasskey(replica.browser(), passkey, { counter: 1 })),
    );
    expect(pages.map(({ status }) => status).toSorted()).toEqual([200, 401]);
    expect(reasons(replica)).toEqual(['counter']);
    await replica.close();
  });

  it('makes its address wait after too many that were wrong', async () => {
    await restart({ freeAttemptsPerAddress: 3 });
    const passkey = await enrol(server);
    for (let count = 0; count < 2; count++) {
      const page = await signInByPasskey(server.browser(), passkey, { verified: false });
      expect(page.status).toBe(401);
    }
    const early = await signInByPasskey(server.browser(), passkey);
    expect([early.status, early.headers.get('retry-after')]).toEqual([429, '2']);
    expect(reasons()).toEqual(['not_verified', 'not_verified', 'delayed']);
    clock.advance(2000);
    expect((await signInByPasskey(server.browser(), passkey)).status).toBe(200);
  });
});

describe('a passkey', () => {
  it('that was removed signs nobody in', async () => {
    const passkey = await enrol(server);
    const browser = server.browser();
    const page = await signIn(browser, '/account');
    const form = page.forms.find(({ action }) => action.pathname === '/account/passkeys/remove');
    if (form === undefined) throw new Error('There is nothing to remove');
    await browser.submit(form);
    expect((await signInByPasskey(server.browser(), passkey)).status).toBe(401);
    expect(reasons()).toEqual(['unknown_passkey']);
  });

  it('ends with its account, and leaves nothing behind', async () => {
    const passkey = await enrol(server, MEMBER);
    await server.accounts.remove(MEMBER.email);
    expect((await signInByPasskey(server.browser(), passkey)).status).toBe(401);
    expect((await server.store.scan('auth:passkey', 10)).keys).toEqual([]);
  });

  it('of an account that is disabled signs nobody in', async () => {
    const passkey = await enrol(server, MEMBER);
    await server.accounts.update(await idOf(MEMBER), { disabledAt: new Date().toISOString() });
    expect((await signInByPasskey(server.browser(), passkey)).status).toBe(401);
    expect(reasons()).toEqual(['account_disabled']);
  });

  it('is no way around the identity provider that an account depends on', async () => {
    const passkey = await enrol(server, MEMBER);
    const key = `auth:account:${await idOf(MEMBER)}`;
    const stored = JSON.parse((await server.store.get(key)) ?? '') as object;
    const identity = { provider: 'upstream', subject: 'max' };
    const federated = { ...stored, passwordHash: undefined, identity };
    await server.store.put(key, JSON.stringify(federated), 'permanent');
    expect((await signInByPasskey(server.browser(), passkey)).status).toBe(401);
    expect(reasons()).toEqual(['not_a_local_account']);
  });

  it('of one person cannot be registered by another, and stays with the first', async () => {
    const passkey = await enrol(server);
    const browser = server.browser();
    await signIn(browser, '/account', MEMBER);
    expect((await addPasskey(browser, passkey)).status).toBe(422);
    const userHandle = Buffer.from(await idOf(OWNER)).toString('base64url');
    const page = await signInByPasskey(server.browser(), passkey, { userHandle });
    expect(page.html).toContain('Olive Owner');
  });

  it.each(['remove', 'rename'])('of another person cannot be changed: %s', async (act) => {
    const theirs = await enrol(server);
    await enrol(server, MEMBER);
    const browser = server.browser();
    const page = await signIn(browser, '/account', MEMBER);
    const form = page.forms.find(({ action }) => action.pathname === `/account/passkeys/${act}`);
    if (form === undefined) throw new Error('There is no form');
    await browser.submit(form, { passkey: passkeyHandle(theirs), name: 'Mine now' });
    const after = await signInByPasskey(server.browser(), theirs);
    expect(after.html).toContain('Olive Owner');
    expect(after.html).not.toContain('Mine now');
  });
});

describe('adding a passkey', () => {
  it.each<[string, Deviations]>([
    ['for a page of another origin', { origin: 'https://fairlead.example' }],
    ['for another server', { rpId: 'fairlead.example' }],
    ['by a device that has not verified its owner', { verified: false }],
  ])('fails with an answer %s', async (_name, deviations) => {
    const browser = server.browser();
    await signIn(browser, '/account');
    const page = await addPasskey(browser, new SoftwareAuthenticator(server.origin), deviations);
    expect(page.status).toBe(422);
    expect(page.html).toContain('The passkey was not accepted.');
  });

  it('takes an answer once', async () => {
    const browser = server.browser();
    const page = await signIn(browser, '/account');
    const options = await askOptions<CreationOptions>(browser, page, '/account/passkeys/options');
    const form = passkeyForm(page);
    const [one, two] = [0, 1].map(() => new SoftwareAuthenticator(server.origin).create(options));
    expect((await browser.submit(form, { credential: one ?? '' })).status).toBe(200);
    expect((await browser.submit(form, { credential: two ?? '' })).status).toBe(422);
  });

  it('needs a sign-in of the last ten minutes, or the password once more', async () => {
    const browser = server.browser();
    const page = await signIn(browser, '/account');
    clock.advance(601_000);
    const form = passkeyForm(page);
    for (const path of ['/account/passkeys/options', '/account/passkeys/add']) {
      const answer = await browser.submit({ ...form, action: new URL(path, server.origin) });
      expect(answer.status).toBe(403);
    }
    const later = await browser.open('/account');
    const confirm = later.forms.find(({ action }) => action.pathname === '/account/confirm');
    if (confirm === undefined) throw new Error('There is no form');
    expect((await browser.submit(confirm, { password: MEMBER.password })).status).toBe(401);
    expect((await browser.submit(confirm, { password: OWNER.password })).status).toBe(200);
    expect((await addPasskey(browser, new SoftwareAuthenticator(server.origin))).status).toBe(200);
  });

  it('ends at twenty, however many come at once', async () => {
    await restart({ freeAttemptsPerAddress: 1000 });
    const additions: (() => Promise<Page>)[] = [];
    for (let count = 0; count < 22; count++) {
      const browser = server.browser();
      const page = await signIn(browser, '/account');
      const options = await askOptions<CreationOptions>(browser, page, '/account/passkeys/options');
      const credential = new SoftwareAuthenticator(server.origin).create(options);
      additions.push(() => browser.submit(passkeyForm(page), { credential }));
    }
    const pages = await Promise.all(additions.map((add) => add()));
    expect(pages.filter(({ status }) => status === 200)).toHaveLength(20);
    expect((await server.store.scan('auth:passkey-account:', 100)).keys).toHaveLength(20);
  });
});
