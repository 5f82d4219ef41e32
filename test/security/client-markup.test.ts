import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  answer,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import type { Page } from '../fixtures/browser.ts';
import { OAuthClient, registration } from '../fixtures/oauth-client.ts';

const MARKUP = `</h1><script>alert(1)</script><img src=x onerror=alert(1)>"'onfocus=alert(1) &lt;`;
const LOGO = 'https://attacker.example/pixel.png';

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(() => server.close());

/** Every page that says something about the client. */
async function pagesAbout(metadata: Record<string, unknown>, changes: Record<string, string> = {}) {
  const client = await OAuthClient.register(server.origin, metadata);
  const browser = server.browser();
  const login = await browser.open(client.authorizationUrl(changes));
  const failed = await browser.submit(formOf(login), { email: MARKUP, password: 'wrong' });
  const consent = await signIn(browser, login.url);
  await answer(browser, consent);
  const account = await browser.open('/account');
  const clients = await browser.open('/admin/clients');
  const grants = await browser.open('/admin/grants');
  return { login, failed, consent, account, clients, grants };
}

function formOf(page: Page) {
  const [form] = page.forms;
  if (form === undefined) throw new Error(`No form: ${page.html}`);
  return form;
}

function expectHarmless(page: Page): void {
  expect(page.html).not.toMatch(/<script|<img|<iframe|<object|<embed|<base|<meta http-equiv/i);
  // No handler in any tag: what is left of the markup is text or a quoted value.
  for (const [tag] of page.html.matchAll(/<[a-z][^>]*>/gi)) {
    expect(tag.replaceAll(/"[^"]*"/g, '')).not.toMatch(/\son\w+\s*=/i);
  }
}

describe('markup that comes from outside is text on every page:', () => {
  it('in the name of a client', async () => {
    const pages = await pagesAbout({ client_name: MARKUP.slice(0, 100) });
    for (const page of Object.values(pages)) expectHarmless(page);
    expect(pages.consent.html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('in the login hint', async () => {
    const { login } = await pagesAbout({}, { login_hint: MARKUP });
    expectHarmless(login);
  });

  it('in the e-mail address that was typed', async () => {
    const { failed } = await pagesAbout({});
    expect(failed.status).toBe(401);
    expectHarmless(failed);
  });

  it('in a request that ends on an error page', async () => {
    const client = await OAuthClient.register(server.origin);
    for (const name of ['client_id', 'redirect_uri', 'scope', 'response_type', 'resource', 'prompt']) {
      const url = client.authorizationUrl({ redirect_uri: MARKUP, [name]: MARKUP });
      const page = await server.browser().open(url);
      expect(page.status).toBe(400);
      expectHarmless(page);
    }
    for (const path of [
      `/interaction/${encodeURIComponent(MARKUP)}`,
      `/setup/${encodeURIComponent(MARKUP)}`,
    ]) {
      expectHarmless(await server.browser().open(path));
    }
  });
});

describe('what strangers say of themselves', () => {
  it('is text on the pages of the administration', async () => {
    await fetch(new URL('/authorize?client_id=unknown', server.origin), {
      headers: { 'user-agent': MARKUP },
    });
    await fetch(new URL(`/authorize?client_id=${encodeURIComponent(MARKUP)}`, server.origin));
    await registration(server.origin, { redirect_uris: [MARKUP], client_name: MARKUP.slice(0, 100) });
    const browser = server.browser();
    await signIn(browser, '/account');
    await vi.waitFor(async () => {
      const { html } = await browser.open('/admin/connections/of?address=127.0.0.1');
      expect(html.split('&lt;img').length).toBeGreaterThan(2);
    });
    for (const section of ['connections', 'connections/of?address=127.0.0.1', 'people', 'sessions']) {
      const page = await browser.open(`/admin/${section}`);
      expect([section, page.status]).toEqual([section, 200]);
      expectHarmless(page);
    }
  });
});

describe('the name of a client', () => {
  it('cannot hide, reorder or break the text around it', async () => {
    const hidden = ['\u202e', '\u2066', '\u200b', '\u200d', '\ufeff', '\u2028', '\u0000', '\u00ad', '\u061c'];
    const { consent, login, account, clients, grants } = await pagesAbout({
      client_name: `Good${hidden.join('')}app`,
    });
    for (const page of [consent, login, account, clients, grants]) {
      for (const character of hidden) expect(page.html).not.toContain(character);
      expect(page.html).toContain('Goodapp');
    }
  });
});

describe('a client’s logo', () => {
  it('is neither loaded nor linked, and could not be loaded', async () => {
    const pages = await pagesAbout({ logo_uri: LOGO, client_uri: LOGO, policy_uri: LOGO, tos_uri: LOGO });
    for (const page of Object.values(pages)) {
      expect(page.html).not.toContain('attacker.example');
      const policy = page.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("img-src 'self'");
    }
  });
});
