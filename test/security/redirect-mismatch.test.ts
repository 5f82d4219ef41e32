import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  obtainCode,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

const WEB = 'https://app.example.com/callback';

let server: RunningAuthorizationServer;
let native: OAuthClient;
let web: OAuthClient;

beforeAll(async () => {
  server = await startAuthorizationServer();
  native = await OAuthClient.register(server.origin);
  web = await OAuthClient.register(server.origin, { redirect_uris: [WEB] });
});
afterAll(() => server.close());

/** The request ends on a page of this server, whatever else is wrong with it. */
async function expectErrorPage(client: OAuthClient, changes: Record<string, string | null>): Promise<void> {
  for (const more of [{}, { prompt: 'none' }, { response_type: 'token' }, { code_challenge: null }]) {
    const page = await server.browser().open(client.authorizationUrl({ ...changes, ...more }));
    expect(page.url.origin).toBe(server.origin);
    expect(page.status).toBe(400);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.html).not.toContain('<form');
  }
}

it.each([
  ['another host', 'http://attacker.example/callback'],
  ['https on another host', 'https://attacker.example/callback'],
  ['localhost instead of 127.0.0.1', 'http://localhost:8976/callback'],
  ['the IPv6 form of loopback', 'http://[::1]:8976/callback'],
  ['another path', 'http://127.0.0.1:8976/other'],
  ['a longer path', 'http://127.0.0.1:8976/callback/more'],
  ['a path that climbs', 'http://127.0.0.1:8976/x/../callback'],
  ['a slash more', 'http://127.0.0.1:8976/callback/'],
  ['another case', 'http://127.0.0.1:8976/Callback'],
  ['a query', 'http://127.0.0.1:8976/callback?next=https://attacker.example'],
  ['a fragment', 'http://127.0.0.1:8976/callback#here'],
  ['an empty fragment', 'http://127.0.0.1:8976/callback#'],
  ['a user name that looks like the host', 'http://127.0.0.1:8976@attacker.example/callback'],
  ['a user name', 'http://user@127.0.0.1:8976/callback'],
  ['a password', 'http://:password@127.0.0.1:8976/callback'],
  ['a path with an encoded letter', 'http://127.0.0.1:8976/%63allback'],
  ['a path with an encoded slash', 'http://127.0.0.1:8976%2Fcallback'],
  ['a backslash', 'http://127.0.0.1:8976\\callback'],
  ['another spelling of the address', 'http://127.1:8976/callback'],
  ['a host with a dot at its end', 'http://127.0.0.1.:8976/callback'],
  ['a scheme in capitals', 'HTTP://127.0.0.1:8976/callback'],
  ['a space', 'http://127.0.0.1:8976/callback '],
  ['a line break', 'http://127.0.0.1:8976/call\nback'],
  ['another scheme', 'https://127.0.0.1:8976/callback'],
  ['a script', 'javascript:alert(1)'],
])('a native client that asks to be answered at %s ends on an error page', async (_what, uri) => {
  await expectErrorPage(native, { redirect_uri: uri });
});

it.each([
  ['another port', 'https://app.example.com:8443/callback'],
  ['a subdomain', 'https://x.app.example.com/callback'],
  ['a host that starts alike', 'https://app.example.com.attacker.example/callback'],
  ['the default port, written out', 'https://app.example.com:443/callback'],
  ['another path', 'https://app.example.com/'],
  ['a slash more', `${WEB}/`],
  ['a query', `${WEB}?x=1`],
  ['an empty query', `${WEB}?`],
  ['a fragment', `${WEB}#here`],
  ['a user name', 'https://user@app.example.com/callback'],
  ['a host in capitals', 'https://APP.example.com/callback'],
  ['a host with a dot at its end', 'https://app.example.com./callback'],
  ['a path in capitals', 'https://app.example.com/CALLBACK'],
  ['a path with an encoded letter', 'https://app.example.com/%63allback'],
  ['a path that climbs', 'https://app.example.com/x/../callback'],
  ['loopback', 'http://127.0.0.1/callback'],
  ['plain http', 'http://app.example.com/callback'],
])('a web client that asks to be answered at %s ends on an error page', async (_what, uri) => {
  await expectErrorPage(web, { redirect_uri: uri });
});

it.each([
  ['http://localhost:8976/callback', 'http://127.0.0.1:8976/callback'],
  ['http://localhost:8976/callback', 'http://[::1]:8976/callback'],
  ['http://[::1]:8976/callback', 'http://localhost:8976/callback'],
  ['http://localhost:8976/callback', 'http://localhost.attacker.example:8976/callback'],
  ['cursor://anysphere.cursor-retrieval/callback', 'cursor://anysphere.cursor-retrieval/callback/'],
  ['cursor://anysphere.cursor-retrieval/callback', 'cursor://anysphere.cursor-retrieval:80/callback'],
])('a client that has registered %s is not answered at %s', async (registered, uri) => {
  const client = await OAuthClient.register(server.origin, { redirect_uris: [registered] });
  await expectErrorPage(client, { redirect_uri: uri });
});

it('a native client may choose its port on loopback, and nothing else', async () => {
  const client = new OAuthClient(server.origin, native.clientId, 'http://127.0.0.1:51234/callback');
  await expect(obtainCode(client, server.browser())).resolves.toMatch(/./);
});

it.each(['', 'unknown', '../../etc/passwd', 'https://127.0.0.1/client.json'])(
  'an unknown client "%s" ends on an error page',
  async (clientId) => {
    await expectErrorPage(new OAuthClient(server.origin, clientId), {});
  },
);

it('an answer never goes to a redirect URI of another client', async () => {
  await expectErrorPage(native, { redirect_uri: WEB });
  await expectErrorPage(web, { redirect_uri: native.redirectUri });
});

it('a request without a redirect URI ends on an error page where the client has several', async () => {
  const client = await OAuthClient.register(server.origin, {
    redirect_uris: [WEB, 'https://app.example.com/other'],
  });
  await expectErrorPage(client, { redirect_uri: null });
  await expectErrorPage(client, { redirect_uri: '' });
});

it('of two redirect URIs in one request neither is taken', async () => {
  const client = await OAuthClient.register(server.origin, {
    redirect_uris: [WEB, 'https://app.example.com/other'],
  });
  for (const uris of [
    [WEB, 'https://attacker.example/'],
    ['https://attacker.example/', WEB],
    [WEB, WEB],
  ]) {
    const url = client.authorizationUrl({ redirect_uri: null });
    for (const uri of uris) url.searchParams.append('redirect_uri', uri);
    const page = await server.browser().open(url);
    expect(page.url.origin).toBe(server.origin);
    expect(page.status).toBe(400);
  }
});
