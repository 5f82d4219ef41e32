import { randomUUID } from 'node:crypto';
import { auth, ClientCredentialsProvider, PrivateKeyJwtProvider } from '@modelcontextprotocol/client';
import { exportJWK, exportPKCS8, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  obtainCode,
  present,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient, REDIRECT_URI, registration, type TokenAnswer } from '../fixtures/oauth-client.ts';

const SECRET = 'a-secret-of-at-least-thirty-two-characters';
const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });

const documents = new Map<string, object>();
let server: RunningAuthorizationServer;

beforeAll(async () => {
  const clients = [
    { clientId: 'report', name: 'Report', secret: SECRET, scopes: ['files:read', 'data:read'] },
    {
      clientId: 'signer',
      name: 'Signer',
      jwks: { keys: [await exportJWK(publicKey)] },
      scopes: ['files:read'],
    },
    {
      clientId: 'portal',
      name: 'Portal',
      secret: SECRET,
      scopes: ['files:read'],
      grantTypes: ['authorization_code', 'refresh_token'],
      redirectUris: [REDIRECT_URI],
    },
  ];
  server = await startAuthorizationServer({
    options: { clients },
    fetch: (url) => Promise.resolve(Response.json(documents.get(url))),
  });
});
afterAll(() => server.close());

function ask(clientId: string, parameters: Record<string, string> = {}): Promise<TokenAnswer> {
  return new OAuthClient(server.origin, clientId).token({ grant_type: 'client_credentials', ...parameters });
}

async function assertion(
  jti: string,
  audience: string | string[] = server.origin,
): Promise<Record<string, string>> {
  const signed = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer('signer')
    .setSubject('signer')
    .setAudience(audience)
    .setJti(jti)
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(privateKey);
  return {
    client_assertion: signed,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  };
}

describe('client credentials (RFC 6749 §4.4)', () => {
  it('give a declared client a token of its own, for all that it may do or for less', async () => {
    const all = await ask('report', { client_secret: SECRET });
    expect(all.body).toMatchObject({ scope: 'files:read data:read', token_type: 'Bearer' });
    expect(all.body).not.toHaveProperty('refresh_token');
    expect(await present(server, all.body.access_token ?? '')).toBe(200);
    const less = await ask('report', { client_secret: SECRET, scope: 'data:read' });
    expect(less.body.scope).toBe('data:read');
  });

  it('never give more than the operator declared', async () => {
    expect((await ask('report', { client_secret: SECRET, scope: 'files:write' })).body.error).toBe(
      'invalid_scope',
    );
    const some = await ask('report', { client_secret: SECRET, scope: 'files:read files:write' });
    expect(some.body.scope).toBe('files:read');
  });

  it('are refused without the secret, with a wrong one, and to who may not use them', async () => {
    expect((await ask('report')).status).toBe(401);
    expect((await ask('report', { client_secret: 'wrong' })).status).toBe(401);
    expect((await ask('portal', { client_secret: SECRET })).status).toBe(400);
  });

  it('take a signed assertion, once (RFC 7523)', async () => {
    const once = await assertion('assertion-1');
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask('signer', once)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(4);
    expect((await ask('signer', await assertion('assertion-2', 'https://elsewhere.example'))).status).toBe(
      401,
    );
  });

  it('take an assertion that is for the issuer and for nothing else', async () => {
    const { origin } = server;
    const statuses = async (...audiences: (string | string[])[]): Promise<number[]> => {
      const asked = audiences.map(async (one) => await ask('signer', await assertion(randomUUID(), one)));
      return (await Promise.all(asked)).map(({ status }) => status);
    };
    // Some write a slash behind every URL.
    expect(await statuses(origin, `${origin}/`, [origin])).toEqual([200, 200, 200]);
    expect(await statuses(`${origin}/token`, `${origin}/mcp`, [origin, `${origin}/token`])).toEqual([
      401, 401, 401,
    ]);
    expect(server.telemetry.audits).toContainEqual(
      expect.objectContaining({
        action: 'grant.refused',
        clientId: 'signer',
        details: expect.objectContaining({
          detail: `the audience (aud) of the assertion must be ${origin} alone`,
        }) as object,
      }),
    );
  });

  it('serve clients of the SDK, with a secret or a key', async () => {
    const options = { scope: 'files:read', expectedIssuer: server.origin };
    const providers = [
      new ClientCredentialsProvider({ clientId: 'report', clientSecret: SECRET, ...options }),
      new PrivateKeyJwtProvider({
        clientId: 'signer',
        privateKey: await exportPKCS8(privateKey),
        algorithm: 'ES256',
        ...options,
      }),
    ];
    for (const provider of providers) {
      expect(await auth(provider, { serverUrl: `${server.origin}/mcp` })).toBe('AUTHORIZED');
      expect(await present(server, provider.tokens()?.access_token ?? '')).toBe(200);
    }
  });

  it('are for declared clients alone, though others exist that have secrets', async () => {
    const metadata = {
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_post',
    };
    const refused = await registration(server.origin, metadata);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: 'invalid_client_metadata' });
    const made = await registration(server.origin, { token_endpoint_auth_method: 'client_secret_post' });
    const client = (await made.json()) as { client_id: string; client_secret: string };
    const { status, body } = await ask(client.client_id, { client_secret: client.client_secret });
    expect([status, body.access_token]).toEqual([400, undefined]);
  });

  it('are passed over in metadata documents, which are written for many servers', async () => {
    const clientId = 'https://agent.example.com/client.json';
    const document = {
      client_id: clientId,
      client_name: 'Agent',
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'client_credentials'],
      token_endpoint_auth_method: 'none',
    };
    documents.set(clientId, document);
    const { status, body } = await ask(clientId);
    expect([status, body.access_token]).toEqual([400, undefined]);
    expect(
      (await server.browser().open(new OAuthClient(server.origin, clientId).authorizationUrl())).status,
    ).toBe(200);
  });

  it('leave a declared client that acts for people to ask them', async () => {
    const portal = new OAuthClient(server.origin, 'portal');
    const code = await obtainCode(portal, server.browser(), { changes: { scope: 'files:read data:read' } });
    const { body } = await portal.exchange(code, { client_secret: SECRET });
    // Owner and request would give more: the client may have no more than this.
    expect(body.scope).toBe('files:read');
  });
});
