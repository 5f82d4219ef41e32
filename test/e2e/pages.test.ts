import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OWNER } from '../fixtures/authorization-server.ts';
import { hasChromium, launchChromium } from '../fixtures/chromium.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import {
  type PagesStage,
  PEOPLE_PAGES,
  setPagesStage,
  signInOn,
  withAuthenticator,
} from '../fixtures/people-pages.ts';
import { type Callback, listenForCallback } from '../fixtures/sign-in.ts';

/** Both colours and both widths; one does not change what the other does. */
const LOOKS = [
  { width: 1000, colorScheme: 'light' },
  { width: 360, colorScheme: 'dark' },
] as const;

let browser: Browser;
let stage: PagesStage;
let context: BrowserContext;
let page: Page;

/** What axe finds fault with, by rule, and how far the page can be scrolled sideways. */
async function faultsOf(shown: Page): Promise<unknown[]> {
  await shown.evaluate(axe.source);
  const found = await shown.evaluate<string[]>(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`,
  );
  const hidden = await shown.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  return hidden > 0 ? [...found, `${hidden} px are beyond the edge`] : found;
}

/** What a screen reader calls the element that has the focus. */
const FOCUSED = `(({ ariaLabel, labels, textContent }) =>
  (ariaLabel ?? labels?.[0]?.textContent ?? textContent).trim())(document.activeElement)`;

/** Presses Tab until the focus is on what is called so, as people without a mouse do. */
async function tabTo(name: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate<string>(FOCUSED)).startsWith(name)) return;
  }
  throw new Error(`Tab does not lead to "${name}"`);
}

describe.runIf(hasChromium())('the pages', () => {
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    stage = await setPagesStage();
    context = await browser.newContext();
    page = await context.newPage();
  });
  afterEach(async () => {
    await context.close();
    await stage.close();
  });

  it.each(Object.entries(PEOPLE_PAGES))(
    'leave nobody out: %s, in light and dark, at desktop and phone width',
    async (_name, open) => {
      await open(page, stage);
      for (const { width, colorScheme } of LOOKS) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme });
        expect(await faultsOf(page), `${colorScheme}, ${width} px`).toEqual([]);
      }
    },
  );

  it('lead by keyboard alone from sign-in over consent to the end of access', async () => {
    const callback: Callback = await listenForCallback();
    const client = await OAuthClient.register(stage.server.origin, { redirect_uris: [callback.url] });
    await page.goto(client.authorizationUrl().href);
    // Where the page puts it.
    await page.locator('input[name=email]:focus').waitFor();
    await page.keyboard.type(OWNER.email);
    await tabTo('Password');
    await page.keyboard.type(OWNER.password);
    await page.keyboard.press('Enter');
    await page.getByText('For how long?').waitFor();
    await tabTo('Until I take it back');
    await page.keyboard.press('ArrowDown');
    expect(await page.getByLabel('Once').isChecked()).toBe(true);
    await tabTo('Allow');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.href.startsWith(callback.url));
    await page.goto(`${stage.server.origin}/account`);
    expect(await page.getByText('Until I take it back').count()).toBe(0);
    await tabTo('Revoke access of Test agent');
    await page.keyboard.press('Enter');
    await page.getByText('No application acts in your name.').waitFor();
    await callback.close();
  });

  it('sign a person in with a passkey that was made on the account page', async () => {
    await withAuthenticator(page);
    await page.goto(`${stage.server.origin}/account`);
    await signInOn(page);
    await page.getByLabel('Name of a new passkey').fill('The key on my desk');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByRole('heading', { name: 'The key on my desk' }).waitFor();
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();

    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByText('Olive Owner').waitFor();
    expect(await page.getByText('last used').count()).toBe(1);
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();

    const client = await OAuthClient.register(stage.server.origin);
    await page.goto(client.authorizationUrl().href);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByText('You are signed in as Olive Owner').waitFor();
    expect(stage.server.telemetry.audits).toContainEqual(
      expect.objectContaining({
        action: 'login.succeeded',
        clientId: client.clientId,
        details: { method: 'passkey' },
      }),
    );
  });

  it('offer no passkey to a browser without script, and sign people in all the same', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const shown = await plain.newPage();
    await shown.goto(`${stage.server.origin}/account`);
    expect(await shown.getByRole('button', { name: 'Sign in with a passkey' }).isVisible()).toBe(false);
    await signInOn(shown);
    await shown.getByRole('heading', { name: 'Your account' }).waitFor();
    expect(await shown.getByRole('button', { name: 'Add a passkey' }).isVisible()).toBe(false);
    await plain.close();
  });

  it('run no script but their own', async () => {
    await page.goto(`${stage.server.origin}/account`);
    const refused = page.waitForEvent('console', (message) => message.text().includes('Content Security'));
    await page.evaluate(`document.body.append(Object.assign(document.createElement('script'), {
      textContent: 'document.title = "foreign"'
    }))`);
    await refused;
    const other = page.waitForEvent('console', (message) => message.text().includes('Content Security'));
    await page.evaluate(`document.body.append(Object.assign(document.createElement('script'), {
      src: '/other.js'
    }))`);
    await other;
    expect(await page.title()).not.toBe('foreign');
  });
});
