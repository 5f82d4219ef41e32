import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  obtainCode,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(() => server.close());

it.each([
  ['on loopback', 'http://127.0.0.1:8976/callback'],
  ['behind an app scheme', 'cursor://anysphere.cursor-retrieval/oauth/callback'],
])('a native client %s never gets a code silently, even if it was allowed before', async (_what, uri) => {
  const client = await OAuthClient.register(server.origin, { redirect_uris: [uri] });
  const browser = server.browser();
  await obtainCode(client, browser);
  const { url } = await browser.open(client.authorizationUrl({ prompt: 'none' }));
  expect(url.searchParams.get('error')).toBe('interaction_required');
  expect(url.searchParams.get('code')).toBeNull();
});

it('nor without being silent: the person is asked each time', async () => {
  const client = await OAuthClient.register(server.origin);
  const browser = server.browser();
  await obtainCode(client, browser);
  const page = await browser.open(client.authorizationUrl());
  expect(page.url.origin).toBe(server.origin);
  expect(page.forms.length).toBeGreaterThan(0);
});

it('nobody gets a code silently from a browser where nobody is signed in', async () => {
  for (const redirect_uris of [['http://127.0.0.1:8976/callback'], ['https://app.example.com/callback']]) {
    const client = await OAuthClient.register(server.origin, { redirect_uris });
    const { url } = await server.browser().open(client.authorizationUrl({ prompt: 'none' }));
    expect(url.searchParams.get('error')).toBe('login_required');
  }
});
