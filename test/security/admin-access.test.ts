import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { formAt, openAdmin } from '../fixtures/administration.ts';
import {
  MEMBER,
  OWNER,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import type { Browser, Page } from '../fixtures/browser.ts';

const PAGES = [
  '/admin',
  '/admin/confirm',
  '/admin/people',
  '/admin/clients',
  '/admin/grants',
  '/admin/sessions',
  '/admin/connections',
  '/admin/connections/of?address=127.0.0.1',
];
const ACTS = ['/admin/people/add', '/admin/clients/remove', '/admin/grants/revoke', '/admin/sessions/end'];

let server: RunningAuthorizationServer;

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  server = await startAuthorizationServer({ options: { login: { freeAttemptsPerAddress: 10_000 } } });
});
afterAll(async () => {
  await server.close();
  vi.useRealTimers();
});

async function idOf(email: string): Promise<string> {
  const account = await server.accounts.findByEmail(email);
  if (account === undefined) throw new Error(`There is no ${email}`);
  return account.id;
}

/** Sends what a page of the administration would send. */
async function post(browser: Browser, path: string, token: string, fields = {}): Promise<Page> {
  const form = {
    method: 'POST',
    action: new URL(path, server.origin),
    fields: new Map([['form_token', token]]),
    buttons: [],
  };
  return await browser.submit(form, fields);
}

describe('the administration', () => {
  it.each(PAGES)('%s is not there for members, nor for who is not signed in', async (path) => {
    const member = server.browser();
    await signIn(member, '/account', MEMBER);
    expect((await member.open(path)).status).toBe(404);
    expect((await server.browser().open(path)).status).toBe(404);
    const owner = server.browser();
    await signIn(owner, '/account');
    expect((await owner.open(path)).status).toBe(200);
  });

  it('looks to them like an address of nobody’s', async () => {
    const member = server.browser();
    await signIn(member, '/account', MEMBER);
    const texts = await Promise.all(
      ['/admin/people', `/admin/people/${await idOf(OWNER.email)}`, '/nothing-is-here'].map(
        async (path) => (await member.open(path)).html,
      ),
    );
    const [hidden, person, absent] = texts.map((text) => text.replace(/<code>[\w-]{36}<\/code>/, ''));
    expect(hidden).toBe(absent);
    expect(person).toBe(absent);
  });

  it.each(ACTS)('%s is carried out for nobody but an owner', async (path) => {
    const member = server.browser();
    const page = await signIn(member, '/account', MEMBER);
    const token = formAt(page, '/account/sign-out').fields.get('form_token') ?? '';
    const before = server.telemetry.audits.length;
    expect((await post(member, path, token, { email: 'x@example.com' })).status).toBe(404);
    expect((await post(server.browser(), path, token)).status).toBe(404);
    expect(server.telemetry.audits).toHaveLength(before);
  });

  it('takes no form without its token, with another session’s, or with another page’s', async () => {
    const browser = server.browser();
    const account = await signIn(browser, '/account');
    const ofAccount = formAt(account, '/account/sign-out').fields.get('form_token') ?? '';
    const id = await idOf(MEMBER.email);
    const other = server.browser();
    const theirs = await openAdmin(other, `/admin/people/${id}`);
    const disable = formAt(theirs, `/admin/people/${id}/disable`);
    for (const token of ['', 'x'.repeat(43), ofAccount, disable.fields.get('form_token') ?? '']) {
      expect((await post(browser, `/admin/people/${id}/disable`, token)).status).toBe(400);
    }
    other.forget('form');
    expect((await other.submit(disable)).status).toBe(400);
    expect(await server.accounts.find(id)).not.toHaveProperty('disabledAt');
  });

  it('takes no form of a session that has ended, or of an owner who is none any more', async () => {
    const email = 'second@example.com';
    const person = { email, password: 'a second owner is here' };
    const { id } = await server.accounts.add({ ...person, role: 'owner' });
    const browser = server.browser();
    const page = await openAdmin(browser, `/admin/people/${id}`, person);
    const form = formAt(page, `/admin/people/${id}/groups`);
    await server.accounts.update(id, { role: 'member' });
    expect((await browser.submit(form, { groups: 'staff' })).status).toBe(404);
    await server.accounts.update(id, { role: 'owner', disabledAt: new Date().toISOString() });
    expect((await browser.submit(form, { groups: 'staff' })).status).toBe(404);
    await server.accounts.update(id, { disabledAt: undefined });
    await browser.submit(formAt(await browser.open('/account'), '/account/sign-out'));
    expect((await browser.submit(form, { groups: 'staff' })).status).toBe(404);
    expect(await server.accounts.find(id)).toMatchObject({ groups: [] });
    await server.accounts.remove(email);
  });

  it('changes nothing long after the sign-in, until the password was given again', async () => {
    const id = await idOf(MEMBER.email);
    const browser = server.browser();
    const page = await openAdmin(browser, `/admin/people/${id}`);
    const form = formAt(page, `/admin/people/${id}/groups`);
    vi.setSystemTime(Date.now() + 700_000);
    const asked = await browser.submit(form, { groups: 'staff' });
    expect(asked.url.pathname).toBe('/admin/confirm');
    expect(await server.accounts.find(id)).toMatchObject({ groups: [] });
    const again = formAt(asked, '/admin/confirm');
    expect((await browser.submit(again, { password: 'not the password' })).status).toBe(401);
    expect((await browser.submit(form, { groups: 'staff' })).url.pathname).toBe('/admin/confirm');
    expect((await browser.submit(again, { password: OWNER.password })).url.pathname).toBe('/admin/people');
    await browser.submit(form, { groups: 'staff' });
    expect(await server.accounts.find(id)).toMatchObject({ groups: ['staff'] });
  });

  it('leads nowhere else after the password was given', async () => {
    const browser = server.browser();
    const page = await openAdmin(browser, '/admin/confirm?to=//evil.example');
    const { url } = await browser.submit(formAt(page, '/admin/confirm'), { password: OWNER.password });
    expect(url.href).toBe(`${server.origin}/admin/people`);
  });
});

describe('the last owner', () => {
  it.each([
    ['role', { role: 'member' }],
    ['disable', {}],
    ['remove', { email: OWNER.email }],
  ])('stays, whatever is asked: %s', async (act, fields) => {
    const id = await idOf(OWNER.email);
    const browser = server.browser();
    const page = await openAdmin(browser, `/admin/people/${id}`);
    const after = await browser.submit(formAt(page, `/admin/people/${id}/${act}`), fields);
    expect(after.status).toBe(422);
    expect(after.html).toContain('This is the last owner who can sign in.');
    const account = await server.accounts.find(id);
    expect(account).toMatchObject({ role: 'owner' });
    expect(account?.disabledAt).toBeUndefined();
    expect((await signIn(server.browser(), '/account')).status).toBe(200);
  });

  it('is left when two owners take each other’s role at the same moment', async () => {
    const second = { email: 'rival@example.com', password: 'another owner is here' };
    const { id } = await server.accounts.add({ ...second, role: 'owner' });
    const first = await idOf(OWNER.email);
    const one = server.browser();
    const two = server.browser();
    const theirs = await openAdmin(one, `/admin/people/${id}`);
    const mine = await openAdmin(two, `/admin/people/${first}`, second);
    await Promise.all([
      one.submit(formAt(theirs, `/admin/people/${id}/role`), { role: 'member' }),
      two.submit(formAt(mine, `/admin/people/${first}/role`), { role: 'member' }),
    ]);
    const owners = (await server.accounts.list()).filter(({ role }) => role === 'owner');
    expect(owners.length).toBeGreaterThan(0);
  });
});
