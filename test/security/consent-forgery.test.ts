import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answer,
  OWNER,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import type { Browser, Form, Page } from '../fixtures/browser.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

let server: RunningAuthorizationServer;
let client: OAuthClient;

beforeAll(async () => {
  server = await startAuthorizationServer();
  client = await OAuthClient.register(server.origin);
});
afterAll(() => server.close());

async function consent(): Promise<{ browser: Browser; page: Page; form: Form }> {
  const browser = server.browser();
  const page = await signIn(browser, client.authorizationUrl());
  const form = page.forms.find(({ buttons }) => buttons.some(([, value]) => value === 'allow'));
  if (form === undefined) throw new Error(`No consent form: ${page.html}`);
  return { browser, page, form };
}

function expectRefused(page: Page, status = 400): void {
  expect(page.status).toBe(status);
  expect(page.url.origin).toBe(server.origin);
  expect(page.url.searchParams.get('code')).toBeNull();
}

describe('a consent form', () => {
  it('is taken from its own page', async () => {
    const { browser, page } = await consent();
    const { url } = await answer(browser, page);
    expect(url.searchParams.get('code')).not.toBeNull();
  });

  it.each(['interaction', 'form', ''])('is refused without the cookie "%s"', async (cookie) => {
    const { browser, form } = await consent();
    browser.forget(cookie);
    expectRefused(await browser.submit(form, {}, 'allow'));
  });

  it.each(['', 'forged', undefined])('is refused with the form token %j', async (token) => {
    const { browser, form } = await consent();
    const fields = new Map(form.fields);
    fields.delete('form_token');
    const forged = { ...form, fields };
    expectRefused(await browser.submit(forged, token === undefined ? {} : { form_token: token }, 'allow'));
  });

  it('is refused with the form token of another request in the same browser', async () => {
    const { browser, form } = await consent();
    const other = await browser.open(client.authorizationUrl());
    const token = other.forms[0]?.fields.get('form_token') ?? '';
    expect(token).not.toBe('');
    expectRefused(await browser.submit(form, { form_token: token }, 'allow'));
  });

  it('is refused with the form token of the same request’s sign-in', async () => {
    const browser = server.browser();
    const login = await browser.open(client.authorizationUrl());
    const [loginForm] = login.forms;
    const page = await signIn(browser, login.url);
    const [form] = page.forms;
    if (form === undefined || loginForm === undefined) throw new Error('A form is missing');
    const token = loginForm.fields.get('form_token') ?? '';
    expectRefused(await browser.submit(form, { form_token: token }, 'allow'));
  });

  it('is refused with the form token of another browser', async () => {
    const { browser, form } = await consent();
    const other = await consent();
    const token = other.form.fields.get('form_token') ?? '';
    expectRefused(await browser.submit(form, { form_token: token }, 'allow'));
  });

  it('is refused from a page of another origin', async () => {
    const { form } = await consent();
    const response = await fetch(form.action, {
      method: 'POST',
      headers: { origin: 'https://attacker.example' },
      body: new URLSearchParams([...form.fields, ['decision', 'allow']]),
      redirect: 'manual',
    });
    expect(response.status).toBe(403);
  });

  it('is taken once', async () => {
    const { browser, form } = await consent();
    await browser.submit(form, {}, 'allow');
    expectRefused(await browser.submit(form, {}, 'allow'));
  });

  it('means no when it says nothing', async () => {
    const { browser, form } = await consent();
    const { url } = await browser.submit({ ...form, buttons: [] });
    expect(url.searchParams.get('error')).toBe('access_denied');
  });
});

describe('the sign-in form of the account page', () => {
  it('is refused with the form token of another browser, so that nobody is signed in as somebody else', async () => {
    const [own] = (await server.browser().open('/account')).forms;
    const browser = server.browser();
    const [form] = (await browser.open('/account')).forms;
    if (own === undefined || form === undefined) throw new Error('A form is missing');
    const token = own.fields.get('form_token') ?? '';
    expect(token).not.toBe('');
    expectRefused(await browser.submit(form, { ...OWNER, form_token: token }));
    expect((await browser.open('/account')).html).not.toContain('Sign out');
    expect((await browser.submit(form, OWNER)).html).toContain('Sign out');
  });
});

describe('every page', () => {
  it('forbids to be framed, to run scripts and to load from elsewhere', async () => {
    const { browser, page } = await consent();
    const pages = [
      page,
      await server.browser().open(client.authorizationUrl()),
      await server.browser().open(client.authorizationUrl({ client_id: 'unknown' })),
      await server.browser().open('/interaction/unknown'),
      await server.browser().open('/account'),
      await server.browser().open('/setup/unknown'),
      await browser.open('/account'),
      await browser.open('/admin'),
      await browser.open('/admin/unknown'),
      await browser.open('/device'),
      await browser.open('/login/callback/unknown'),
    ];
    for (const { headers, html, url } of pages) {
      const policy = headers.get('content-security-policy') ?? '';
      expect([url.pathname, policy]).toEqual([
        url.pathname,
        expect.stringContaining("frame-ancestors 'none'"),
      ]);
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|script-src|https:(\s|;|$)/);
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('cache-control')).toContain('no-store');
      expect(html).not.toMatch(/<script/i);
    }
  });
});
