import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answer,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { providerOf, type Wallet } from '../fixtures/sdk-clients.ts';

const REDIRECT = 'http://127.0.0.1:1/callback';

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(() => server.close());

describe('the addresses of the older transport', () => {
  it.each(['/sse', '/messages?session=x'])(
    'challenge at %s with metadata of their own name',
    async (path) => {
      const response = await fetch(`${server.origin}${path}`);
      expect(response.status).toBe(401);
      const challenge = response.headers.get('www-authenticate') ?? '';
      const [, address = ''] = /resource_metadata="([^"]+)"/.exec(challenge) ?? [];
      expect(address).toBe(`${server.origin}/.well-known/oauth-protected-resource/sse`);
      const metadata = (await (await fetch(address)).json()) as Record<string, unknown>;
      // RFC 9728 §3.3: a client must not use metadata that name another resource than it asked for.
      expect(metadata).toMatchObject({
        resource: `${server.origin}/sse`,
        authorization_servers: [server.origin],
      });
    },
  );

  it('challenge a bad token in the same way', async () => {
    const headers = { authorization: 'Bearer bad' };
    const response = await fetch(`${server.origin}/sse`, { headers });
    expect(response.headers.get('www-authenticate')).toMatch(
      /protected-resource\/sse".*error="invalid_token"/,
    );
  });

  it('let a client of the previous SDK in, with a token for the one resource', async () => {
    const wallet: Wallet = { tokens: undefined, authorizationUrl: undefined, saved: 0 };
    const authProvider = providerOf(wallet, REDIRECT, undefined) as never;
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the transport that this is about
    const transport = new SSEClientTransport(new URL('/sse', server.origin), { authProvider });
    await expect(transport.start()).rejects.toThrow(/unauthorized/i);
    if (wallet.authorizationUrl === undefined) throw new Error('The client was not sent to sign in');
    const browser = server.browser();
    const { url } = await answer(browser, await signIn(browser, wallet.authorizationUrl));
    await transport.finishAuth(url.searchParams.get('code') ?? '');
    const token = wallet.tokens?.access_token ?? '';
    expect(decodeJwt(token).aud).toBe(`${server.origin}/mcp`);
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${server.origin}/sse`, { headers })).status).toBe(200);
  });
});
