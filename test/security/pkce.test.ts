import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answer,
  obtainCode,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

let server: RunningAuthorizationServer;
let client: OAuthClient;

beforeAll(async () => {
  server = await startAuthorizationServer();
  client = await OAuthClient.register(server.origin);
});
afterAll(() => server.close());

describe('an authorization request', () => {
  it.each([
    ['without a challenge', { code_challenge: null, code_challenge_method: null }],
    ['with a method and no challenge', { code_challenge: null }],
    ['with the plain method', { code_challenge_method: 'plain' }],
    ['with no method, which means plain', { code_challenge_method: null }],
    ['with an unknown method', { code_challenge_method: 'S512' }],
    ['with a challenge that is no hash', { code_challenge: 'short' }],
  ])('%s ends as invalid_request, before anybody is asked to sign in', async (_what, changes) => {
    const { url } = await server.browser().open(client.authorizationUrl(changes));
    expect(url.href).toContain(client.redirectUri);
    expect(url.searchParams.get('error')).toBe('invalid_request');
    expect(url.searchParams.get('code')).toBeNull();
  });

  it('is judged the same when it is pushed ahead (RFC 9126)', async () => {
    for (const changes of [
      { code_challenge: null, code_challenge_method: null },
      { code_challenge_method: 'plain' },
      { code_challenge_method: null },
    ]) {
      const pushed = await client.post('/request', parametersOf(changes));
      expect(pushed.status).toBe(400);
      expect(await pushed.json()).toMatchObject({ error: 'invalid_request' });
    }
  });

  it('brings nothing by parameters that stand beside a pushed one', async () => {
    const pushed = await client.post('/request', parametersOf({}));
    const { request_uri: uri } = (await pushed.json()) as { request_uri: string };
    const challenge = createHash('sha256').update('of an attacker').digest('base64url');
    const url = client.authorizationUrl({ request_uri: uri, code_challenge: challenge });
    const browser = server.browser();
    const end = await answer(browser, await signIn(browser, url));
    const { body } = await client.exchange(end.url.searchParams.get('code') ?? '');
    expect(body.access_token).toBeDefined();
  });
});

function parametersOf(changes: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(client.authorizationUrl(changes).searchParams);
}

describe('a code', () => {
  it.each([
    ['another verifier', randomBytes(32).toString('base64url'), 'invalid_grant'],
    ['no verifier', null, 'invalid_grant'],
    ['an empty verifier', '', 'invalid_grant'],
    ['a verifier that is too short', 'short', 'invalid_request'],
  ])('brings no token with %s', async (_what, verifier, error) => {
    const code = await obtainCode(client, server.browser());
    const { status, body } = await client.exchange(code, { code_verifier: verifier });
    expect(status).toBe(400);
    expect(body.error).toBe(error);
    expect(body.access_token).toBeUndefined();
  });

  it('brings no token with the challenge in place of the verifier', async () => {
    const code = await obtainCode(client, server.browser());
    const challenge = createHash('sha256').update(client.verifier).digest('base64url');
    const { body } = await client.exchange(code, { code_verifier: challenge });
    expect(body.error).toBe('invalid_grant');
  });

  it('brings no token to a client that it was not made for', async () => {
    const code = await obtainCode(client, server.browser());
    const other = await OAuthClient.register(server.origin);
    const { body } = await other.exchange(code, { code_verifier: client.verifier });
    expect(body.error).toBe('invalid_grant');
  });

  it('brings no token with another redirect URI than the one that it was sent to', async () => {
    const code = await obtainCode(client, server.browser());
    const { body } = await client.exchange(code, { redirect_uri: 'http://127.0.0.1:8976/other' });
    expect(body.error).toBe('invalid_grant');
  });
});
