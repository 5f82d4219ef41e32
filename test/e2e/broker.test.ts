import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningAuthorizationServer } from '../fixtures/authorization-server.ts';
import { startBroker } from '../fixtures/broker.ts';
import { hasChromium, launchChromium } from '../fixtures/chromium.ts';
import { type IdentityProvider, startIdentityProvider } from '../fixtures/identity-provider.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import { listenForCallback } from '../fixtures/sign-in.ts';

const LOOKS = [
  { width: 1000, colorScheme: 'light' },
  { width: 1000, colorScheme: 'dark' },
  { width: 360, colorScheme: 'light' },
  { width: 360, colorScheme: 'dark' },
] as const;

let browser: Browser;
let context: BrowserContext;
let page: Page;
let upstream: IdentityProvider;
let server: RunningAuthorizationServer;

/** Signs in on the page of the identity provider. */
async function signInThere(sub = 'ada'): Promise<void> {
  await page.waitForURL((url) => url.origin === upstream.issuer);
  await page.getByLabel('User').fill(sub);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

describe.runIf(hasChromium())('signing in at an identity provider, in a browser', () => {
  beforeAll(async () => {
    [browser, upstream] = await Promise.all([launchChromium(), startIdentityProvider()]);
    server = await startBroker(upstream);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    await upstream.close();
  });
  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
  });
  afterEach(() => context.close());

  it('leads from the client over the provider and the consent page back to the client', async () => {
    const callback = await listenForCallback();
    const client = await OAuthClient.register(server.origin, { redirect_uris: [callback.url] });
    await page.goto(client.authorizationUrl({ scope: 'files:read files:write' }).href);
    await page.getByRole('button', { name: 'Continue with Example Ltd.' }).click();
    await signInThere();
    await page.getByText('You are signed in as Ada Upstream').waitFor();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.waitForURL((url) => url.href.startsWith(callback.url));
    const { status } = await client.exchange(new URL(page.url()).searchParams.get('code') ?? '');
    expect(status).toBe(200);
    await callback.close();
  });

  it('leads to the own page, by keyboard alone, and again after it was broken off', async () => {
    await page.goto(`${server.origin}/account`);
    await page.getByRole('button', { name: 'Continue with Example Ltd.' }).focus();
    await page.keyboard.press('Enter');
    await signInThere('cancel');
    await page.getByRole('alert').getByText('You did not sign in there').waitFor();
    await page.getByRole('button', { name: 'Continue with Example Ltd.' }).click();
    await signInThere();
    await page.getByText('ada@corp.example').waitFor();
  });

  it('leaves nobody out: light and dark, at desktop and phone width', async () => {
    const client = await OAuthClient.register(server.origin);
    await page.goto(client.authorizationUrl({ scope: 'files:read files:write' }).href);
    await page.getByText('Sign in as the owner of this server').click();
    await page.evaluate(axe.source);
    for (const { width, colorScheme } of LOOKS) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      const faults = await page.evaluate<string[]>(
        `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
          violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`,
      );
      const hidden = await page.evaluate<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect([...faults, hidden], `${colorScheme}, ${width} px`).toEqual([0]);
    }
  });
});
