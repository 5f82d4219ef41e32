import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answer,
  MEMBER,
  obtainCode,
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

async function whoAmI(token: string | undefined): Promise<unknown> {
  const response = await fetch(`${server.origin}/mcp`, {
    headers: { authorization: `Bearer ${token ?? ''}` },
  });
  expect(response.status).toBe(200);
  return await response.json();
}

describe('the authorization code flow (OAuth 2.1 §4.1)', () => {
  it('leads a person through sign-in and consent to a token that the resource accepts', async () => {
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    const consent = await signIn(browser, client.authorizationUrl());
    const { url } = await answer(browser, consent);
    expect(url.origin + url.pathname).toBe(client.redirectUri);
    expect(url.searchParams.get('state')).toBe(client.state);
    // RFC 9207: the answer names its issuer.
    expect(url.searchParams.get('iss')).toBe(server.origin);
    const { status, body } = await client.exchange(url.searchParams.get('code') ?? '');
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 300, scope: 'files:read' });
    const owner = await server.accounts.findByEmail('owner@example.com');
    expect(await whoAmI(body.access_token)).toEqual({
      subject: owner?.id,
      clientId: client.clientId,
      scopes: ['files:read'],
    });
  });

  it('issues access tokens in the form of RFC 9068, with a hashed grant id', async () => {
    const client = await OAuthClient.register(server.origin);
    const { body } = await client.exchange(await obtainCode(client, server.browser()));
    const token = body.access_token ?? '';
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({
      iss: server.origin,
      aud: `${server.origin}/mcp`,
      client_id: client.clientId,
      scope: 'files:read',
      jti: expect.any(String) as string,
    });
    expect(claims['gid']).toMatch(/^[\w-]{22}$/);
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(300);
  });

  it('gives who asks for no scope the default one', async () => {
    const client = await OAuthClient.register(server.origin);
    const code = await obtainCode(client, server.browser(), { changes: { scope: null } });
    expect((await client.exchange(code)).body.scope).toBe('files:read');
  });

  it('gives who asks for scopes of OpenID alone the default one too, and no ID token without openid', async () => {
    const client = await OAuthClient.register(server.origin);
    const changes = { scope: 'offline_access', prompt: 'consent' };
    const { body } = await client.exchange(await obtainCode(client, server.browser(), { changes }));
    expect(body.scope).toBe('files:read');
    expect(body).not.toHaveProperty('id_token');
  });

  it('adds an ID token for who asks for openid, signed with a published key', async () => {
    const client = await OAuthClient.register(server.origin);
    const changes = { scope: 'openid files:read', nonce: 'once' };
    const { body } = await client.exchange(await obtainCode(client, server.browser(), { changes }));
    const keys = createRemoteJWKSet(new URL('/jwks', server.origin));
    const { payload } = await jwtVerify(body.id_token ?? '', keys, {
      issuer: server.origin,
      audience: client.clientId,
      algorithms: ['ES256'],
    });
    const owner = await server.accounts.findByEmail('owner@example.com');
    expect(payload).toMatchObject({ sub: owner?.id, nonce: 'once' });
  });

  it('sends who asks for unknown scopes only back with invalid_scope', async () => {
    const client = await OAuthClient.register(server.origin);
    const { url } = await server.browser().open(client.authorizationUrl({ scope: 'mcp:everything' }));
    expect(url.searchParams.get('error')).toBe('invalid_scope');
  });

  it('passes over unknown scopes beside known ones', async () => {
    const client = await OAuthClient.register(server.origin);
    const changes = { scope: 'files:read mcp:everything' };
    const { body } = await client.exchange(await obtainCode(client, server.browser(), { changes }));
    expect(body.scope).toBe('files:read');
  });

  it('refuses every response type but code', async () => {
    const client = await OAuthClient.register(server.origin);
    const { url } = await server.browser().open(client.authorizationUrl({ response_type: 'token' }));
    const answered = new URLSearchParams(url.hash.slice(1) || url.search);
    expect(answered.get('error')).toBe('unsupported_response_type');
  });

  it('refuses response modes that need a script', async () => {
    const client = await OAuthClient.register(server.origin);
    const page = await server.browser().open(client.authorizationUrl({ response_mode: 'form_post' }));
    expect(page.status).toBe(400);
    expect(page.html).toContain('response_mode must be query');
  });

  it('answers prompt=none of a native client with interaction_required, though the person is signed in', async () => {
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    await obtainCode(client, browser);
    const { url } = await browser.open(client.authorizationUrl({ prompt: 'none' }));
    expect(url.searchParams.get('error')).toBe('interaction_required');
  });

  it('of 20 exchanges of one code at once lets one through, and ends the grant', async () => {
    const client = await OAuthClient.register(server.origin);
    const code = await obtainCode(client, server.browser());
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.exchange(code)));
    const successes = answers.filter(({ status }) => status === 200);
    expect(successes).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error === 'invalid_grant')).toHaveLength(19);
    const { body } = await client.refresh(successes[0]?.body.refresh_token ?? '');
    expect(body.error).toBe('invalid_grant');
  });

  it('takes scopes away with the next token when the account may no longer allow them', async () => {
    const scoped = await startAuthorizationServer({ options: { memberScopes: ['files:read', 'data:read'] } });
    const client = await OAuthClient.register(scoped.origin);
    const choices = { person: MEMBER, changes: { scope: 'files:read data:read' } };
    const { body } = await client.exchange(await obtainCode(client, scoped.browser(), choices));
    expect(body.scope).toBe('files:read data:read');
    const narrowed = await startAuthorizationServer({ like: scoped, publicUrl: scoped.origin });
    const replica = new OAuthClient(narrowed.origin, client.clientId);
    const refreshed = await replica.refresh(body.refresh_token ?? '');
    expect(refreshed.body.scope).toBe('files:read');
    await narrowed.close();
    await scoped.close();
  });
});
