import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import {
  answer,
  OWNER,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import type { Browser, Page } from '../fixtures/browser.ts';
import { Device, DEVICE_GRANT, enterCode } from '../fixtures/device.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import type { OAuthClient } from '../fixtures/oauth-client.ts';
import { heldRead, meetingReads } from '../fixtures/racing-store.ts';

const clock = new ManualClock(Date.now());
let server: RunningAuthorizationServer;
let client: OAuthClient;

beforeAll(async () => {
  server = await startAuthorizationServer({ clock, options: { deviceFlow: { enabled: true } } });
  client = await Device.register(server.origin, { client_name: '<b>Your bank</b>' });
});
afterAll(() => server.close());
beforeEach(() => {
  clock.advance(601_000);
});

async function press(browser: Browser, page: Page, button: string): Promise<Page> {
  const form = page.forms.find(({ buttons }) => buttons.some(([, , label]) => label === button));
  if (form === undefined) throw new Error(`There is no "${button}": ${page.html}`);
  return await browser.submit(form, OWNER, button);
}

describe('a code that an attacker has started', () => {
  it('lets nobody in by a link alone, even in a browser that is signed in and has allowed the client', async () => {
    const browser = server.browser();
    const own = await Device.begin(client);
    const asked = await press(browser, await enterCode(browser, own.codes.user_code), 'I started this');
    await answer(browser, await press(browser, asked, 'Sign in'));
    const attackers = await Device.begin(client);
    // Opening the link fills the code in; entering it asks whether one has started this; that asks for consent.
    const link = await browser.open(attackers.codes.verification_uri_complete);
    const question = await press(browser, link, 'Continue');
    expect(question.html).toContain('Did you start this?');
    const consent = await press(browser, question, 'I started this');
    expect(consent.html).toContain('The device that showed the code gets this access');
    expect((await attackers.poll()).body.error).toBe('authorization_pending');
  });

  it('is shown with the name escaped, as one that nobody has checked', async () => {
    const device = await Device.begin(client);
    const page = await enterCode(server.browser(), device.codes.user_code);
    expect(page.html).toContain('&lt;b&gt;Your bank&lt;/b&gt;');
    expect(page.html).toContain('Nobody has checked that');
  });

  it('is shown with where it came from, and that this is another network', async () => {
    const proxied = { 'x-forwarded-for': '203.0.113.7', 'user-agent': 'curl/8 <script>' };
    const behind = await startAuthorizationServer({
      clock,
      trustProxy: ['loopback'],
      options: { deviceFlow: { enabled: true } },
    });
    const mine = await Device.register(behind.origin);
    const response = await fetch(`${behind.origin}/device_authorization`, {
      method: 'POST',
      headers: proxied,
      body: new URLSearchParams({ client_id: mine.clientId, scope: 'files:read' }),
    });
    const { user_code: code } = (await response.json()) as { user_code: string };
    const page = await enterCode(behind.browser(), code);
    expect(page.html).toContain('203.0.113.7');
    expect(page.html).toContain('curl/8 &lt;script&gt;');
    expect(page.html).toContain('another network');
    const near = await enterCode(behind.browser(), (await Device.begin(mine)).codes.user_code);
    expect(near.html).not.toContain('another network');
    await behind.close();
  });

  /** A process that shares everything with the server but reads through this store. */
  function another(store: Store): Promise<RunningAuthorizationServer> {
    const options = { deviceFlow: { enabled: true } };
    return startAuthorizationServer({
      ...{ clock, options, like: { ...server, store }, publicUrl: server.origin },
    });
  }

  /** What somebody who has entered the code sends to a process when they confirm it. */
  async function confirmation(device: Device): Promise<(process: { origin: string }) => Promise<Page>> {
    const browser = server.browser();
    const [form] = (await enterCode(browser, device.codes.user_code)).forms;
    if (form === undefined) throw new Error('Nothing to confirm');
    return ({ origin }) =>
      browser
        .copy(origin)
        .submit({ ...form, action: new URL(form.action.pathname, origin) }, {}, 'I started this');
  }

  function expectOne(pages: readonly Page[]): void {
    expect(pages.filter(({ url }) => url.pathname.startsWith('/interaction/'))).toHaveLength(1);
    expect(pages.filter(({ html }) => html.includes('already used'))).toHaveLength(1);
  }

  it('cannot be taken up by two people, not even at the same moment in two processes', async () => {
    const process = await another(meetingReads(server.store, 'auth:DeviceCode:', 2));
    const device = await Device.begin(client);
    const both = [await confirmation(device), await confirmation(device)];
    expectOne(await Promise.all(both.map((send) => send(process))));
    await process.close();
  });

  it('nor by one whose process has looked at it before the other took it up', async () => {
    const { store, held, release } = heldRead(server.store, 'auth:DeviceCode:');
    const [slow, quick] = [await another(store), await another(server.store)];
    const device = await Device.begin(client);
    const [late, early] = [await confirmation(device), await confirmation(device)];
    const second = late(slow);
    await held;
    const first = await early(quick);
    release();
    expectOne([first, await second]);
    await slow.close();
    await quick.close();
  });
});

describe('guessing codes', () => {
  const WRONG = 'BBBBBBBB';

  it('ends after ten in one browser and thirty in one network, for ten minutes', async () => {
    const device = await Device.begin(client);
    const browser = server.browser();
    const statuses: number[] = [];
    for (let guess = 0; guess < 11; guess++) statuses.push((await enterCode(browser, WRONG)).status);
    expect(statuses).toEqual([...Array<number>(10).fill(400), 429]);
    // A new session each time helps as far as the network's limit goes.
    for (let guess = 0; guess < 25; guess++) statuses.push((await enterCode(server.browser(), WRONG)).status);
    expect(statuses.filter((status) => status === 400).length).toBeLessThanOrEqual(30);
    const right = await enterCode(server.browser(), device.codes.user_code);
    expect([right.status, right.html]).toEqual([429, expect.not.stringContaining('Did you start this?')]);
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
    clock.advance(601_000);
    const later = await Device.begin(client);
    expect((await enterCode(server.browser(), later.codes.user_code)).status).toBe(200);
  });

  it('gains nothing by guesses that are sent together', async () => {
    const pages = await Promise.all(
      Array.from({ length: 60 }, async () => (await enterCode(server.browser(), WRONG)).status),
    );
    expect(pages.filter((status) => status === 400)).toHaveLength(30);
  });

  it('is not what people do who enter right codes', async () => {
    const browser = server.browser();
    for (let time = 0; time < 15; time++) {
      const device = await Device.begin(client);
      expect((await enterCode(browser, device.codes.user_code)).status).toBe(200);
    }
  });
});

describe('what the records of devices hold', () => {
  it('neither lets anybody redeem a code nor says it', async () => {
    const device = await Device.begin(client);
    const { keys } = await server.store.scan('auth:', 1000);
    const values = await Promise.all(keys.map((key) => server.store.get(key)));
    const all = [...keys, ...values].join('\n');
    expect(all).not.toContain(device.codes.device_code);
    expect(all).not.toContain(device.codes.user_code.replace('-', ''));
    const hashes = [...all.matchAll(/[\w-]{43}/g)].map(([hash]) => hash);
    for (const handle of new Set(hashes.flatMap((hash) => [hash, `handle:${hash}`]))) {
      const { body } = await client.token({ grant_type: DEVICE_GRANT, device_code: handle });
      expect(body.error).toBe('invalid_grant');
    }
  });
});
