import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  obtainCode,
  obtainTokens,
  present,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { claims, newKey, sign } from '../fixtures/access-tokens.ts';
import { DpopKey, presentBound } from '../fixtures/dpop-key.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import { startResourceServer } from '../fixtures/resource-server.ts';

let server: RunningAuthorizationServer;
let key: DpopKey;
let client: OAuthClient;

beforeAll(async () => {
  server = await startAuthorizationServer();
  key = await DpopKey.create();
  client = await OAuthClient.register(server.origin);
});
afterAll(() => server.close());

async function boundTokens(): Promise<{ access: string; refresh: string }> {
  return await key.redeem(client, await obtainCode(client, server.browser()));
}

describe('who has stolen tokens that are bound to a key', () => {
  it.each(['/mcp', '/sse', '/messages'])('cannot present them as bearer tokens at %s', async (path) => {
    const { access } = await boundTokens();
    for (const extra of [{}, { dpop: await key.proof(['GET', server.origin + path], access) }]) {
      const response = await fetch(server.origin + path, {
        headers: { authorization: `Bearer ${access}`, ...extra },
      });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
    }
  });

  it('cannot present them with a key of their own', async () => {
    const { access } = await boundTokens();
    const thief = await DpopKey.create();
    thief.nonce = key.nonce;
    const url = `${server.origin}/mcp`;
    expect((await presentBound(url, access, await thief.proof(['GET', url], access))).status).toBe(401);
  });

  it('cannot renew them, with another key or with none', async () => {
    const { refresh } = await boundTokens();
    const thief = await DpopKey.create();
    const parameters = { grant_type: 'refresh_token', refresh_token: refresh };
    expect((await thief.token(client, parameters)).body).toMatchObject({ error: 'invalid_grant' });
    expect((await client.refresh(refresh)).body).toMatchObject({ error: 'invalid_grant' });
    // Whom they belong to lost nothing by it.
    const renewed = await key.token(client, parameters);
    expect(renewed.status).toBe(200);
    expect(decodeJwt(renewed.body.access_token ?? '')['cnf']).toEqual({ jkt: key.thumbprint });
  });
});

describe('a token that is not bound', () => {
  it('is refused where it is presented as bound, even with a good proof', async () => {
    const { tokens } = await obtainTokens(server);
    const url = `${server.origin}/mcp`;
    const proof = await key.proof(['GET', url], tokens.access);
    expect((await presentBound(url, tokens.access, proof)).status).toBe(401);
    expect(await present(server, tokens.access)).toBe(200);
  });

  it('is refused where tokens must be bound', async () => {
    const strict = await startAuthorizationServer({
      like: server,
      publicUrl: server.origin,
      options: { dpop: 'required' },
    });
    const { tokens } = await obtainTokens(server);
    const response = await fetch(`${strict.origin}/mcp`, {
      headers: { authorization: `Bearer ${tokens.access}` },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^DPoP /);
    await strict.close();
  });
});

describe('a token that is bound in another way', () => {
  it.each([
    { 'x5t#S256': 'x'.repeat(43) },
    { jkt: 'x'.repeat(43), 'x5t#S256': 'x'.repeat(43) },
    { jkt: 'short' },
    { jkt: 7 },
    {},
    null,
    'jkt',
  ])('is refused under either scheme: %j', async (cnf) => {
    const signing = await newKey('k1');
    const resource = await startResourceServer([signing.publicJwk]);
    const token = await sign(signing, claims({ cnf }));
    const url = `${resource.origin}/mcp`;
    const proof = await key.proof(['GET', url], token);
    for (const response of [await resource.present(token), await presentBound(url, token, proof)]) {
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ code: 'INVALID_TOKEN' });
    }
    await resource.close();
  });
});
