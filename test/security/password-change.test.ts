import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  MEMBER,
  OWNER,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import type { Browser, Form, Page } from '../fixtures/browser.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';

const NEXT = 'an entirely different one';

let server: RunningAuthorizationServer;
let clock: ManualClock;
let browser: Browser;
let form: Form;

beforeEach(async () => {
  clock = new ManualClock(Date.now());
  server = await startAuthorizationServer({ clock });
  browser = server.browser();
  form = passwordForm(await signIn(browser, '/account'));
});
afterEach(() => server.close());

function passwordForm(page: Page): Form {
  const found = page.forms.find(({ action }) => action.pathname === '/account/password');
  if (found === undefined) throw new Error('There is no form');
  return found;
}

async function change(current: string, next = NEXT, again = next): Promise<Page> {
  const fields = { password: current, new_password: next, new_password_again: again };
  return await browser.submit(form, fields);
}

async function works(password: string): Promise<boolean> {
  return (await server.accounts.authenticate(OWNER.email, password)) !== undefined;
}

describe('a new password', () => {
  it('takes the place of the one before, ends all other sessions, and is recorded', async () => {
    const other = server.browser();
    await signIn(other, '/account');
    const page = await change(OWNER.password);
    expect(page.html).toContain('Your password is changed');
    expect([await works(NEXT), await works(OWNER.password)]).toEqual([true, false]);
    expect((await browser.open('/account')).html).toContain('Olive Owner');
    expect((await other.open('/account')).html).not.toContain('Olive Owner');
    expect(server.telemetry.audits).toContainEqual(
      expect.objectContaining({ action: 'password.changed', outcome: 'success', address: '127.0.0.1' }),
    );
    expect(JSON.stringify([server.telemetry.audits, server.log])).not.toContain(NEXT);
  });

  it.each(['', 'not the password', MEMBER.password])(
    'is not set by who does not know the current one: "%s"',
    async (current) => {
      const page = await change(current);
      expect(page.status).toBe(401);
      expect(page.html).toContain('The password is wrong.');
      expect([await works(NEXT), await works(OWNER.password)]).toEqual([false, true]);
      expect(server.telemetry.audits).toContainEqual(
        expect.objectContaining({ action: 'password.refused', outcome: 'denied' }),
      );
    },
  );

  it('gives no way to guess the current one faster than the sign-in does', async () => {
    for (let count = 0; count < 5; count++) expect((await change('a guess')).status).toBe(401);
    const early = await change(OWNER.password);
    expect([early.status, early.headers.get('retry-after')]).toEqual([429, '2']);
    const [login] = (await server.browser().open('/account')).forms;
    if (login === undefined) throw new Error('There is no form');
    clock.advance(2000);
    expect((await change('a guess')).status).toBe(401);
    expect((await change(OWNER.password)).status).toBe(429);
  });

  it('has twelve characters, and is typed twice the same', async () => {
    expect((await change(OWNER.password, 'short')).status).toBe(422);
    expect((await change(OWNER.password, NEXT, `${NEXT}!`)).status).toBe(422);
    expect(await works(OWNER.password)).toBe(true);
  });

  it('is not set by a form of another session, another person or another page', async () => {
    const session = passwordForm(await signIn(server.browser(), '/account')).fields.get('form_token') ?? '';
    const member = server.browser();
    const theirs = passwordForm(await signIn(member, '/account', MEMBER)).fields.get('form_token') ?? '';
    const [login] = (await server.browser().open('/account')).forms;
    const tokens = [session, theirs, login?.fields.get('form_token') ?? '', 'x'.repeat(43), ''];
    const right = { password: OWNER.password, new_password: NEXT, new_password_again: NEXT };
    for (const token of tokens) {
      expect((await browser.submit(form, { ...right, form_token: token })).status).toBe(400);
    }
    // Nor can somebody else's good form name this account.
    expect((await member.submit({ ...form, fields: form.fields }, right)).status).toBe(400);
    expect(await works(OWNER.password)).toBe(true);
  });

  it('is not set by a page that is left open after its session', async () => {
    const open = form;
    const page = await browser.open('/account');
    const leave = page.forms.find(({ action }) => action.pathname === '/account/sign-out');
    if (leave === undefined) throw new Error('There is no form');
    await browser.submit(leave);
    await signIn(browser, '/account', MEMBER);
    const fields = { password: MEMBER.password, new_password: NEXT, new_password_again: NEXT };
    expect((await browser.submit(open, fields)).status).toBe(400);
    expect(await server.accounts.authenticate(MEMBER.email, MEMBER.password)).toBeDefined();
  });
});

describe('ending sessions', () => {
  it('ends those of the person only, whatever the form is made to say', async () => {
    const member = server.browser();
    await signIn(member, '/account', MEMBER);
    const theirs = await sessionOf(MEMBER);
    const page = await browser.open('/account');
    const token = page.forms[0]?.fields.get('form_token') ?? '';
    const action = new URL('/account/sessions/end', server.origin);
    for (const session of [theirs, 'others']) {
      const fields = new Map([
        ['form_token', token],
        ['session', session],
      ]);
      await browser.submit({ ...form, action, fields, buttons: [] });
    }
    expect((await member.open('/account')).html).toContain('Max Member');
    expect((await browser.open('/account')).html).toContain('Olive Owner');
  });
});

/** The uid of the one session of a person. */
async function sessionOf({ email }: typeof MEMBER): Promise<string> {
  const prefix = `auth:account-session:${(await server.accounts.idOf(email)) ?? ''}:`;
  const [mark = ''] = (await server.store.scan(prefix, 10)).keys;
  const session = await server.store.get(`auth:Session:${mark.slice(prefix.length)}`);
  return (JSON.parse(session ?? '') as { uid: string }).uid;
}
