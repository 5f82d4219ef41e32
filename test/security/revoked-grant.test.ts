import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answer,
  MEMBER,
  obtainCode,
  obtainTokens,
  present,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
  type Tokens,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

const SERVICE = { clientId: 'service', secret: 'a secret of at least thirty-two characters' };

let server: RunningAuthorizationServer;
/** Another process on the same store, for the same public origin. */
let replica: RunningAuthorizationServer;

beforeAll(async () => {
  const options = {
    clients: [{ ...SERVICE, name: 'Service', scopes: ['files:read'] }],
  };
  server = await startAuthorizationServer({ options });
  replica = await startAuthorizationServer({ options, like: server, publicUrl: server.origin });
});
afterAll(async () => {
  await replica.close();
  await server.close();
});

/** Every replica knows the token, so that none has to look it up anew. */
async function expectGood(token: string): Promise<void> {
  for (const each of [server, replica]) expect(await present(each, token)).toBe(200);
}

/** At once where it happened, within a second everywhere else. */
async function expectEnded(client: OAuthClient, tokens: Tokens): Promise<void> {
  expect(await present(server, tokens.access)).toBe(401);
  await expect.poll(() => present(replica, tokens.access), { timeout: 1500 }).toBe(401);
  expect((await client.refresh(tokens.refresh)).body.error).toBe('invalid_grant');
}

describe('access ends', () => {
  it('when the client revokes its refresh token', async () => {
    const { client, tokens } = await obtainTokens(server);
    await expectGood(tokens.access);
    expect((await client.revoke(tokens.refresh)).status).toBe(200);
    await expectEnded(client, tokens);
  });

  it('in a process that starts only afterwards, too', async () => {
    const { client, tokens } = await obtainTokens(server);
    await client.revoke(tokens.refresh);
    const late = await startAuthorizationServer({ like: server, publicUrl: server.origin });
    expect(await present(late, tokens.access)).toBe(401);
    await late.close();
  });

  it('when the client revokes its access token', async () => {
    const { client, tokens } = await obtainTokens(server);
    await expectGood(tokens.access);
    expect((await client.revoke(tokens.access)).status).toBe(200);
    await expectEnded(client, tokens);
  });

  it('when the person disconnects the client on the account page', async () => {
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    const { body } = await client.exchange(await obtainCode(client, browser));
    const tokens = { access: body.access_token ?? '', refresh: body.refresh_token ?? '' };
    await expectGood(tokens.access);
    const page = await browser.open('/account');
    const form = page.forms.find(({ action }) => action.pathname.endsWith('/revoke'));
    if (form === undefined) throw new Error(`Nothing to disconnect: ${page.html}`);
    await browser.submit(form);
    await expectEnded(client, tokens);
  });

  it('when the account is removed', async () => {
    const person = { ...MEMBER, email: 'leaver@example.com' };
    await server.accounts.add({ ...person, role: 'member' });
    const { client, tokens } = await obtainTokens(server, { person });
    await expectGood(tokens.access);
    await server.accounts.remove(person.email);
    await expectEnded(client, tokens);
  });

  it('for a service, when it revokes its own token', async () => {
    const client = new OAuthClient(server.origin, SERVICE.clientId);
    const { body } = await client.token({ grant_type: 'client_credentials', client_secret: SERVICE.secret });
    const token = body.access_token ?? '';
    await expectGood(token);
    const revoked = await client.post('/revoke', { token, client_secret: SERVICE.secret });
    expect(revoked.status).toBe(200);
    expect(await present(server, token)).toBe(401);
    await expect.poll(() => present(replica, token), { timeout: 1500 }).toBe(401);
  });

  it('for codes that are still out', async () => {
    const person = { ...MEMBER, email: 'second-leaver@example.com' };
    await server.accounts.add({ ...person, role: 'member' });
    const client = await OAuthClient.register(server.origin);
    const code = await obtainCode(client, server.browser(), { person });
    await server.accounts.remove(person.email);
    expect((await client.exchange(code)).body.error).toBe('invalid_grant');
  });
});

describe('access goes on', () => {
  it('for the other clients of the same person', async () => {
    const first = await obtainTokens(server);
    const second = await obtainTokens(server);
    await first.client.revoke(first.tokens.refresh);
    await expectGood(second.tokens.access);
  });

  it('when another client tries to revoke it', async () => {
    const { client, tokens } = await obtainTokens(server);
    const other = await OAuthClient.register(server.origin);
    for (const token of [tokens.access, tokens.refresh]) {
      expect((await other.revoke(token)).status).toBe(400);
    }
    await expectGood(tokens.access);
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
  });

  it('when somebody else tries to disconnect it', async () => {
    const { client, tokens } = await obtainTokens(server);
    const browser = server.browser();
    const own = await OAuthClient.register(server.origin);
    const consent = await signIn(browser, own.authorizationUrl(), MEMBER);
    await answer(browser, consent);
    const page = await browser.open('/account');
    const form = page.forms.find(({ action }) => action.pathname.endsWith('/revoke'));
    if (form === undefined) throw new Error(`Nothing to disconnect: ${page.html}`);
    const [, claims = ''] = tokens.access.split('.');
    const { gid } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { gid: string };
    await browser.submit({ ...form, buttons: [] }, { grant: gid });
    await expectGood(tokens.access);
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
  });
});
