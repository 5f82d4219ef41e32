import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  obtainTokens,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

const GATEWAY = { clientId: 'gateway', secret: 'a-secret-of-at-least-thirty-two-characters' };

let server: RunningAuthorizationServer;

beforeAll(async () => {
  const clients = [{ ...GATEWAY, name: 'Gateway', scopes: ['files:read'] }];
  server = await startAuthorizationServer({ options: { clients } });
});
afterAll(() => server.close());

async function introspect(
  client: OAuthClient,
  token: string,
  secret: string | null = null,
): Promise<Record<string, unknown>> {
  const response = await client.post('/introspect', { token, client_secret: secret });
  return (await response.json()) as Record<string, unknown>;
}

describe('token introspection (RFC 7662)', () => {
  it('tells a client about its own tokens', async () => {
    const { client, tokens } = await obtainTokens(server);
    expect(await introspect(client, tokens.access)).toMatchObject({
      active: true,
      token_type: 'Bearer',
      client_id: client.clientId,
      scope: 'files:read',
      aud: `${server.origin}/mcp`,
    });
    expect(await introspect(client, tokens.refresh)).toMatchObject({ active: true });
  });

  it('tells a client that the operator declared about all tokens', async () => {
    const { tokens } = await obtainTokens(server);
    const gateway = new OAuthClient(server.origin, GATEWAY.clientId);
    expect(await introspect(gateway, tokens.access, GATEWAY.secret)).toMatchObject({ active: true });
    expect(await introspect(gateway, tokens.refresh, GATEWAY.secret)).toMatchObject({ active: true });
  });

  it('tells any other client nothing', async () => {
    const { tokens } = await obtainTokens(server);
    const other = await OAuthClient.register(server.origin);
    expect(await introspect(other, tokens.access)).toEqual({ active: false });
    expect(await introspect(other, tokens.refresh)).toEqual({ active: false });
  });

  it('calls used, revoked and foreign tokens inactive', async () => {
    const { client, tokens } = await obtainTokens(server);
    const { body } = await client.refresh(tokens.refresh);
    // Still good for its successor, and yet no active token.
    expect(await introspect(client, tokens.refresh)).toEqual({ active: false });
    await client.revoke(body.refresh_token ?? '');
    expect(await introspect(client, tokens.access)).toEqual({ active: false });
    expect(await introspect(client, 'eyJhbGciOiJub25lIn0.e30.')).toEqual({ active: false });
  });
});
