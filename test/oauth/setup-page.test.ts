import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Form } from '../fixtures/browser.ts';
import {
  OWNER,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';

const FIELDS = { ...OWNER, name: 'Olive', password_again: OWNER.password };

let server: RunningAuthorizationServer;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock(Date.now());
  server = await startAuthorizationServer({ empty: true, clock });
});
afterEach(() => server.close());

async function link(): Promise<URL> {
  const url = await server.auth.setupUrl();
  if (url === undefined) throw new Error('There is no link');
  return url;
}

async function openForm(url: URL, browser = server.browser()): Promise<Form> {
  const [form] = (await browser.open(url)).forms;
  if (form === undefined) throw new Error('There is no form');
  return form;
}

describe('the one-time link for the owner', () => {
  it('makes the owner account and signs the person in', async () => {
    const browser = server.browser();
    const end = await browser.submit(await openForm(await link(), browser), FIELDS);
    expect(end.url.pathname).toBe('/account');
    expect(end.html).toContain('Olive');
    expect(await server.accounts.list()).toEqual([
      expect.objectContaining({ email: OWNER.email, name: 'Olive', role: 'owner' }),
    ]);
    expect((await signIn(server.browser(), '/account')).html).toContain('Olive');
    expect(server.telemetry.auths).toContain('setup:ok');
  });

  it('works once, and there is no other once there is an account', async () => {
    const [url, other] = [await link(), await link()];
    const browser = server.browser();
    await browser.submit(await openForm(url, browser), FIELDS);
    for (const used of [url, other]) expect((await server.browser().open(used)).status).toBe(404);
    expect(await server.auth.setupUrl()).toBeUndefined();
  });

  it('makes one account, however many send it at once', async () => {
    const url = await link();
    const attempts = await Promise.all(
      Array.from({ length: 5 }, async (_, index) => {
        const browser = server.browser();
        const form = await openForm(url, browser);
        return () => browser.submit(form, { ...FIELDS, email: `owner-${index}@example.com` });
      }),
    );
    const ends = await Promise.all(attempts.map((send) => send()));
    expect(ends.filter((page) => page.url.pathname === '/account')).toHaveLength(1);
    expect(await server.accounts.list()).toHaveLength(1);
  });

  it('makes one account, though several links are out', async () => {
    const attempts = await Promise.all(
      Array.from({ length: 4 }, async (_, index) => {
        const browser = server.browser();
        const form = await openForm(await link(), browser);
        return () => browser.submit(form, { ...FIELDS, email: `owner-${index}@example.com` });
      }),
    );
    const ends = await Promise.all(attempts.map((send) => send()));
    expect(ends.filter((page) => page.url.pathname === '/account')).toHaveLength(1);
    expect(await server.accounts.list()).toHaveLength(1);
  });

  it('is good for an hour', async () => {
    const url = await link();
    clock.advance(3_599_000);
    expect((await server.browser().open(url)).status).toBe(200);
    clock.advance(2000);
    expect((await server.browser().open(url)).status).toBe(404);
  });

  it('holds 256 random bits that stand in no record', async () => {
    const url = await link();
    const token = url.pathname.slice('/setup/'.length);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const { keys } = await server.store.scan('auth:', 1000);
    expect(keys.join(' ')).not.toContain(token);
    await server.browser().open(url);
    expect(server.log.join('')).not.toContain(token);
  });

  it('stays good while what is filled in is not', async () => {
    const browser = server.browser();
    const form = await openForm(await link(), browser);
    const cases: [Record<string, string>, string][] = [
      [{ password: 'short', password_again: 'short' }, 'A password has 12 to 256 characters.'],
      [{ password_again: 'something else' }, 'The two passwords are not the same.'],
      [{ email: 'nobody' }, 'This is not an e-mail address.'],
    ];
    for (const [change, problem] of cases) {
      const page = await browser.submit(form, { ...FIELDS, ...change });
      expect(page.status).toBe(422);
      expect(page.html).toContain(problem);
      expect(page.forms[0]?.fields.get('name')).toBe('Olive');
      expect(page.html).not.toContain('short');
    }
    expect((await browser.submit(form, FIELDS)).url.pathname).toBe('/account');
  });

  it('takes no form without its token or its cookie', async () => {
    const browser = server.browser();
    const form = await openForm(await link(), browser);
    expect((await browser.submit({ ...form, fields: new Map() }, FIELDS)).status).toBe(400);
    browser.forget();
    expect((await browser.submit(form, FIELDS)).status).toBe(400);
    expect(await server.accounts.isEmpty()).toBe(true);
  });

  it('that was never given out leads nowhere', async () => {
    expect((await server.browser().open('/setup/guess')).status).toBe(404);
    expect(server.telemetry.auths).toContain('setup:invalid');
  });
});

describe('an owner in the configuration', () => {
  it('is created at the first start, and neither changed nor revived later', async () => {
    const options = { owner: { email: OWNER.email, password: OWNER.password } };
    const first = await startAuthorizationServer({ empty: true, options });
    expect(await first.auth.setupUrl()).toBeUndefined();
    expect((await signIn(first.browser(), '/account')).html).toContain(OWNER.email);
    await first.accounts.add({ email: 'second@example.com', password: OWNER.password, role: 'owner' });
    await first.accounts.remove(OWNER.email);
    const second = await startAuthorizationServer({ like: first, options });
    expect((await first.accounts.list()).map(({ email }) => email)).toEqual(['second@example.com']);
    await second.close();
    await first.close();
  });
});
