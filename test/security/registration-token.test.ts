import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  obtainCode,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient, REDIRECT_URI } from '../fixtures/oauth-client.ts';

const TOKENS = ['first-'.padEnd(40, 'a'), 'second-'.padEnd(40, 'b')] as const;

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer({
    options: { registration: { mode: 'token', initialAccessTokens: TOKENS } },
  });
});
afterAll(() => server.close());

function register(authorization: string | undefined, body?: string): Promise<Response> {
  return fetch(`${server.origin}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) },
    body: body ?? JSON.stringify({ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' }),
  });
}

async function kept(): Promise<number> {
  return (await server.store.scan('auth:Client:', 100)).keys.length;
}

describe('registration that needs an initial access token (RFC 7591 §3)', () => {
  it.each([
    ['no token', undefined],
    ['an empty one', 'Bearer '],
    ['another scheme', `Basic ${btoa(`x:${TOKENS[0]}`)}`],
    ['a token in two parts', `Bearer ${TOKENS[0]} ${TOKENS[1]}`],
  ])('is refused with %s, and the challenge names no error', async (_what, authorization) => {
    const response = await register(authorization);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(`Bearer realm="${server.origin}"`);
    expect(await response.json()).toMatchObject({ error: 'invalid_token' });
  });

  it.each([
    ['a wrong token', 'Bearer '.concat('x'.repeat(40))],
    ['the beginning of a right one', `Bearer ${TOKENS[0].slice(0, -1)}`],
    ['more than a right one', `Bearer ${TOKENS[0]}a`],
    ['a right one in other letters', `Bearer ${TOKENS[0].toUpperCase()}`],
    ['two right ones as one', `Bearer ${TOKENS.join('')}`],
  ])('is refused with %s', async (_what, authorization) => {
    const response = await register(authorization);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(await response.json()).toMatchObject({
      error: 'invalid_token',
      error_description: 'the initial access token is not one that this server accepts',
    });
  });

  it('takes no token from the body or the address', async () => {
    const body = { redirect_uris: [REDIRECT_URI], access_token: TOKENS[0] };
    expect((await register(undefined, JSON.stringify(body))).status).toBe(401);
    const response = await fetch(`${server.origin}/register?access_token=${TOKENS[0]}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(401);
  });

  it('keeps nothing of what it refuses, and tells the operator', async () => {
    const before = await kept();
    await register('Bearer '.concat('x'.repeat(40)));
    expect(await kept()).toBe(before);
    expect(server.telemetry.audits).toContainEqual(
      expect.objectContaining({ action: 'registration.refused', outcome: 'denied', address: '127.0.0.1' }),
    );
    expect(JSON.stringify(server.telemetry.audits)).not.toContain('xxxx');
  });

  it.each(TOKENS)('works with each of the tokens', async (token) => {
    const response = await register(`bearer ${token}`);
    expect(response.status).toBe(201);
    const { client_id: clientId } = (await response.json()) as { client_id: string };
    const client = new OAuthClient(server.origin, clientId);
    expect((await client.exchange(await obtainCode(client, server.browser()))).status).toBe(200);
  });
});
