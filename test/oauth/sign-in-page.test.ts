import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Page } from '../fixtures/browser.ts';
import {
  OWNER,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

const WRONG = 'The e-mail address or the password is wrong.';

let server: RunningAuthorizationServer;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock(Date.now());
  server = await startAuthorizationServer({ clock });
});
afterEach(() => server.close());

/** Tries to sign in with these words, on the account page. */
async function attempt(email: string, password: string): Promise<Page> {
  const browser = server.browser();
  const [form] = (await browser.open('/account')).forms;
  if (form === undefined) throw new Error('There is no form');
  return await browser.submit(form, { email, password });
}

function failures(): unknown[] {
  return server.telemetry.audits.filter(({ action }) => action === 'login.failed');
}

describe('signing in', () => {
  it('takes the address in any case and the password exactly', async () => {
    expect((await attempt(' Owner@Example.COM ', OWNER.password)).html).toContain('Connected applications');
    expect((await attempt(OWNER.email, OWNER.password.toUpperCase())).html).toContain(WRONG);
  });

  it('says the same of an unknown address as of a wrong password, and keeps what was typed', async () => {
    const wrong = await attempt(OWNER.email, 'not the password');
    const unknown = await attempt('nobody@example.com', 'not the password');
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    const text = (page: Page): string => page.html.replaceAll(/value="[^"]*"/g, '').replaceAll(/\s+/g, ' ');
    expect(text(unknown)).toBe(text(wrong));
    expect(unknown.forms[0]?.fields.get('email')).toBe('nobody@example.com');
    expect(unknown.html).not.toContain('not the password');
  });

  it('becomes slower with each failure of an account, for the right password too', async () => {
    for (let count = 0; count < 5; count++) {
      expect((await attempt(OWNER.email, 'wrong password')).status).toBe(401);
    }
    for (const seconds of [2, 4, 8]) {
      const early = await attempt(OWNER.email, OWNER.password);
      expect(early.status).toBe(429);
      expect(early.headers.get('retry-after')).toBe(String(seconds));
      expect(early.html).toContain(`Try again in ${seconds} seconds`);
      clock.advance(seconds * 1000);
      expect((await attempt(OWNER.email, 'wrong password')).status).toBe(401);
    }
    clock.advance(16_000);
    expect((await attempt(OWNER.email, OWNER.password)).status).toBe(200);
    // Forgotten with the success.
    expect((await attempt(OWNER.email, 'wrong password')).status).toBe(401);
    expect((await attempt(OWNER.email, OWNER.password)).status).toBe(200);
  });

  it('counts all spellings of an address as one', async () => {
    const spellings = [
      OWNER.email,
      'OWNER@example.com',
      ' owner@EXAMPLE.com',
      'ｏwner@example.com',
      'Owner@Example.Com',
    ];
    for (const email of spellings) expect((await attempt(email, 'wrong password')).status).toBe(401);
    expect((await attempt(OWNER.email, OWNER.password)).status).toBe(429);
  });

  it('counts the failures of an address over all accounts', async () => {
    for (let count = 0; count < 20; count++) {
      expect((await attempt(`guess-${count}@example.com`, 'wrong password')).status).toBe(401);
    }
    expect((await attempt('another@example.com', 'wrong password')).status).toBe(429);
  });

  it('gives guesses that are sent at once no more tries than those sent in a row', async () => {
    const pages = await Promise.all(Array.from({ length: 15 }, () => attempt(OWNER.email, 'wrong password')));
    expect(pages.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(pages.filter(({ status }) => status === 429)).toHaveLength(10);
  });

  it('is recorded with the account, and never with what was typed', async () => {
    await attempt(OWNER.email, 'a very secret guess');
    await attempt('my-password-in-the-wrong-field', 'x');
    await attempt(OWNER.email, OWNER.password);
    const owner = await server.accounts.findByEmail(OWNER.email);
    expect(failures()).toEqual([
      expect.objectContaining({ outcome: 'denied', subject: owner?.id, address: '127.0.0.1' }),
      expect.not.objectContaining({ subject: expect.anything() as unknown }),
    ]);
    expect(server.telemetry.audits).toContainEqual(
      expect.objectContaining({ action: 'login.succeeded', subject: owner?.id }),
    );
    const told = JSON.stringify(server.telemetry.audits) + server.log.join('');
    expect(told).not.toMatch(/secret guess|wrong-field|correct horse/);
    expect(server.telemetry.auths).toEqual(expect.arrayContaining(['login:invalid', 'login:ok']));
  });

  it('gives the browser a new session id', async () => {
    const browser = server.browser();
    const client = await OAuthClient.register(server.origin);
    const [form] = (await browser.open(client.authorizationUrl())).forms;
    if (form === undefined) throw new Error('There is no form');
    const before = await sessionIds();
    await browser.submit(form, OWNER);
    const after = await sessionIds();
    expect(after).toHaveLength(1);
    expect(before).not.toContain(after[0]);
  });

  it('with another account in the middle of a request is refused, instead of mixing the two up', async () => {
    await server.accounts.add({ email: 'second@example.com', password: OWNER.password, role: 'member' });
    const browser = server.browser();
    const client = await OAuthClient.register(server.origin);
    const [first] = (await browser.open('/account')).forms;
    if (first === undefined) throw new Error('There is no form');
    await browser.submit(first, OWNER);
    const page = await browser.open(client.authorizationUrl({ prompt: 'login' }));
    const [form] = page.forms;
    if (form === undefined) throw new Error('There is no form');
    expect(form.fields.get('email')).toBe(OWNER.email);
    const answer = await browser.submit(form, { email: 'second@example.com', password: OWNER.password });
    expect(answer.status).toBe(409);
    expect(answer.html).toContain('another account');
  });

  it('survives neither a new password nor the removal of the account', async () => {
    const browser = server.browser();
    const [form] = (await browser.open('/account')).forms;
    if (form === undefined) throw new Error('There is no form');
    await browser.submit(form, OWNER);
    expect((await browser.open('/account')).html).toContain('Connected applications');
    await server.accounts.setPassword(OWNER.email, 'an entirely different one');
    expect((await browser.open('/account')).html).toContain('type="password"');
    expect((await attempt(OWNER.email, OWNER.password)).status).toBe(401);
  });
});

async function sessionIds(): Promise<string[]> {
  return (await server.store.scan('auth:Session:', 100)).keys;
}
