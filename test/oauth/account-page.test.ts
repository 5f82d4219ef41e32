import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
import { OAuthClient } from '../fixtures/oauth-client.ts';

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
    }
    expect(server.telemetry.audits).toContainEqual(expect.objectContaining({ action: 'grant.revoked' }));
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
});
