import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formAt, openAdmin, shownLink } from '../fixtures/administration.ts';
import {
  answer,
  MEMBER,
  obtainTokens,
  OWNER,
  present,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { startBroker } from '../fixtures/broker.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(() => server.close());

async function idOf(email: string): Promise<string> {
  const account = await server.accounts.findByEmail(email);
  if (account === undefined) throw new Error(`There is no ${email}`);
  return account.id;
}

/** A person of their own for a test. */
async function newPerson(name: string): Promise<{ id: string; email: string; password: string }> {
  const person = { email: `${name}@example.com`, password: 'a password for this test' };
  const { id } = await server.accounts.add({ ...person, name, role: 'member' });
  return { ...person, id };
}

describe('the people', () => {
  it('are listed, found, and shown with what they may', async () => {
    const browser = server.browser();
    const list = await openAdmin(browser, '/admin');
    expect(list.html).toContain('Olive Owner');
    expect(list.html).toContain('Max Member');
    const found = await browser.open('/admin/people?q=OLIVE');
    expect(found.html).toContain('Olive Owner');
    expect(found.html).not.toContain('Max Member');
    const page = await browser.open(`/admin/people/${await idOf(MEMBER.email)}`);
    expect(page.html).toContain('files:read');
    expect((await browser.open('/admin/people/nobody')).status).toBe(404);
  });

  it('are reached from the account page by owners alone', async () => {
    expect((await signIn(server.browser(), '/account')).html).toContain('href="/admin"');
    expect((await signIn(server.browser(), '/account', MEMBER)).html).not.toContain('/admin');
  });

  it('are added with a password, or with a link at which they set one, once', async () => {
    const browser = server.browser();
    const add = formAt(await openAdmin(browser, '/admin/people'), '/admin/people/add');
    const known = { email: 'known@example.com', password: 'a password to begin with' };
    expect((await browser.submit(add, { ...known, name: 'Known' })).html).toContain('The person was added.');
    expect((await signIn(server.browser(), '/account', known)).html).toContain('known@example.com');

    const invited = await browser.submit(add, { email: 'new@example.com', name: 'New Person' });
    const link = shownLink(invited);
    const visitor = server.browser();
    const [form] = (await visitor.open(link)).forms;
    if (form === undefined) throw new Error('There is no form behind the link');
    const unlike = { password: 'a new quiet password', password_again: 'something else here' };
    expect((await visitor.submit(form, unlike)).status).toBe(422);
    const person = { email: 'new@example.com', password: 'a new quiet password' };
    await visitor.submit(form, { password: person.password, password_again: person.password });
    expect((await signIn(server.browser(), '/account', person)).html).toContain('New Person');
    expect((await visitor.open(link)).status).toBe(404);
    const again = { password: 'another password here', password_again: 'another password here' };
    expect((await visitor.submit(form, again)).status).toBe(404);

    const twice = await browser.submit(add, { email: 'new@example.com' });
    expect(twice.status).toBe(422);
    expect(twice.html).toContain('There is already an account for new@example.com.');
  });

  it('get a new link, which ends the one before', async () => {
    const person = await newPerson('linked');
    const browser = server.browser();
    const form = formAt(
      await openAdmin(browser, `/admin/people/${person.id}`),
      `/admin/people/${person.id}/password-link`,
    );
    const first = shownLink(await browser.submit(form));
    const second = shownLink(await browser.submit(form));
    expect((await server.browser().open(first)).status).toBe(404);
    expect((await server.browser().open(second)).status).toBe(200);
  });

  it('have no use of a link any more once their password was set in another way', async () => {
    const person = await newPerson('reset');
    const browser = server.browser();
    const page = await openAdmin(browser, `/admin/people/${person.id}`);
    const link = shownLink(await browser.submit(formAt(page, `/admin/people/${person.id}/password-link`)));
    await server.accounts.setPassword(person.email, 'a password of the command line');
    expect((await server.browser().open(link)).status).toBe(404);
  });

  it('get a role, scopes and groups', async () => {
    const { id } = await newPerson('changing');
    const browser = server.browser();
    const at = (act: string): string => `/admin/people/${id}/${act}`;
    const page = await openAdmin(browser, `/admin/people/${id}`);
    await browser.submit(formAt(page, at('role')), { role: 'owner' });
    await browser.submit(formAt(page, at('scopes')), { limit: 'only', 'scope data:read': 'yes' });
    await browser.submit(formAt(page, at('groups')), { groups: 'staff, analysts ,staff' });
    expect(await server.accounts.find(id)).toMatchObject({
      role: 'owner',
      scopes: ['data:read'],
      groups: ['staff', 'analysts'],
    });
    await browser.submit(formAt(page, at('scopes')), { limit: 'role' });
    await browser.submit(formAt(page, at('role')), { role: 'member' });
    expect(await server.accounts.find(id)).not.toHaveProperty('scopes');
    const actions = server.telemetry.audits.filter(({ details }) => details?.['account'] === id);
    expect(actions.map(({ action }) => action)).toEqual([
      'account.role-changed',
      'account.scopes-changed',
      'account.groups-changed',
      'account.scopes-changed',
      'account.role-changed',
    ]);
    expect(actions.every(({ subject }) => subject !== undefined && subject !== id)).toBe(true);
  });
});

describe('a person who is disabled', () => {
  it('is signed out, can neither sign in nor be acted for, until they are enabled', async () => {
    const person = await newPerson('leaving');
    const theirs = server.browser();
    await signIn(theirs, '/account', person);
    const { client, tokens } = await obtainTokens(server, { person });
    expect(await present(server, tokens.access)).toBe(200);

    const browser = server.browser();
    const page = await openAdmin(browser, `/admin/people/${person.id}`);
    const after = await browser.submit(formAt(page, `/admin/people/${person.id}/disable`));
    expect(after.html).toContain('can neither sign in nor be acted for');
    expect(await present(server, tokens.access)).toBe(401);
    expect((await client.refresh(tokens.refresh)).body.error).toBe('invalid_grant');
    expect((await theirs.open('/account')).html).toContain('<h1>Sign in</h1>');
    expect((await signIn(server.browser(), '/account', person)).status).toBe(401);
    expect(server.telemetry.audits).toContainEqual(
      expect.objectContaining({ action: 'account.disabled', subject: await idOf(OWNER.email) }),
    );

    await browser.submit(formAt(after, `/admin/people/${person.id}/enable`));
    expect((await signIn(server.browser(), '/account', person)).status).toBe(200);
    // What was ended stays so.
    expect((await theirs.open('/account')).html).toContain('<h1>Sign in</h1>');
    expect((await client.refresh(tokens.refresh)).body.error).toBe('invalid_grant');
  });

  it('gets nothing for a code or refresh token, whatever became of the grant', async () => {
    const person = await newPerson('gone');
    const { client, tokens } = await obtainTokens(server, { person });
    await server.accounts.update(person.id, { disabledAt: new Date().toISOString() });
    expect(await client.refresh(tokens.refresh)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
  });

  it('has no use of a page that was open in their browser', async () => {
    const person = await newPerson('waiting');
    const theirs = server.browser();
    const client = await OAuthClient.register(server.origin);
    const consent = await signIn(theirs, client.authorizationUrl(), person);
    await server.accounts.update(person.id, { disabledAt: new Date().toISOString() });
    expect((await answer(theirs, consent)).status).toBe(400);
    const { clientId } = client;
    expect(server.telemetry.audits).not.toContainEqual(
      expect.objectContaining({ action: 'consent.given', clientId }),
    );
  });
});

describe('a person who is removed', () => {
  it('is gone with what they allowed, once their address was typed', async () => {
    const person = await newPerson('removed');
    const { tokens } = await obtainTokens(server, { person });
    const browser = server.browser();
    const page = await openAdmin(browser, `/admin/people/${person.id}`);
    const form = formAt(page, `/admin/people/${person.id}/remove`);
    expect((await browser.submit(form, { email: 'other@example.com' })).status).toBe(422);
    expect(await server.accounts.find(person.id)).toBeDefined();
    expect((await browser.submit(form, { email: person.email })).html).toContain('The person was removed.');
    expect(await server.accounts.find(person.id)).toBeUndefined();
    expect(await present(server, tokens.access)).toBe(401);
  });
});

describe('where people sign in at an identity provider', () => {
  it('an owner adds no member with a password, who could not use it', async () => {
    // One that cannot be reached, as the way in with a password is for.
    const provider = { issuer: 'http://127.0.0.1:9', clientId: 'fairlead', clientSecret: 'secret' };
    const broker = await startBroker(provider);
    const browser = broker.browser();
    await browser.submit(formAt(await browser.open('/account'), '/account/sign-in'), OWNER);
    const page = await browser.open('/admin/people');
    expect(page.html).toContain('Add an owner with a password');
    const add = formAt(page, '/admin/people/add');
    const refused = await browser.submit(add, { email: 'new@example.com', role: 'member' });
    expect(refused.status).toBe(422);
    expect(refused.html).toContain('members sign in at an identity provider');
    expect(await broker.accounts.findByEmail('new@example.com')).toBeUndefined();
    expect(shownLink(await browser.submit(add, { email: 'new@example.com' }))).toContain(broker.origin);

    const { id } = (await broker.accounts.findByEmail(MEMBER.email)) ?? { id: '' };
    const member = await browser.open(`/admin/people/${id}`);
    expect(member.html).not.toContain('password-link');
    await broker.close();
  });
});
