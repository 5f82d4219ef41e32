import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  obtainTokens,
  present,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

const SERVICE = { clientId: 'report', secret: 'a-secret-of-at-least-thirty-two-characters' };

let server: RunningAuthorizationServer;

beforeAll(async () => {
  const clients = [{ ...SERVICE, name: 'Report', scopes: ['files:read'] }];
  server = await startAuthorizationServer({ options: { clients } });
});
afterAll(() => server.close());

describe('token revocation (RFC 7009)', () => {
  it('of a refresh token ends the grant, and access tokens that are out at once', async () => {
    const { client, tokens } = await obtainTokens(server);
    expect(await present(server, tokens.access)).toBe(200);
    expect((await client.revoke(tokens.refresh)).status).toBe(200);
    expect(await present(server, tokens.access)).toBe(401);
    expect((await client.refresh(tokens.refresh)).body.error).toBe('invalid_grant');
  });

  it('of an access token ends the grant too', async () => {
    const { client, tokens } = await obtainTokens(server);
    const response = await client.revoke(tokens.access);
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(await present(server, tokens.access)).toBe(401);
    expect((await client.refresh(tokens.refresh)).body.error).toBe('invalid_grant');
  });

  it('of an access token without a grant ends that one', async () => {
    const service = new OAuthClient(server.origin, SERVICE.clientId);
    const ask = { grant_type: 'client_credentials', client_secret: SERVICE.secret };
    const [first, second] = await Promise.all([service.token(ask), service.token(ask)]);
    const token = first.body.access_token ?? '';
    expect(await present(server, token)).toBe(200);
    await service.post('/revoke', { token, client_secret: SERVICE.secret });
    expect(await present(server, token)).toBe(401);
    expect(await present(server, second.body.access_token ?? '')).toBe(200);
  });

  it('is heard by another replica', async () => {
    const replica = await startAuthorizationServer({ like: server, publicUrl: server.origin });
    const { client, tokens } = await obtainTokens(server);
    expect(await present(replica, tokens.access)).toBe(200);
    await client.revoke(tokens.refresh);
    await expect.poll(() => present(replica, tokens.access)).toBe(401);
    await replica.close();
  });

  it('is refused to another client, and changes nothing', async () => {
    const { client, tokens } = await obtainTokens(server);
    const other = await OAuthClient.register(server.origin);
    for (const token of [tokens.refresh, tokens.access]) {
      const response = await other.revoke(token);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: 'invalid_request' });
    }
    expect(await present(server, tokens.access)).toBe(200);
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
  });

  it('of what is no token succeeds (RFC 7009 §2.2)', async () => {
    const client = await OAuthClient.register(server.origin);
    expect((await client.revoke('nonsense')).status).toBe(200);
    expect((await client.revoke('eyJhbGciOiJub25lIn0.e30.')).status).toBe(200);
  });

  it('is counted and recorded', () => {
    expect(server.telemetry.auths).toEqual(expect.arrayContaining(['revoke:ok', 'revoke:invalid']));
    const actions = server.telemetry.audits.map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['grant.revoked', 'token.revoked', 'revocation.refused']));
  });

  it('is refused to who is no client', async () => {
    expect((await new OAuthClient(server.origin, 'nobody').revoke('nonsense')).status).toBe(401);
  });
});
