import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient, registration } from '../fixtures/oauth-client.ts';

let server: RunningAuthorizationServer;
let client: OAuthClient;

beforeAll(async () => {
  server = await startAuthorizationServer();
  client = await OAuthClient.register(server.origin);
});
afterAll(() => server.close());

it.each(['token', 'id_token', 'id_token token', 'code token', 'code id_token', 'none'])(
  'response_type=%s is not supported: no token is ever in a URL',
  async (responseType) => {
    const changes = { response_type: responseType, scope: 'openid files:read', nonce: 'n' };
    const { url } = await server.browser().open(client.authorizationUrl(changes));
    const answer = new URLSearchParams([...url.searchParams, ...new URLSearchParams(url.hash.slice(1))]);
    expect(url.href).toContain(client.redirectUri);
    expect(answer.get('error')).toBe('unsupported_response_type');
    expect(answer.get('access_token')).toBeNull();
    expect(answer.get('id_token')).toBeNull();
  },
);

it.each(['fragment', 'form_post', 'web_message'])(
  'response_mode=%s does not change where the answer goes',
  async (mode) => {
    const { url } = await server
      .browser()
      .open(client.authorizationUrl({ response_mode: mode, prompt: 'none' }));
    expect(url.searchParams.get('code')).toBeNull();
    expect(url.hash).not.toContain('code=');
  },
);

it('a client cannot register for it either', async () => {
  const response = await registration(server.origin, {
    response_types: ['token'],
    grant_types: ['implicit'],
  });
  expect(response.status).toBe(400);
});
