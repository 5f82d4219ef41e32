import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import type { Browser, Page } from '../fixtures/browser.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OAuthClient, type TokenAnswer } from '../fixtures/oauth-client.ts';

const WEB = 'https://app.example.com/callback';

let server: RunningAuthorizationServer;
let clock: ManualClock;
let browser: Browser;
let client: OAuthClient;

beforeEach(async () => {
  clock = new ManualClock(Date.now());
  server = await startAuthorizationServer({ clock, options: { onceTtlSeconds: 120 } });
  browser = server.browser();
  client = await OAuthClient.register(server.origin, { redirect_uris: [WEB] });
});
afterEach(() => server.close());

/** Allows what the page asks for, once unless told otherwise. */
async function allow(page: Page, remember: 'yes' | 'no' | 'maybe' = 'no'): Promise<TokenAnswer['body']> {
  const [form] = page.forms;
  if (form === undefined) throw new Error(`There is no form: ${page.html}`);
  const { url } = await browser.submit(form, { remember }, 'allow');
  return (await client.exchange(url.searchParams.get('code') ?? '')).body;
}

describe('what is allowed for once', () => {
  it('is what counts where the form says nothing that is known', async () => {
    const page = await signIn(browser, client.authorizationUrl());
    expect(page.forms[0]?.fields.get('remember')).toBe('yes');
    await allow(page, 'maybe');
    expect(server.telemetry.audits).toContainEqual(
      expect.objectContaining({
        action: 'consent.given',
        details: expect.objectContaining({ remembered: false }) as unknown,
      }),
    );
  });

  it('gives tokens that end with it, and cannot be renewed beyond', async () => {
    const tokens = await allow(await signIn(browser, client.authorizationUrl()));
    // The access token would live for five minutes.
    expect(tokens.expires_in).toBeLessThanOrEqual(120);
    const renewed = await client.refresh(tokens.refresh_token ?? '');
    expect(renewed.body.expires_in).toBeLessThanOrEqual(120);
    clock.advance(121_000);
    const late = await client.refresh(renewed.body.refresh_token ?? '');
    expect([late.status, late.body.error]).toEqual([400, 'invalid_grant']);
  });

  it('is asked for again at the next authorization, and silently never given', async () => {
    await allow(await signIn(browser, client.authorizationUrl()));
    const again = await browser.open(client.authorizationUrl());
    expect(again.html).toContain('For how long?');
    const silent = await browser.open(client.authorizationUrl({ prompt: 'none' }));
    expect(silent.url.searchParams.get('error')).toBe('consent_required');
  });

  it('neither widens nor prolongs what was allowed until taken back', async () => {
    const lasting = await allow(await signIn(browser, client.authorizationUrl()), 'yes');
    const wider = await browser.open(client.authorizationUrl({ scope: 'files:read files:write' }));
    expect((await allow(wider, 'no')).scope).toBe('files:read files:write');
    const renewed = await client.refresh(lasting.refresh_token ?? '', {
      scope: 'files:read files:write',
    });
    expect(renewed.body.error).toBe('invalid_scope');
    clock.advance(121_000);
    expect((await client.refresh(lasting.refresh_token ?? '')).body.scope).toBe('files:read');
  });

  it('does not become lasting by being allowed again until taken back', async () => {
    const once = await allow(await signIn(browser, client.authorizationUrl({ scope: 'files:write' })));
    const lasting = await allow(await browser.open(client.authorizationUrl()), 'yes');
    expect(lasting.scope).toBe('files:read');
    clock.advance(121_000);
    expect((await client.refresh(once.refresh_token ?? '')).body.error).toBe('invalid_grant');
    expect((await client.refresh(lasting.refresh_token ?? '')).body.scope).toBe('files:read');
    const again = await browser.open(client.authorizationUrl({ scope: 'files:write' }));
    expect(again.html).toContain('For how long?');
  });
});

describe('a client that asks for more', () => {
  it('is shown with what is new apart from what it has', async () => {
    await allow(await signIn(browser, client.authorizationUrl()), 'yes');
    const page = await browser.open(client.authorizationUrl({ scope: 'files:read files:write' }));
    const [, added = '', held = ''] = page.html.split(/<h2>/);
    expect(added).toContain('create and change files');
    expect(added).not.toContain('read and search');
    expect(held).toContain('You have allowed this already');
    expect(held).toContain('read and search');
  });
});
