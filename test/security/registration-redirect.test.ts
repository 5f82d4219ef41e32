import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { registration } from '../fixtures/oauth-client.ts';

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer({
    // With a service declared, the grant for clients that act for themselves exists.
    options: {
      clients: [{ clientId: 'service', name: 'Service', secret: 's'.repeat(32), scopes: ['files:read'] }],
    },
  });
});
afterAll(() => server.close());

it.each([
  'http://app.example.com/callback',
  'http://127.0.0.1.attacker.example/callback',
  'http://localhost.attacker.example/callback',
  'http://0.0.0.0/callback',
  'http://192.168.1.2/callback',
  'http://[::ffff:127.0.0.1]/callback',
  'http://localhost./callback',
  'HTTP://app.example.com/callback',
  'http:app.example.com/callback',
  'http:\\\\app.example.com\\callback',
  'http://127.0.0.1@attacker.example/callback',
  'https://user:password@app.example.com/callback',
  'javascript:alert(document.cookie)',
  'JavaScript:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'javascript://127.0.0.1/%0aalert(1)',
  'javascript://cursor/%0aalert(1)',
  'about:blank',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  'blob:https://app.example.com/1',
  'view-source:https://app.example.com',
  'unknown-app://callback',
  'https://app.example.com/callback#fragment',
  'https://app.example.com/callback#',
  'https://:443/callback',
  'https://',
  '//app.example.com/callback',
  '/callback',
  'callback',
  '*',
  '',
])('a client cannot register the redirect URI "%s"', async (uri) => {
  for (const redirect_uris of [[uri], ['https://app.example.com/callback', uri]]) {
    const response = await registration(server.origin, { redirect_uris });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'invalid_redirect_uri' });
  }
});

it.each([
  ['redirect_uris', ['https://app.example.com/callback', 7]],
  ['redirect_uris', 'https://app.example.com/callback'],
  ['redirect_uris', []],
  ['redirect_uris', Array.from({ length: 500 }, (_, index) => `https://app.example.com/${index}`)],
])('nor %s = %j', async (name, value) => {
  const response = await registration(server.origin, { [name]: value });
  expect(response.status).toBe(400);
  expect(['invalid_redirect_uri', 'invalid_client_metadata']).toContain(
    ((await response.json()) as { error: string }).error,
  );
});

it.each([
  ['web', ['https://app.example.com/callback'], 'web'],
  ['loopback', ['http://127.0.0.1:1234/cb', 'http://localhost/cb', 'http://[::1]/cb'], 'native'],
  ['an app', ['cursor://anysphere.cursor-retrieval/oauth/callback'], 'native'],
])('it can register %s', async (_what, redirect_uris, type) => {
  const response = await registration(server.origin, { redirect_uris });
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ redirect_uris, application_type: type });
});

it('a client that anybody can register acts for nobody by itself', async () => {
  for (const grant_types of [
    ['client_credentials'],
    ['authorization_code', 'client_credentials'],
    ['password'],
  ]) {
    const response = await registration(server.origin, {
      grant_types,
      token_endpoint_auth_method: 'client_secret_basic',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'invalid_client_metadata' });
  }
});
