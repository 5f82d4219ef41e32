import { exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { personOf, providerOptions } from '../fixtures/broker.ts';
import { type ForgingProvider, startForgingProvider } from '../fixtures/forging-provider.ts';
import { beginUpstream, callbackPath } from '../fixtures/upstream-attempt.ts';

let upstream: ForgingProvider;
let other: ForgingProvider;
let server: RunningAuthorizationServer;

beforeAll(async () => {
  upstream = await startForgingProvider();
  other = await startForgingProvider();
  server = await startAuthorizationServer({
    options: { mode: 'broker', identityProviders: [providerOptions(upstream)] },
  });
});

afterAll(async () => {
  await server.close();
  await upstream.close();
  await other.close();
});

describe('an ID token', () => {
  it('that is good signs the person in', async () => {
    const { browser, state, nonce } = await beginUpstream(server);
    upstream.idToken = await upstream.sign(upstream.claims(nonce));
    const page = await browser.open(callbackPath({ state, iss: upstream.issuer }));
    expect(page.html).toContain('value="allow"');
  });

  const bad: readonly [string, (claims: JWTPayload) => Promise<string>][] = [
    ['for another sign-in', (claims) => upstream.sign({ ...claims, nonce: 'another' })],
    ['without a nonce', (claims) => upstream.sign({ ...claims, nonce: undefined })],
    ['for another audience', (claims) => upstream.sign({ ...claims, aud: 'somebody-else' })],
    ['of another issuer', (claims) => upstream.sign({ ...claims, iss: other.issuer })],
    ['that has expired', (claims) => upstream.sign({ ...claims, exp: Number(claims.iat) - 3600 })],
    ['that nobody signed', (claims) => Promise.resolve(new UnsecuredJWT(claims).encode())],
    [
      'signed with another key',
      async (claims) => {
        const { privateKey } = await generateKeyPair('RS256');
        return await upstream.sign(claims, {}, privateKey);
      },
    ],
    [
      'signed with the public key as a secret',
      async (claims) => {
        const secret = new TextEncoder().encode(await exportSPKI(upstream.publicKey));
        return await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'genuine' }).sign(secret);
      },
    ],
    [
      'signed with the client secret',
      async (claims) => {
        const secret = new TextEncoder().encode(upstream.clientSecret);
        return await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret);
      },
    ],
  ];

  it.each(bad)('%s signs nobody in', async (_name, forge) => {
    const { browser, state, nonce } = await beginUpstream(server);
    upstream.idToken = await forge(upstream.claims(nonce));
    const page = await browser.open(callbackPath({ state, iss: upstream.issuer }));
    expect(page.status).toBe(403);
    expect(page.html).not.toContain('value="allow"');
    expect((await browser.open('/account')).html).toContain('Continue with Example Ltd.');
    expect(server.telemetry.audits.at(-1)).toMatchObject({
      action: 'login.failed',
      details: { reason: 'invalid_answer' },
    });
  });
});

describe('an identity provider that answers badly', () => {
  /** Where the person is after the token request was answered like this. */
  async function comeBack(reply: (genuine: Record<string, string>) => [number, unknown]) {
    const { browser, state, nonce } = await beginUpstream(server);
    const idToken = await upstream.sign(upstream.claims(nonce));
    const [status, body] = reply({ access_token: 'opaque', token_type: 'Bearer', id_token: idToken });
    upstream.replies.set('/token', (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json', location: `${other.issuer}/token` });
      response.end(JSON.stringify(body));
    });
    const page = await browser.open(callbackPath({ state, iss: upstream.issuer }));
    upstream.replies.clear();
    return page;
  }

  it('is believed when it answers well', async () => {
    expect((await comeBack((genuine) => [200, genuine])).html).toContain('value="allow"');
  });

  it('is not followed to where it redirects a request that carries credentials', async () => {
    let followed = 0;
    other.replies.set('/token', (_request, response) => {
      followed += 1;
      response.writeHead(400).end();
    });
    const page = await comeBack(() => [307, {}]);
    expect(page.html).toContain('Continue with Example Ltd.');
    expect(followed).toBe(0);
  });

  it('is not read any further than an answer can be long', async () => {
    const page = await comeBack((genuine) => [200, { ...genuine, padding: 'x'.repeat(300_000) }]);
    expect(page.status).toBe(503);
  });

  it('signs nobody in when it fails', async () => {
    expect((await comeBack((genuine) => [500, genuine])).status).toBe(503);
  });

  it('with endpoints on plain http elsewhere is not used', async () => {
    const insecure = await startForgingProvider();
    insecure.metadata['token_endpoint'] = 'http://token.example/token';
    const broker = await startAuthorizationServer({
      options: { mode: 'broker', identityProviders: [providerOptions(insecure)] },
    });
    const { here } = personOf(broker, insecure);
    const page = await here.open('/account');
    const form = page.forms.find(({ action }) => action.pathname.endsWith('/provider'));
    if (form === undefined) throw new Error(page.html);
    const { url } = await here.submit(form);
    const state = url.searchParams.get('state') ?? '';
    const back = await here.open(callbackPath({ state, iss: insecure.issuer }));
    expect(back.html).toContain('cannot be reached');
    expect(broker.log.join()).toContain('neither https nor loopback');
    await broker.close();
    await insecure.close();
  });
});
