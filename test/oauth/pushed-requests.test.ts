import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answer,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(() => server.close());

async function push(client: OAuthClient, changes: Record<string, string | null> = {}) {
  const parameters = Object.fromEntries(client.authorizationUrl(changes).searchParams);
  const response = await client.post('/request', parameters);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function urlOf(client: OAuthClient, requestUri: unknown): URL {
  const url = new URL('/authorize', server.origin);
  url.search = new URLSearchParams({
    client_id: client.clientId,
    request_uri: String(requestUri),
  }).toString();
  return url;
}

describe('pushed authorization requests (RFC 9126)', () => {
  it('lead to a code, with the default scope where none was asked for', async () => {
    const client = await OAuthClient.register(server.origin);
    const { status, body } = await push(client, { scope: null });
    expect(status).toBe(201);
    const browser = server.browser();
    const { url } = await answer(browser, await signIn(browser, urlOf(client, body['request_uri'])));
    const tokens = await client.exchange(url.searchParams.get('code') ?? '');
    expect(tokens.body.scope).toBe('files:read');
  });

  it('are good for one code', async () => {
    const client = await OAuthClient.register(server.origin);
    const { body } = await push(client);
    const [first, second] = [server.browser(), server.browser()];
    const pages = [
      await signIn(first, urlOf(client, body['request_uri'])),
      await signIn(second, urlOf(client, body['request_uri'])),
    ] as const;
    const end = await answer(first, pages[0]);
    expect(end.url.searchParams.has('code')).toBe(true);
    const other = await answer(second, pages[1]);
    expect(other.url.searchParams.has('code')).toBe(false);
  });

  it('are judged when they are pushed', async () => {
    const client = await OAuthClient.register(server.origin);
    expect((await push(client, { code_challenge: null })).body['error']).toBe('invalid_request');
    expect((await push(client, { resource: 'https://elsewhere.example/' })).body['error']).toBe(
      'invalid_target',
    );
    expect((await push(client, { redirect_uri: 'https://elsewhere.example/' })).status).toBe(400);
  });
});
