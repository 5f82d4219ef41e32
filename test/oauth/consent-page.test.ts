import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answer,
  MEMBER,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

const WEB = 'https://app.example.com/callback';

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(() => server.close());

describe('the consent page', () => {
  it('names the client, where it leads, who is signed in, and each scope in words', async () => {
    const client = await OAuthClient.register(server.origin, { redirect_uris: [WEB] });
    const page = await signIn(server.browser(), client.authorizationUrl({ scope: 'files:read data:read' }));
    expect(page.html).toContain('Test agent');
    expect(page.html).toContain('app.example.com');
    expect(page.html).toContain('Olive Owner');
    expect(page.html).toContain('read and search the files of the workspace');
    expect(page.html).toContain('query the data sources that the operator has connected');
    expect(page.html).not.toContain('on this computer');
  });

  it('warns of what comes back to this computer or to an app', async () => {
    const local = await OAuthClient.register(server.origin);
    expect((await signIn(server.browser(), local.authorizationUrl())).html).toContain(
      'a program on this computer',
    );
    const app = await OAuthClient.register(server.origin, { redirect_uris: ['cursor://oauth/callback'] });
    expect((await signIn(server.browser(), app.authorizationUrl())).html).toContain('cursor:');
  });

  it('shows markup in names as text, loads no logo, and has no script', async () => {
    const client = await OAuthClient.register(server.origin, {
      client_name: '<img src=x onerror=alert(1)>',
      logo_uri: 'https://tracker.example.com/logo.png',
    });
    const { html, headers } = await signIn(server.browser(), client.authorizationUrl());
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(html).not.toMatch(/<script|<img|tracker|style="|onerror="/i);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  });

  it('shows a member what is withheld, and grants only the rest', async () => {
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    const url = client.authorizationUrl({ scope: 'files:read files:delete' });
    const page = await signIn(browser, url, MEMBER);
    expect(page.html).toContain('your account may not allow');
    const { body } = await client.exchange((await answer(browser, page)).url.searchParams.get('code') ?? '');
    expect(body.scope).toBe('files:read');
  });

  it('leaves nothing to allow where the account may allow nothing of it', async () => {
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    const page = await signIn(browser, client.authorizationUrl({ scope: 'jobs:run' }), MEMBER);
    const [form] = page.forms;
    expect(form?.buttons.map(([, , label]) => label)).toEqual(['Deny']);
    if (form === undefined) throw new Error('There is no form');
    // Not even by hand.
    const end = await browser.submit({ ...form, buttons: [] }, { decision: 'allow' });
    expect(end.url.searchParams.get('error')).toBe('access_denied');
    expect(server.telemetry.audits).toContainEqual(
      expect.objectContaining({ action: 'consent.denied', clientId: client.clientId }),
    );
  });

  it('takes no password where it asked for consent, with whatever token', async () => {
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    const [form] = (await signIn(browser, client.authorizationUrl())).forms;
    if (form === undefined) throw new Error('There is no form');
    const action = new URL(form.action.href.replace(/consent$/, 'login'));
    expect((await browser.submit({ ...form, action }, MEMBER)).status).toBe(400);
  });

  it('holds scopes of the account itself against its role', async () => {
    const person = { email: 'analyst@example.com', password: 'numbers, numbers, numbers' };
    await server.accounts.add({ ...person, role: 'member', scopes: ['data:write'] });
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    const page = await signIn(browser, client.authorizationUrl({ scope: 'files:read data:read' }), person);
    const { body } = await client.exchange((await answer(browser, page)).url.searchParams.get('code') ?? '');
    // What data:write includes, and not what members have otherwise.
    expect(body.scope).toBe('data:read');
  });

  it('tells the client when the person declines', async () => {
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    const { url } = await answer(browser, await signIn(browser, client.authorizationUrl()), 'Deny');
    expect(url.searchParams.get('error')).toBe('access_denied');
    expect(url.searchParams.get('state')).toBe(client.state);
    expect(server.telemetry.audits).toContainEqual(expect.objectContaining({ action: 'consent.denied' }));
  });

  it('comes again for a native client, however often it was allowed', async () => {
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    await answer(browser, await signIn(browser, client.authorizationUrl()));
    const again = await browser.open(client.authorizationUrl());
    expect(again.html).toContain('This application will be able to');
  });

  it('comes once for a web client, and again when that asks for more or another one asks', async () => {
    const client = await OAuthClient.register(server.origin, { redirect_uris: [WEB] });
    const browser = server.browser();
    await answer(browser, await signIn(browser, client.authorizationUrl()));
    const silent = await browser.open(client.authorizationUrl());
    expect(silent.url.searchParams.has('code')).toBe(true);
    const wider = await browser.open(client.authorizationUrl({ scope: 'files:read files:write' }));
    expect(wider.html).toContain('create and change files');
    const other = await OAuthClient.register(server.origin, { redirect_uris: [WEB] });
    const asked = await browser.open(other.authorizationUrl());
    expect(asked.html).toContain('This application will be able to');
  });

  it('adds a scope to what was allowed before, when a client steps up', async () => {
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    const first = await answer(browser, await signIn(browser, client.authorizationUrl()));
    await client.exchange(first.url.searchParams.get('code') ?? '');
    const page = await browser.open(client.authorizationUrl({ scope: 'files:read files:write' }));
    const second = await answer(browser, page);
    const { body } = await client.exchange(second.url.searchParams.get('code') ?? '');
    expect(body.scope).toBe('files:read files:write');
  });
});
