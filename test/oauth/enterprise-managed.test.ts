import { auth, CrossAppAccessProvider, DpopSession } from '@modelcontextprotocol/client';
import { decodeJwt, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../fixtures/authorization-server.ts';
import { startBroker } from '../fixtures/broker.ts';
import { CLIENT_SECRET, type Enterprise, JWT_BEARER_GRANT, startEnterprise } from '../fixtures/enterprise.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

let enterprise: Enterprise;

beforeAll(async () => {
  enterprise = await startEnterprise();
});
afterAll(() => enterprise.close());

async function ask(changes: Readonly<Record<string, unknown>> = {}, parameters: Record<string, string> = {}) {
  const { idp, claims, present: send } = enterprise;
  return await send(await idp.sign(claims(changes)), parameters);
}

describe('enterprise-managed authorization (ID-JAG)', () => {
  it('is told in the metadata', async () => {
    const response = await fetch(`${enterprise.server.origin}/.well-known/oauth-authorization-server`);
    expect(await response.json()).toMatchObject({
      grant_types_supported: expect.arrayContaining([JWT_BEARER_GRANT]) as string[],
      authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'],
    });
  });

  it('gives an access token for the person, and no refresh token', async () => {
    const { status, body } = await ask();
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', scope: 'files:read', expires_in: 300 });
    expect(body).not.toHaveProperty('refresh_token');
    expect(await present(enterprise.server, body.access_token ?? '')).toBe(200);
    const { accounts } = enterprise.server;
    const ada = await accounts.findByEmail('ada@corp.example');
    expect(decodeJwt(body.access_token ?? '')).toMatchObject({ sub: ada?.id, client_id: 'desk' });
  });

  it('bounds the scopes by the assertion, the client, the person and the request', async () => {
    const scopes = async (changes: object, parameters: Record<string, string> = {}) => {
      const { body } = await ask({ ...changes }, parameters);
      return body.error ?? body.scope;
    };
    expect(await scopes({ scope: 'files:read files:write files:delete' })).toBe('files:read files:write');
    expect(await scopes({ scope: 'files:read' }, { scope: 'files:write' })).toBe('invalid_scope');
    expect(await scopes({ scope: 'files:write', groups: ['readers'] })).toBe('invalid_scope');
    expect(await scopes({ scope: 'files:read files:write' }, { scope: 'files:read' })).toBe('files:read');
    expect(await scopes({ scope: 'files:write' }, { scope: 'files:read' })).toBe('files:read');
    expect(await scopes({ scope: undefined })).toBe('files:read');
    expect(await scopes({ scope: undefined }, { scope: 'files:write' })).toBe('files:write');
    expect(await scopes({ scope: 'something:else' })).toBe('invalid_scope');
  });

  it('knows the person again, and keeps what the assertion does not say', async () => {
    await ask();
    const brief = { email: undefined, email_verified: undefined, groups: undefined, scope: 'files:write' };
    const { status, body } = await ask(brief);
    expect([status, body.scope]).toEqual([200, 'files:write']);
    const unknown = await ask({ ...brief, sub: 'who' });
    expect(unknown.body).toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringContaining('email_missing') as string,
    });
  });

  it('ends with the grant, which the person finds among the others', async () => {
    const { server } = enterprise;
    const first = await ask();
    const second = await ask();
    const ada = await server.accounts.findByEmail('ada@corp.example');
    const { keys } = await server.store.scan(`auth:account-grant:${ada?.id ?? ''}:`, 10);
    expect(keys).toHaveLength(1);
    const client = new OAuthClient(server.origin, 'desk');
    const revoked = await client.post('/revoke', {
      token: first.body.access_token ?? '',
      client_secret: CLIENT_SECRET,
    });
    expect(revoked.status).toBe(200);
    expect(await present(server, first.body.access_token ?? '')).toBe(401);
    expect(await present(server, second.body.access_token ?? '')).toBe(401);
    const { status, body } = await ask();
    expect([status, await present(server, body.access_token ?? '')]).toEqual([200, 200]);
  });

  it('begins anew when a token request has brought back what was ended beside it', async () => {
    const { store } = enterprise.server;
    const first = await ask();
    const [key = ''] = (await store.scan('auth:Grant:', 10)).keys;
    const grant = (await store.get(key)) ?? '';
    await new OAuthClient(enterprise.server.origin, 'desk').post('/revoke', {
      token: first.body.access_token ?? '',
      client_secret: CLIENT_SECRET,
    });
    await store.put(key, grant, 300);
    const { status, body } = await ask();
    expect([status, await present(enterprise.server, body.access_token ?? '')]).toEqual([200, 200]);
  });

  it('serves clients of the SDK, with or without a key of their own', async () => {
    const { idp, claims, server } = enterprise;
    const session = await DpopSession.create();
    for (const [type, more] of [
      ['Bearer', {}],
      ['DPoP', { dpop: () => session }],
    ] as const) {
      const provider = new CrossAppAccessProvider({
        clientId: 'desk',
        clientSecret: CLIENT_SECRET,
        expectedIssuer: server.origin,
        assertion: ({ authorizationServerUrl, resourceUrl }) =>
          idp.sign(claims({ aud: authorizationServerUrl, resource: resourceUrl })),
      });
      expect(await auth(Object.assign(provider, more), { serverUrl: `${server.origin}/mcp` })).toBe(
        'AUTHORIZED',
      );
      expect(provider.tokens()?.token_type).toBe(type);
    }
  });

  it('takes clients that sign', async () => {
    const { idp, claims, clientKey, server } = enterprise;
    const assertion = await idp.sign(claims({ client_id: 'signer' }));
    const proof = await new SignJWT({ jti: 'once' })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('signer')
      .setSubject('signer')
      .setAudience(server.origin)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(clientKey);
    const { status } = await new OAuthClient(server.origin, 'signer').token({
      grant_type: JWT_BEARER_GRANT,
      assertion,
      client_assertion: proof,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    expect(status).toBe(200);
  });

  it('is recorded with who, for whom and by which provider', async () => {
    await ask();
    const ada = await enterprise.server.accounts.findByEmail('ada@corp.example');
    const { audits } = enterprise.server.telemetry;
    const actors = { subject: ada?.id, clientId: 'desk', address: '127.0.0.1' };
    expect(audits).toContainEqual(
      expect.objectContaining({
        action: 'assertion.accepted',
        ...actors,
        details: { provider: 'corp', scopes: ['files:read'] },
      }),
    );
    expect(audits).toContainEqual(expect.objectContaining({ action: 'token.issued', ...actors }));
  });

  it('waits for the keys of the provider while they cannot be had', async () => {
    const waiting = await startEnterprise();
    waiting.idp.answers = false;
    const assertion = await waiting.idp.sign(waiting.claims());
    expect((await waiting.present(assertion)).status).toBe(503);
    waiting.idp.answers = true;
    expect((await waiting.present(assertion)).status).toBe(200);
    await waiting.close();
  });

  it('is there only for providers that the operator wants it of', async () => {
    const { idp } = enterprise;
    const upstream = { issuer: idp.issuer, clientId: 'fairlead', clientSecret: 'secret' };
    const plain = await startBroker(upstream);
    const { body } = await (await OAuthClient.register(plain.origin)).token({ grant_type: JWT_BEARER_GRANT });
    expect(body.error).toBe('unsupported_grant_type');
    await plain.close();
    await expect(startEnterprise({ provider: { enterpriseManaged: false } })).rejects.toThrow(
      'needs enterpriseManaged',
    );
  });
});
