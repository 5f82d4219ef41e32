import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { formAt, openAdmin } from '../fixtures/administration.ts';
import {
  MEMBER,
  obtainCode,
  obtainTokens,
  OWNER,
  present,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient, REDIRECT_URI } from '../fixtures/oauth-client.ts';

let server: RunningAuthorizationServer;

const DOCUMENT = 'https://agent.example/client.json';

function fetchDocument(): Promise<Response> {
  return Promise.resolve(
    Response.json({
      client_id: DOCUMENT,
      client_name: 'Published agent',
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'none',
    }),
  );
}

/** A token that a person has let the client with the metadata document have. */
async function publishedToken(person: typeof MEMBER): Promise<string> {
  const client = new OAuthClient(server.origin, DOCUMENT);
  const { body } = await client.exchange(await obtainCode(client, server.browser(), { person }));
  return body.access_token ?? '';
}

beforeAll(async () => {
  const declared = {
    clientId: 'nightly-report',
    name: 'Nightly report',
    secret: 's'.repeat(40),
    scopes: ['files:read'],
  };
  server = await startAuthorizationServer({ options: { clients: [declared] }, fetch: fetchDocument });
});
afterAll(() => server.close());

it('applications are listed with what they are, and a registered one is removed with its grants', async () => {
  const { client, tokens } = await obtainTokens(server, { person: MEMBER });
  const browser = server.browser();
  const page = await openAdmin(browser, '/admin/clients');
  expect(page.html).toContain('Nightly report');
  expect(page.html).toContain('declared in the configuration');
  expect(page.html).toContain('registered itself');
  expect(page.html).toContain('127.0.0.1:8976');
  expect((await browser.open('/admin/clients?q=nightly')).html).not.toContain('Test agent');

  const after = await browser.submit(formAt(page, '/admin/clients/remove', ['client', client.clientId]));
  expect(after.html).toContain('The application was removed');
  expect(after.html).not.toContain(client.clientId);
  expect(await present(server, tokens.access)).toBe(401);
  expect((await client.refresh(tokens.refresh)).body.error).toBe('invalid_client');
  expect(server.telemetry.audits).toContainEqual(
    expect.objectContaining({
      action: 'client.removed',
      clientId: client.clientId,
      details: { name: 'Test agent', grants: 1 },
    }),
  );
});

it('what everybody has allowed an application that nothing is kept of ends at once', async () => {
  const tokens = [await publishedToken(MEMBER), await publishedToken(OWNER)];
  const other = await obtainTokens(server);
  const browser = server.browser();
  const page = await openAdmin(browser, '/admin/clients?q=published');
  expect(page.html).toContain('known by its metadata document');
  const after = await browser.submit(formAt(page, '/admin/clients/revoke', ['client', DOCUMENT]));
  expect(after.html).toContain('Nobody allows the application anything any more.');
  expect(await Promise.all(tokens.map((token) => present(server, token)))).toEqual([401, 401]);
  expect(await present(server, other.tokens.access)).toBe(200);
  const ended = server.telemetry.audits.filter(({ action, clientId }) => {
    return action === 'grant.revoked' && clientId === DOCUMENT;
  });
  expect(ended).toHaveLength(2);
});

it('a grant that its client has ended is not listed any more', async () => {
  const client = await OAuthClient.register(server.origin, { client_name: 'Leaving agent' });
  const { body } = await client.exchange(await obtainCode(client, server.browser(), { person: MEMBER }));
  const browser = server.browser();
  expect((await openAdmin(browser, '/admin/grants?q=leaving')).html).toContain('Leaving agent');
  await client.revoke(body.refresh_token ?? '');
  expect((await browser.open('/admin/grants?q=leaving')).html).toContain('No grant was found.');
});

it('grants are listed by person and application, and end one by one', async () => {
  const { tokens } = await obtainTokens(server, { person: MEMBER });
  const other = await obtainTokens(server, { person: MEMBER });
  const browser = server.browser();
  const page = await openAdmin(browser, '/admin/grants?q=max');
  expect(page.html).toContain('Max Member');
  expect(page.html).toContain('files:read');
  await browser.submit(formAt(page, '/admin/grants/revoke'));
  const left = await Promise.all([present(server, tokens.access), present(server, other.tokens.access)]);
  expect(left.toSorted()).toEqual([200, 401]);
  expect(server.telemetry.audits).toContainEqual(
    expect.objectContaining({
      action: 'grant.revoked',
      details: expect.objectContaining({ by: 'owner' }) as object,
    }),
  );
});

it('sessions are listed and end one by one', async () => {
  const theirs = server.browser();
  await signIn(theirs, '/account', MEMBER);
  const browser = server.browser();
  const page = await openAdmin(browser, '/admin/sessions?q=max');
  expect(page.html).toContain('Max Member');
  for (const form of page.forms.filter(({ action }) => action.pathname === '/admin/sessions/end')) {
    await browser.submit(form);
  }
  expect((await theirs.open('/account')).html).toContain('<h1>Sign in</h1>');
  expect((await browser.open('/admin/sessions')).html).toContain('this browser');
  expect(server.telemetry.audits).toContainEqual(expect.objectContaining({ action: 'session.ended' }));
});

it('the connection log says of each application where it got stuck', async () => {
  const client = await OAuthClient.register(server.origin, { client_name: 'Stuck agent' });
  await server.browser().open(client.authorizationUrl({ code_challenge: null, code_challenge_method: null }));
  const browser = server.browser();
  await openAdmin(browser, '/admin/connections');
  const list = await vi.waitFor(async () => {
    const page = await browser.open('/admin/connections?q=stuck');
    expect(page.html).toContain('was refused authorization');
    return page;
  });
  expect(list.html).not.toContain('Test agent');
  const query = new URLSearchParams({ client: client.clientId }).toString();
  const page = await browser.open(`/admin/connections/of?${query}`);
  expect(page.html).toContain('It was refused authorization');
  expect(page.html).toContain('The client sent no code_challenge, or not with S256.');
  expect(page.html).toContain('registered');
  expect((await browser.open('/admin/connections/of')).status).toBe(404);
});
