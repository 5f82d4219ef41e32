import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  obtainCode,
  obtainTokens,
  type RunningAuthorizationServer,
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

const foreign = () => [
  'https://other.example/mcp',
  server.origin,
  `${server.origin}/`,
  `${server.origin}/mcp/other`,
  `${server.origin}/mcp?x=1`,
  `${server.origin}/MCP`,
  server.origin.replace('http:', 'https:') + '/mcp',
  'urn:example:resource',
];

it('an authorization request for another resource is refused with invalid_target', async () => {
  for (const resource of foreign()) {
    const { url } = await server.browser().open(client.authorizationUrl({ resource }));
    expect([resource, url.searchParams.get('error')]).toEqual([resource, 'invalid_target']);
  }
});

it('so is one for this resource and another', async () => {
  const url = client.authorizationUrl();
  url.searchParams.append('resource', 'https://other.example/mcp');
  const page = await server.browser().open(url);
  expect(page.url.searchParams.get('error')).toBe('invalid_target');
});

it('a code brings no token for another resource', async () => {
  for (const resource of foreign()) {
    const code = await obtainCode(client, server.browser());
    const { body } = await client.exchange(code, { resource });
    expect([resource, body.error]).toEqual([resource, 'invalid_target']);
  }
});

it('a refresh token brings no token for another resource', async () => {
  const { client: holder, tokens } = await obtainTokens(server);
  const { body } = await holder.refresh(tokens.refresh, { resource: 'https://other.example/mcp' });
  expect(body.error).toBe('invalid_target');
});

it('a slash behind the resource changes nothing, since some clients write one', async () => {
  const resource = `${server.origin}/mcp/`;
  const code = await obtainCode(client, server.browser(), { changes: { resource } });
  const { body } = await client.exchange(code, { resource });
  expect(decodeJwt(body.access_token ?? '').aud).toBe(`${server.origin}/mcp`);
});
