import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { providerOptions } from '../fixtures/broker.ts';
import type { Browser, Page } from '../fixtures/browser.ts';
import { type ForgingProvider, startForgingProvider } from '../fixtures/forging-provider.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { callbackPath, type UpstreamAttempt, beginUpstream } from '../fixtures/upstream-attempt.ts';

let upstream: ForgingProvider;
let other: ForgingProvider;
let server: RunningAuthorizationServer;
let clock: ManualClock;

beforeAll(async () => {
  upstream = await startForgingProvider();
  other = await startForgingProvider();
  clock = new ManualClock(Date.now());
  server = await startAuthorizationServer({
    clock,
    options: {
      mode: 'broker',
      identityProviders: [providerOptions(upstream), providerOptions(other, { id: 'other', name: 'Other' })],
    },
  });
});

afterAll(async () => {
  await server.close();
  await upstream.close();
  await other.close();
});

async function giveGoodToken(nonce: string): Promise<void> {
  upstream.idToken = await upstream.sign(upstream.claims(nonce));
}

function expectConsent(page: Page): void {
  expect(page.html).toContain('value="allow"');
}

/** Nobody is signed in, and the audit log says why. */
async function expectRefusal(page: Page, browser: Browser, reason: string): Promise<void> {
  expect(page.html).not.toContain('value="allow"');
  expect(page.status).toBeGreaterThanOrEqual(400);
  expect(page.status).toBeLessThan(500);
  expect((await browser.open('/account')).html).toContain('Continue with Example Ltd.');
  expect(server.telemetry.audits.findLast(({ action }) => action === 'login.failed')).toMatchObject({
    outcome: 'denied',
    details: { reason },
  });
}

describe('the way back from an identity provider', () => {
  it('leads to the consent page, and from there alone to a code', async () => {
    const { browser, state, nonce } = await beginUpstream(server);
    await giveGoodToken(nonce);
    expectConsent(await browser.open(callbackPath({ iss: upstream.issuer, state })));
  });

  it('is closed to a state that was never given out', async () => {
    const { browser, nonce } = await beginUpstream(server);
    await giveGoodToken(nonce);
    const page = await browser.open(callbackPath({ iss: upstream.issuer, state: 'A'.repeat(43) }));
    expect(page.status).toBe(400);
    await expectRefusal(page, browser, 'other_browser');
  });

  it('is closed without a state, and to two of them', async () => {
    const { browser, state } = await beginUpstream(server);
    const none = await browser.open(
      callbackPath({ iss: upstream.issuer, state }).replace(/&state=[^&]*/, ''),
    );
    await expectRefusal(none, browser, 'no_state');
    const two = await browser.open(`${callbackPath({ iss: upstream.issuer, state })}&state=${state}`);
    await expectRefusal(two, browser, 'no_state');
  });

  it('can be gone once', async () => {
    const { browser, state, nonce } = await beginUpstream(server);
    await giveGoodToken(nonce);
    const jar = server.browser();
    const copies = [jar, browser].map((each) => each.open(callbackPath({ iss: upstream.issuer, state })));
    const [stranger, own] = await Promise.all(copies);
    // Who has only seen the state neither gets in with it nor spoils it for the person.
    expect(stranger?.status).toBe(400);
    expect(own?.html).toContain('value="allow"');
    const again = await browser.open(callbackPath({ iss: upstream.issuer, state }));
    expect(again.status).toBe(400);
  });

  it('is closed to the browser that replays it with its cookie kept', async () => {
    const attempt = await beginUpstream(server);
    await giveGoodToken(attempt.nonce);
    const cookies = attempt.browser.cookieHeader('/login/callback/corp');
    const url = new URL(callbackPath({ iss: upstream.issuer, ...attempt }), server.origin);
    const send = () => fetch(url, { headers: { cookie: cookies }, redirect: 'manual' });
    const answers = await Promise.all(Array.from({ length: 10 }, send));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(9);
  });

  it("is closed to another browser's state, which nobody can be signed in with as somebody else", async () => {
    const attacker = await beginUpstream(server);
    await giveGoodToken(attacker.nonce);
    const victim = await beginUpstream(server);
    const page = await victim.browser.open(callbackPath({ iss: upstream.issuer, ...attacker }));
    expect(page.status).toBe(400);
    await expectRefusal(page, victim.browser, 'other_browser');
  });

  it("is closed to another browser's state with the cookie of an own sign-in under its name", async () => {
    const attacker = await beginUpstream(server);
    await giveGoodToken(attacker.nonce);
    const victim = await beginUpstream(server);
    const named = (cookies: string, index: number) =>
      cookies
        .split('; ')
        .find((pair) => pair.includes('fairlead-login'))
        ?.split('=')[index] ?? '';
    const name = named(attacker.browser.cookieHeader('/login'), 0);
    const secret = named(victim.browser.cookieHeader('/login'), 1);
    const response = await fetch(
      new URL(callbackPath({ iss: upstream.issuer, ...attacker }), server.origin),
      {
        headers: { cookie: `${name}=${secret}` },
        redirect: 'manual',
      },
    );
    expect(response.status).toBe(400);
  });

  it('closes after ten minutes', async () => {
    const { browser, state, nonce } = await beginUpstream(server);
    await giveGoodToken(nonce);
    clock.advance(601_000);
    const page = await browser.open(callbackPath({ iss: upstream.issuer, state }));
    expect(page.status).toBe(400);
    await expectRefusal(page, browser, 'expired_or_used');
  });

  it('is closed to an answer in the name of another issuer, and to one without a name', async () => {
    for (const iss of [other.issuer, 'https://attacker.example', null]) {
      const { browser, state, nonce } = await beginUpstream(server);
      await giveGoodToken(nonce);
      await expectRefusal(await browser.open(callbackPath({ state, iss })), browser, 'invalid_answer');
    }
  });

  it('is closed to the answer of a provider that the person was not sent to', async () => {
    const { browser, state, nonce } = await beginUpstream(server);
    await giveGoodToken(nonce);
    const page = await browser.open(callbackPath({ iss: upstream.issuer, state, provider: 'other' }));
    expect(page.status).toBe(400);
    await expectRefusal(page, browser, 'other_provider');
  });

  it('ends at the page of the interaction that it began on, in the browser that began that', async () => {
    const attacker = await beginUpstream(server);
    await giveGoodToken(attacker.nonce);
    const response = await fetch(
      new URL(callbackPath({ iss: upstream.issuer, ...attacker }), server.origin),
      {
        headers: { cookie: attacker.browser.cookieHeader('/login/callback/corp') },
        redirect: 'manual',
      },
    );
    const location = response.headers.get('location') ?? '';
    expect(location).toContain('/signed-in?ticket=');
    const victim = await beginUpstream(server);
    const theirs = await victim.browser.open(location);
    expect(theirs.status).toBe(400);
    const onOwnPage = location.replace(/^\/interaction\/[^/]+/, await interactionOf(victim));
    expect((await victim.browser.open(onOwnPage)).html).toContain('Continue with Example Ltd.');
  });
});

async function interactionOf({ browser, client }: UpstreamAttempt): Promise<string> {
  return (await browser.open(client.authorizationUrl())).url.pathname;
}

describe('the cookie of a sign-in', () => {
  it('comes with the button alone, cannot be planted by another host, and is out of reach of scripts', async () => {
    const secure = await startAuthorizationServer({
      publicUrl: 'https://mcp.example.com',
      options: { mode: 'broker', identityProviders: [providerOptions(upstream)] },
    });
    const site = { Host: 'mcp.example.com', Origin: 'https://mcp.example.com', Accept: 'text/html' };
    const page = await request(secure.origin).get('/account').set(site);
    const given = page.get('Set-Cookie') ?? [];
    expect(given.join()).not.toContain('fairlead-login');
    const left = await request(secure.origin)
      .post('/account/provider')
      .set({ ...site, Cookie: given.map((each) => each.split(';')[0]).join('; ') })
      .type('form')
      .send({ form_token: /name="form_token" value="([^"]+)"/.exec(page.text)?.[1], provider: 'corp' });
    const cookie = left.get('Set-Cookie')?.find((each) => each.includes('fairlead-login')) ?? '';
    expect(cookie).toMatch(/^__Host-fairlead-login-/);
    for (const attribute of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax', 'Max-Age=600']) {
      expect(cookie).toContain(attribute);
    }
    await secure.close();
  });

  it('is not given without the form of the page', async () => {
    const { browser, client } = await beginUpstream(server);
    const { forms } = await browser.open(client.authorizationUrl());
    const form = forms.find(({ action }) => action.pathname.endsWith('/provider'));
    if (form === undefined) throw new Error('There is no form');
    const page = await browser.submit(form, { form_token: 'forged' });
    expect(page.status).toBe(400);
    expect(page.url.origin).toBe(server.origin);
  });
});
