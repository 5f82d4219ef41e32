import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  obtainCode,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(() => server.close());

describe('resource indicators (RFC 8707)', () => {
  it.each<[what: string, resource: (origin: string) => string | null]>([
    ['the MCP URL', (origin) => `${origin}/mcp`],
    ['the MCP URL with a slash at the end', (origin) => `${origin}/mcp/`],
    ['the address of the older transport', (origin) => `${origin}/sse`],
    ['nothing', () => null],
  ])('naming %s brings a token for the MCP endpoint', async (_what, resourceOf) => {
    const resource = resourceOf(server.origin);
    const client = await OAuthClient.register(server.origin);
    const code = await obtainCode(client, server.browser(), { changes: { resource } });
    const { body } = await client.exchange(code, { resource });
    expect(decodeJwt(body.access_token ?? '').aud).toBe(`${server.origin}/mcp`);
    expect(body.scope).toBe('files:read');
    const refreshed = await client.refresh(body.refresh_token ?? '', { resource });
    expect(decodeJwt(refreshed.body.access_token ?? '').aud).toBe(`${server.origin}/mcp`);
  });

  it('need be named once only', async () => {
    const client = await OAuthClient.register(server.origin);
    const code = await obtainCode(client, server.browser());
    const { body } = await client.exchange(code);
    expect(decodeJwt(body.access_token ?? '').aud).toBe(`${server.origin}/mcp`);
  });

  it('naming another resource is invalid_target, at every endpoint', async () => {
    const client = await OAuthClient.register(server.origin);
    const resource = 'https://elsewhere.example/mcp';
    const { url } = await server.browser().open(client.authorizationUrl({ resource }));
    expect(url.searchParams.get('error')).toBe('invalid_target');
    const code = await obtainCode(client, server.browser());
    expect((await client.exchange(code, { resource })).body.error).toBe('invalid_target');
  });
});
