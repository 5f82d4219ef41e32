import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  obtainCode,
  obtainTokens,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OAuthClient, registration } from '../fixtures/oauth-client.ts';

const DAY = 86_400_000;

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(() => server.close());

async function register(metadata: Record<string, unknown>): Promise<Record<string, unknown>> {
  const response = await registration(server.origin, metadata);
  return { status: response.status, ...((await response.json()) as object) };
}

describe('dynamic client registration (RFC 7591)', () => {
  it('makes a public client that says nothing of secrets', async () => {
    const client = await register({});
    expect(client).toMatchObject({ status: 201, client_name: 'Test agent' });
    expect(client['client_id']).toMatch(/^[\w-]{43}$/);
    expect(client).not.toHaveProperty('client_secret');
    expect(client).not.toHaveProperty('registration_access_token');
  });

  it('gives a client that wants one a secret, and takes it as Basic or in the body', async () => {
    const made = await register({ token_endpoint_auth_method: 'client_secret_basic' });
    const client = new OAuthClient(server.origin, String(made['client_id']));
    const secret = String(made['client_secret']);
    const code = await obtainCode(client, server.browser());
    expect((await client.exchange(code)).status).toBe(401);
    expect((await client.exchange(code, { client_secret: 'wrong' })).status).toBe(401);
    expect((await client.exchange(code, { client_secret: secret })).status).toBe(200);
  });

  it('calls clients native that come back to this machine or to an app, so that their port may vary', async () => {
    expect(await register({})).toMatchObject({ application_type: 'native' });
    const mixed = ['https://vscode.dev/redirect', 'http://127.0.0.1:33418/'];
    expect(await register({ redirect_uris: mixed })).toMatchObject({ application_type: 'native' });
    expect(await register({ redirect_uris: ['https://app.example.com/callback'] })).toMatchObject({
      application_type: 'web',
    });
    const client = await OAuthClient.register(server.origin);
    const elsewhere = new OAuthClient(server.origin, client.clientId, 'http://127.0.0.1:50123/callback');
    expect((await elsewhere.exchange(await obtainCode(elsewhere, server.browser()))).status).toBe(200);
  });

  it.each([
    'http://example.com/callback',
    'javascript:alert(1)',
    'data:text/html,x',
    'myapp://callback',
    'https://user:secret@example.com/callback',
    'https://example.com/callback#here',
    'not a uri',
  ])('refuses the redirect URI %s', async (uri) => {
    const answer = await register({ redirect_uris: [uri] });
    expect(answer).toMatchObject({ status: 400, error: 'invalid_redirect_uri' });
  });

  it('takes the schemes of desktop applications that are allowed', async () => {
    expect(await register({ redirect_uris: ['cursor://anysphere.cursor/oauth'] })).toMatchObject({
      status: 201,
    });
  });

  it('never makes a client that acts for itself', async () => {
    const answer = await register({
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_basic',
    });
    expect(answer).toMatchObject({ status: 400, error: 'invalid_client_metadata' });
  });

  it('drops a registered scope, which would limit what the client can ask for later', async () => {
    const client = await register({ scope: 'files:read mcp:other' });
    expect(client).toMatchObject({ status: 201 });
    expect(client).not.toHaveProperty('scope');
  });

  it('refuses what is too long to be honest', async () => {
    expect(await register({ client_name: 'x'.repeat(101) })).toMatchObject({ status: 400 });
    const many = Array.from({ length: 21 }, (_, index) => `https://example.com/${index}`);
    expect(await register({ redirect_uris: many })).toMatchObject({ status: 400 });
    const contacts = Array.from(
      { length: 400 },
      (_, index) => `someone-with-a-long-name-${index}@example.com`,
    );
    expect(await register({ contacts })).toMatchObject({ status: 400 });
  });

  it('records who registered and from where', () => {
    expect(server.telemetry.audits).toContainEqual(
      expect.objectContaining({ action: 'client.registered', address: '127.0.0.1' }),
    );
    expect(server.telemetry.auths).toContain('register:ok');
  });
});

describe('registered clients', () => {
  it('are forgotten soon when nobody signs in, later when nobody returns, and stay while they are used', async () => {
    const clock = new ManualClock(Date.now());
    const timed = await startAuthorizationServer({ clock });
    const unused = await OAuthClient.register(timed.origin);
    const { client: used, tokens } = await obtainTokens(timed);
    async function isKnown(client: OAuthClient): Promise<boolean> {
      const page = await timed.browser().open(client.authorizationUrl());
      return !page.html.includes('invalid_client');
    }
    clock.advance(DAY - 60_000);
    expect(await isKnown(unused)).toBe(true);
    clock.advance(120_000);
    expect(await isKnown(unused)).toBe(false);
    expect(await isKnown(used)).toBe(true);
    clock.advance(10 * DAY);
    // Used again: the 30 days begin anew.
    expect((await used.refresh(tokens.refresh)).status).toBe(200);
    clock.advance(29 * DAY);
    expect(await isKnown(used)).toBe(true);
    clock.advance(2 * DAY);
    expect(await isKnown(used)).toBe(false);
    await timed.close();
  });

  it('are as many as the operator allows', async () => {
    const small = await startAuthorizationServer({ options: { registration: { maxClients: 2 } } });
    expect((await registration(small.origin)).status).toBe(201);
    expect((await registration(small.origin)).status).toBe(201);
    const response = await registration(small.origin);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' });
    await small.close();
  });

  it('are no more than that in several processes that register at the same time', async () => {
    const options = { registration: { maxClients: 7 } };
    const first = await startAuthorizationServer({ options });
    const second = await startAuthorizationServer({ options, like: first });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => registration((index % 2 === 0 ? first : second).origin)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(7);
    expect((await first.store.scan('auth:Client:', 100)).keys).toHaveLength(7);
    await second.close();
    await first.close();
  });

  it('are kept as soon as somebody has signed in, before the code is redeemed', async () => {
    const clock = new ManualClock(Date.now());
    const timed = await startAuthorizationServer({ clock });
    const client = await OAuthClient.register(timed.origin);
    clock.advance(DAY - 30_000);
    const code = await obtainCode(client, timed.browser());
    clock.advance(40_000);
    expect((await client.exchange(code)).status).toBe(200);
    await timed.close();
  });

  it('are kept at least as long as their refresh tokens', async () => {
    const clock = new ManualClock(Date.now());
    const options = { refreshTokenTtlSeconds: 60 * 86_400, registration: { unusedClientTtlSeconds: 86_400 } };
    const patient = await startAuthorizationServer({ clock, options });
    const { client, tokens } = await obtainTokens(patient);
    clock.advance(59 * DAY);
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
    await patient.close();
  });

  it('come back only where the operator lets them, and are told which rule it was', async () => {
    const options = {
      registration: {
        allowedRedirectHosts: ['app.example.com', '*.apps.example.com'],
        allowLoopbackRedirects: false,
        allowedRedirectSchemes: [],
      },
    };
    const strict = await startAuthorizationServer({ options });
    const ask = async (uri: string): Promise<[number, string]> => {
      const response = await registration(strict.origin, { redirect_uris: [uri] });
      const { error_description: reason = '' } = (await response.json()) as { error_description?: string };
      return [response.status, reason];
    };
    for (const uri of ['https://app.example.com/cb', 'https://a.b.apps.example.com:8443/cb']) {
      expect(await ask(uri)).toEqual([201, '']);
    }
    const elsewhere = expect.stringContaining('allowedRedirectHosts') as string;
    for (const host of [
      'other.example.com',
      'apps.example.com',
      'app.example.com.evil.test',
      'xapp.example.com',
    ]) {
      expect(await ask(`https://${host}/cb`)).toEqual([400, elsewhere]);
    }
    const loopback = expect.stringContaining('allowLoopbackRedirects') as string;
    expect(await ask('http://127.0.0.1:1234/cb')).toEqual([400, loopback]);
    expect(await ask('cursor://x/cb')).toEqual([
      400,
      expect.stringContaining('allowedRedirectSchemes') as string,
    ]);
    await strict.close();
  });

  it('are none where the operator has switched registration off', async () => {
    const closed = await startAuthorizationServer({ options: { registration: { mode: 'off' } } });
    expect((await registration(closed.origin)).status).toBe(404);
    const metadata = await fetch(`${closed.origin}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).not.toHaveProperty('registration_endpoint');
    await closed.close();
  });
});
