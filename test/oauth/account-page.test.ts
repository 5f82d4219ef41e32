import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Browser, Form, Page } from '../fixtures/browser.ts';
import {
  MEMBER,
  obtainTokens,
  OWNER,
  present,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { personOf, signInUpstream, startBroker } from '../fixtures/broker.ts';
import { startIdentityProvider } from '../fixtures/identity-provider.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import { enrol } from '../fixtures/passkeys.ts';

let server: RunningAuthorizationServer;
let browser: Browser;

beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(() => server.close());
beforeEach(() => {
  browser = server.browser();
});

function formFor(page: Page, path: string, field?: [name: string, value: string]): Form {
  const form = page.forms.find(
    ({ action, fields }) =>
      action.pathname === path && (field === undefined || fields.get(field[0]) === field[1]),
  );
  if (form === undefined) throw new Error(`There is no form for ${path}`);
  return form;
}

describe('the account page', () => {
  it('asks who is there first', async () => {
    const page = await browser.open('/account');
    expect(page.html).toContain('type="password"');
    expect((await signIn(browser, '/account')).html).toContain('Olive Owner');
  });

  it('lists the applications that a person has allowed, and nobody else’s', async () => {
    await obtainTokens(server, { person: MEMBER });
    const own = await signIn(browser, '/account', MEMBER);
    expect(own.html).toContain('Test agent');
    expect(own.html).toContain('read and search the files of the workspace');
    expect(own.html).toContain('127.0.0.1:8976');
    expect((await signIn(server.browser(), '/account')).html).not.toContain('Test agent');
  });

  it('revokes one, at once', async () => {
    const { client, tokens } = await obtainTokens(server);
    const other = await obtainTokens(server);
    const page = await signIn(browser, '/account');
    const [newest] = page.forms.filter(({ action }) => action.pathname === '/account/revoke');
    if (newest === undefined) throw new Error('There is nothing to revoke');
    const pages = await Promise.all([present(server, tokens.access), present(server, other.tokens.access)]);
    expect(pages).toEqual([200, 200]);
    const after = await browser.submit(newest);
    expect(after.html).toContain('The application has no access any more.');
    const left = await Promise.all([present(server, tokens.access), present(server, other.tokens.access)]);
    expect(left.toSorted()).toEqual([200, 401]);
    const refreshed = await Promise.all([
      client.refresh(tokens.refresh),
      other.client.refresh(other.tokens.refresh),
    ]);
    expect(refreshed.map(({ status }) => status).toSorted()).toEqual([200, 400]);
  });

  it('revokes all', async () => {
    const one = await obtainTokens(server);
    const two = await obtainTokens(server);
    const page = await signIn(browser, '/account');
    const after = await browser.submit(formFor(page, '/account/revoke', ['grant', 'all']));
    expect(after.html).toContain('No application acts in your name.');
    for (const { client, tokens } of [one, two]) {
      expect(await present(server, tokens.access)).toBe(401);
      expect((await client.refresh(tokens.refresh)).body.error).toBe('invalid_grant');
      const { clientId } = client;
      expect(server.telemetry.audits).toContainEqual(
        expect.objectContaining({ action: 'grant.revoked', clientId }),
      );
    }
  });

  it('ends no grant of another person, whatever the form is made to say', async () => {
    const { tokens } = await obtainTokens(server, { person: MEMBER });
    const theirs = await signIn(server.browser(), '/account', MEMBER);
    const gid = formFor(theirs, '/account/revoke').fields.get('grant') ?? '';
    await obtainTokens(server);
    const page = await signIn(browser, '/account');
    await browser.submit(formFor(page, '/account/revoke'), { grant: gid });
    expect(await present(server, tokens.access)).toBe(200);
  });

  it('shares the sign-in with consent, and ends it for both', async () => {
    await signIn(browser, '/account');
    const client = await OAuthClient.register(server.origin);
    expect((await browser.open(client.authorizationUrl())).html).toContain('Olive Owner');
    const page = await browser.open('/account');
    const left = await browser.submit(formFor(page, '/account/sign-out'));
    expect(left.html).toContain('type="password"');
    expect((await browser.open(client.authorizationUrl())).html).toContain('type="password"');
  });

  it('ends the session itself at sign-out, not only the cookie', async () => {
    const known = (await server.store.scan('auth:account-session:', 1000)).keys;
    const page = await signIn(browser, '/account');
    expect((await server.store.scan('auth:account-session:', 1000)).keys).toHaveLength(known.length + 1);
    await browser.submit(formFor(page, '/account/sign-out'));
    expect((await server.store.scan('auth:account-session:', 1000)).keys).toEqual(known);
  });

  it.each(['/account/sign-in', '/account/revoke', '/account/sign-out'])(
    'takes no form for %s without its token or its cookie',
    async (path) => {
      const page = await signIn(browser, '/account');
      const form = { ...formFor(page, '/account/sign-out'), action: new URL(path, server.origin) };
      const stripped = await browser.submit({ ...form, fields: new Map() }, { ...OWNER, grant: 'all' });
      expect(stripped.status).toBe(400);
      const wrong = await browser.submit(form, { form_token: 'x'.repeat(43), grant: 'all' });
      expect(wrong.status).toBe(400);
      browser.forget('form');
      const cookieless = await browser.submit(form, { grant: 'all' });
      expect(cookieless.status).toBe(400);
    },
  );

  it('says of an application who stands behind it, until when it may act, and when it last renewed that', async () => {
    const clock = new ManualClock(Date.parse('2031-05-06T07:08:09Z'));
    const own = await startAuthorizationServer({ clock });
    const { client, tokens } = await obtainTokens(own);
    await vi.waitFor(async () => {
      const page = await signIn(own.browser(), '/account');
      expect(page.html).toMatch(/Last renewed its access\s+<time datetime="2031-05-06T07:08:09/);
    });
    const { html } = await signIn(own.browser(), '/account');
    expect(html).toMatch(/Sends you back to\s+127\.0\.0\.1:8976/);
    expect(html).toContain('ends <time datetime="2031-08-04T07:08:09.000Z"');
    clock.advance(3_600_000);
    await client.refresh(tokens.refresh);
    await vi.waitFor(async () => {
      const page = await signIn(own.browser(), '/account');
      expect(page.html).toMatch(/Last renewed its access\s+<time datetime="2031-05-06T08:08:09/);
    });
    await own.close();
  });

  it('lists the browsers that a person is signed in with, by whichever page, and ends one or all others', async () => {
    const own = await startAuthorizationServer();
    const client = await OAuthClient.register(own.origin);
    const [here, viaClient, third] = [own.browser(), own.browser(), own.browser()];
    await signIn(viaClient, client.authorizationUrl());
    await signIn(third, '/account');
    const page = await signIn(here, '/account');
    expect(page.html.match(/from <code>127\.0\.0\.1<\/code>/g)).toHaveLength(3);
    expect(page.html.match(/this browser/g)).toHaveLength(1);
    const ends = page.forms.filter(({ action }) => action.pathname === '/account/sessions/end');
    expect(ends).toHaveLength(3);
    const [first] = ends;
    if (first === undefined) throw new Error('There is nothing to end');
    const after = await here.submit(first);
    expect(after.html.match(/from <code>/g)).toHaveLength(2);
    const last = await here.submit(formFor(after, '/account/sessions/end', ['session', 'others']));
    expect(last.html.match(/from <code>/g)).toHaveLength(1);
    expect((await third.open('/account')).html).toContain('type="password"');
    expect((await viaClient.open('/account')).html).toContain('type="password"');
    expect(own.telemetry.audits).toContainEqual(
      expect.objectContaining({ action: 'session.ended', details: { sessions: 1 } }),
    );
    await own.close();
  });

  it('signs nobody in whose account is disabled', async () => {
    const person = { email: 'left@example.com', password: 'gone with the next tide' };
    const { id } = await server.accounts.add({ ...person, role: 'member' });
    await signIn(browser, '/account', person);
    await server.accounts.update(id, { disabledAt: new Date().toISOString() });
    expect((await browser.open('/account')).html).toContain('type="password"');
  });

  it('offers passkeys only where the server goes by a name', async () => {
    expect((await signIn(browser, '/account')).html).not.toContain('passkey');
    const named = await startAuthorizationServer({ named: true });
    expect((await signIn(named.browser(), '/account')).html).toContain('Add a passkey');
    await named.close();
  });

  it('offers neither passkey nor password to whom an organisation signs in', async () => {
    const upstream = await startIdentityProvider({
      users: { ada: { email: 'ada@corp.example', name: 'Ada', groups: ['readers'] } },
    });
    const broker = await startBroker(upstream, { named: true });
    const person = personOf(broker, upstream);
    const page = await signInUpstream(person, await person.here.open('/account'));
    expect(page.html).toContain('your organisation signs you in');
    expect(page.html).not.toContain('passkey');
    expect(page.html).not.toContain('/account/password');
    const token = page.forms[0]?.fields.get('form_token') ?? '';
    for (const path of ['/account/passkeys/options', '/account/passkeys/add', '/account/password']) {
      const action = new URL(path, broker.origin);
      const fields = new Map([['form_token', token]]);
      const answer = await person.here.submit({ method: 'POST', action, fields, buttons: [] });
      expect([path, answer.status]).toEqual([path, path === '/account/password' ? 401 : 403]);
    }
    await broker.close();
    await upstream.close();
  });

  it('renames and removes passkeys, and records both', async () => {
    const named = await startAuthorizationServer({ named: true });
    await enrol(named);
    const own = named.browser();
    const page = await signIn(own, '/account');
    const renamed = await own.submit(formFor(page, '/account/passkeys/rename'), {
      name: ' The blue \u202e key',
    });
    expect(renamed.html).toContain('<h3>The blue key</h3>');
    const removed = await own.submit(formFor(renamed, '/account/passkeys/remove'));
    expect(removed.html).not.toContain('The blue key');
    expect(named.telemetry.audits.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['passkey.added', 'passkey.renamed', 'passkey.removed']),
    );
    await named.close();
  });
});
