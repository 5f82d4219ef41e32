import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  obtainCode,
  present,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

let server: RunningAuthorizationServer;
let answer: Awaited<ReturnType<OAuthClient['exchange']>>['body'] & { readonly id_token?: string };

beforeAll(async () => {
  server = await startAuthorizationServer();
  const client = await OAuthClient.register(server.origin);
  const code = await obtainCode(client, server.browser(), { changes: { scope: 'openid files:read' } });
  answer = (await client.exchange(code)).body;
});
afterAll(() => server.close());

async function expectRefused(token: string | undefined): Promise<void> {
  const response = await fetch(`${server.origin}/mcp`, {
    headers: { authorization: `Bearer ${token ?? ''}` },
  });
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
}

it('the access token of the same answer is good', async () => {
  expect(await present(server, answer.access_token ?? '')).toBe(200);
});

it('an ID token opens nothing, though the same key signed it for the same person', async () => {
  const { id_token: idToken = '', access_token: accessToken = '' } = answer;
  expect(decodeProtectedHeader(idToken).kid).toBe(decodeProtectedHeader(accessToken).kid);
  expect(decodeJwt(idToken).sub).toBe(decodeJwt(accessToken).sub);
  await expectRefused(idToken);
});

it('a refresh token opens nothing', async () => {
  await expectRefused(answer.refresh_token);
});

it('the access token of another deployment opens nothing', async () => {
  const other = await startAuthorizationServer();
  const client = await OAuthClient.register(other.origin);
  const { body } = await client.exchange(await obtainCode(client, other.browser()));
  expect(await present(other, body.access_token ?? '')).toBe(200);
  await expectRefused(body.access_token);
  await other.close();
});

it('no access token is issued that is not bound to the endpoint', async () => {
  const client = await OAuthClient.register(server.origin);
  for (const scope of ['openid', 'openid offline_access', null]) {
    const code = await obtainCode(client, server.browser(), { changes: { scope, resource: null } });
    const { body } = await client.exchange(code);
    expect(decodeJwt(body.access_token ?? '').aud).toBe(`${server.origin}/mcp`);
  }
});
