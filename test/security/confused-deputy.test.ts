import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answer,
  obtainCode,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

const WEB = { redirect_uris: ['https://app.example.com/callback'], client_name: 'Known app' };

let server: RunningAuthorizationServer;
let known: OAuthClient;

beforeAll(async () => {
  server = await startAuthorizationServer();
  known = await OAuthClient.register(server.origin, WEB);
});
afterAll(() => server.close());

/** A browser whose person is signed in and has allowed the known client. */
async function victim() {
  const browser = server.browser();
  await obtainCode(known, browser);
  return browser;
}

describe('a new client that a signed-in person is sent to', () => {
  it('gets no code before its own consent was posted', async () => {
    const browser = await victim();
    const attacker = await OAuthClient.register(server.origin, {
      client_name: 'Known app',
      redirect_uris: ['https://attacker.example/callback'],
    });
    const page = await browser.open(attacker.authorizationUrl());
    expect(page.url.pathname).toMatch(/^\/interaction\//);
    expect(page.html).toContain('attacker.example');
    expect(page.html).not.toContain('type="password"');
    expect(page.forms.some(({ method }) => method === 'POST')).toBe(true);

    const denied = await answer(browser, page, 'Deny');
    expect(denied.url.searchParams.get('error')).toBe('access_denied');
    expect(denied.url.searchParams.get('code')).toBeNull();
  });

  it('gets none by opening what the form posts to', async () => {
    const browser = await victim();
    const attacker = await OAuthClient.register(server.origin, WEB);
    const page = await browser.open(attacker.authorizationUrl());
    for (const form of page.forms) {
      const opened = await browser.open(`${form.action.href}?decision=allow`);
      expect(opened.status).toBe(404);
    }
    const resumed = await browser.open(page.url.href.replace('/interaction/', '/authorize/'));
    expect(resumed.url.origin).toBe(server.origin);
    expect(resumed.url.searchParams.get('code')).toBeNull();
  });

  it('gets none silently', async () => {
    const browser = await victim();
    const attacker = await OAuthClient.register(server.origin, WEB);
    const { url } = await browser.open(attacker.authorizationUrl({ prompt: 'none' }));
    expect(url.searchParams.get('error')).toBe('consent_required');
  });
});

describe('a known client', () => {
  it('is asked for again when it wants more than was allowed', async () => {
    const browser = await victim();
    const page = await browser.open(known.authorizationUrl({ scope: 'files:read files:delete' }));
    expect(page.url.pathname).toMatch(/^\/interaction\//);
    expect(page.html).toContain('files:delete');
  });

  it('is asked for again by another person in the same browser', async () => {
    const browser = await victim();
    browser.forget('session');
    const page = await signIn(browser, known.authorizationUrl(), {
      email: 'member@example.com',
      password: 'a quiet harbour at dawn',
    });
    expect(page.url.pathname).toMatch(/^\/interaction\//);
    expect(page.forms.length).toBeGreaterThan(0);
  });
});

describe('a request that an attacker began', () => {
  it('cannot be finished in the browser of somebody else', async () => {
    const attacker = await OAuthClient.register(server.origin, WEB);
    const begun = await server.browser().open(attacker.authorizationUrl());
    const browser = await victim();
    const opened = await browser.open(begun.url);
    expect(opened.status).toBe(400);
    expect(opened.forms).toEqual([]);
    for (const form of begun.forms) {
      const posted = await browser.submit(form, { decision: 'allow' });
      expect(posted.status).toBe(400);
      expect(posted.url.origin).toBe(server.origin);
    }
  });

  it('cannot be entered with the cookie of another request', async () => {
    const client = await OAuthClient.register(server.origin, WEB);
    const begin = async () => {
      const response = await fetch(client.authorizationUrl(), { redirect: 'manual' });
      const cookies = response.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
      return { page: new URL(response.headers.get('location') ?? '', server.origin), cookies };
    };
    const [own, other] = [await begin(), await begin()];
    const open = async (page: URL) =>
      (await fetch(page, { headers: { cookie: own.cookies.join('; ') } })).status;
    expect(await open(own.page)).toBe(200);
    expect(await open(other.page)).toBe(400);
  });
});
