import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, generateKeyPair, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityProvidersOption } from '../../../../../src/auth/options/identity-providers.ts';
import type { IdentityProvider } from '../../../../../src/auth/server/federation/identity-provider.ts';
import { IdentityProviders } from '../../../../../src/auth/server/federation/identity-providers.ts';
import { type ForgingProvider, startForgingProvider } from '../../../../fixtures/forging-provider.ts';
import { ManualClock } from '../../../../fixtures/manual-clock.ts';

const HOUR = 3_600_000;
const DISCOVERY = '/.well-known/openid-configuration';

let upstream: ForgingProvider;
let clock: ManualClock;

beforeEach(async () => {
  upstream = await startForgingProvider();
  clock = new ManualClock(Date.now());
});
afterEach(() => upstream.close());

function open(changes: Record<string, unknown> = {}): IdentityProvider {
  const { issuer, clientId, clientSecret } = upstream;
  const options = identityProvidersOption.parse([
    { id: 'corp', name: 'Corp', issuer, clientId, clientSecret, ...changes },
  ]);
  const provider = new IdentityProviders(options, { clock }).byIssuer(issuer);
  if (provider === undefined) throw new Error('The provider is not known by its issuer');
  return provider;
}

/** What the provider is sent to its token endpoint. */
async function tokenRequest(provider: IdentityProvider) {
  let seen = { body: new URLSearchParams(), authorization: '' };
  upstream.replies.set('/token', (request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      seen = { body: new URLSearchParams(text), authorization: request.headers.authorization ?? '' };
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
    });
  });
  await provider.refresh('token', () => Promise.resolve()).catch(() => undefined);
  return seen;
}

describe('the metadata of an identity provider', () => {
  it('is read once an hour, and once for many who wait for it', async () => {
    let reads = 0;
    const provider = open();
    const { issuer } = upstream;
    upstream.replies.set(DISCOVERY, (_request, response) => {
      reads += 1;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` }));
    });
    await Promise.all([provider.metadata(), provider.metadata(), provider.metadata()]);
    clock.advance(HOUR - 1);
    await provider.metadata();
    expect(reads).toBe(1);
    clock.advance(1);
    await provider.metadata();
    expect(reads).toBe(2);
  });

  it('serves for a day when it cannot be renewed, and is read again after a failure', async () => {
    const provider = open();
    upstream.replies.set(DISCOVERY, (_request, response) => response.writeHead(500).end());
    await expect(provider.metadata()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    upstream.replies.clear();
    const known = await provider.metadata();
    upstream.replies.set(DISCOVERY, (_request, response) => response.writeHead(500).end());
    clock.advance(24 * HOUR - 1);
    expect(await provider.metadata()).toBe(known);
    clock.advance(1);
    await expect(provider.metadata()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('must be that of the configured issuer', async () => {
    upstream.metadata['issuer'] = 'https://attacker.example';
    await expect(open().metadata()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('leads to the keys that its tokens are verified with', async () => {
    const keys = await open().verificationKeys();
    const token = await upstream.sign(upstream.claims('n'));
    await expect(jwtVerify(token, keys, { issuer: upstream.issuer })).resolves.toBeDefined();
  });
});

describe('this server as a client of an identity provider', () => {
  it('sends its secret in the body where the provider takes it there, and in a header otherwise', async () => {
    const header = await tokenRequest(open());
    expect(header.authorization).toMatch(/^Basic /);
    expect(header.body.has('client_secret')).toBe(false);
    upstream.metadata['token_endpoint_auth_methods_supported'] = [
      'client_secret_basic',
      'client_secret_post',
    ];
    expect((await tokenRequest(open())).body.get('client_secret')).toBe(upstream.clientSecret);
  });

  it('signs assertions where it has a key, and sends no secret', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const clientKey = { ...(await exportJWK(privateKey)), alg: 'ES256', kid: 'ours' };
    const { body, authorization } = await tokenRequest(open({ clientSecret: undefined, clientKey }));
    const assertion = await jwtVerify(body.get('client_assertion') ?? '', publicKey, {
      issuer: upstream.clientId,
      audience: `${upstream.issuer}/token`,
    });
    expect(assertion.protectedHeader.kid).toBe('ours');
    expect([authorization, body.get('client_secret')]).toEqual(['', null]);
  });

  it('asks for what is configured, with S256, and lets nothing of it be overwritten', async () => {
    const provider = open({
      scopes: ['openid', 'offline_access'],
      authorizationParameters: { access_type: 'offline', prompt: 'consent' },
    });
    const secrets = {
      ...{ state: 's', verifier: 'v'.repeat(43), nonce: 'n' },
      redirectUri: 'https://mcp.example.com/login/callback/corp',
    };
    const url = await provider.authorizationUrl(secrets, 'ada@example.com');
    const asked = Object.fromEntries(url.searchParams);
    expect(asked).toMatchObject({
      ...{ response_type: 'code', client_id: 'fairlead', state: 's', nonce: 'n' },
      ...{ scope: 'openid offline_access', access_type: 'offline', prompt: 'consent' },
      ...{ code_challenge_method: 'S256', login_hint: 'ada@example.com' },
      redirect_uri: secrets.redirectUri,
    });
    expect(asked['code_challenge']).not.toContain(secrets.verifier);
  });
});

describe('somebody who comes back from an identity provider', () => {
  const secrets = {
    ...{ state: 's', verifier: 'v'.repeat(43), nonce: 'n' },
    redirectUri: 'https://mcp.example.com/login/callback/corp',
  };

  /** Comes back with a code, or with what is given. */
  async function comeBack(provider: IdentityProvider, changes: Record<string, string> = { code: 'c' }) {
    const answer = new URLSearchParams({ state: 's', iss: upstream.issuer, ...changes });
    return await provider.redeem(answer, secrets);
  }

  it('is believed right after the provider has taken another key', async () => {
    const provider = open();
    upstream.idToken = await upstream.sign(upstream.claims('n'));
    await comeBack(provider);
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'next', alg: 'RS256', use: 'sig' };
    upstream.replies.set('/jwks', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
    });
    upstream.idToken = await upstream.sign(upstream.claims('n'), { kid: 'next' }, privateKey);
    expect((await comeBack(provider)).claims).toMatchObject({ sub: 'mallory' });
    upstream.idToken = await upstream.sign(upstream.claims('n'), { kid: 'unheard of' }, privateKey);
    await expect(comeBack(provider)).rejects.toMatchObject({ reason: 'invalid_answer' });
  });

  it('has a verified address where userinfo alone says so', async () => {
    upstream.metadata['userinfo_endpoint'] = `${upstream.issuer}/userinfo`;
    upstream.replies.set('/userinfo', (_request, response) => {
      const told = { sub: 'mallory', email_verified: true };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(told));
    });
    upstream.idToken = await upstream.sign({ ...upstream.claims('n'), email_verified: undefined });
    expect((await comeBack(open())).claims).toMatchObject({ email_verified: true });
  });

  it.each([{}, { 'www-authenticate': 'Basic realm="there"' }])(
    'leaves the operator what the provider says about itself, headers %o',
    async (headers) => {
      const told = { error: 'invalid_client', error_description: 'The secret has expired.' };
      upstream.replies.set('/token', (_request, response) => {
        response.writeHead(401, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(told));
      });
      await expect(comeBack(open())).rejects.toMatchObject({
        reason: 'provider_error',
        detail: 'invalid_client: The secret has expired.',
      });
      await expect(
        comeBack(open(), { error: 'server_error', error_description: 'Down.' }),
      ).rejects.toMatchObject({
        reason: 'provider_error',
        detail: 'server_error: Down.',
      });
    },
  );
});

describe('the options of identity providers', () => {
  const good = { id: 'corp', name: 'Corp', issuer: 'https://a.example', clientId: 'c', clientSecret: 's' };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256' };

  it.each([
    ['one with a secret', [good]],
    ['one with a key', [{ ...good, clientSecret: undefined, clientKey: key }]],
    ['one on loopback', [{ ...good, issuer: 'http://127.0.0.1:8080/realms/x' }]],
    ['two', [good, { ...good, id: 'other', issuer: 'https://b.example' }]],
  ])('take %s', (_name, list) => {
    expect(identityProvidersOption.safeParse(list).success).toBe(true);
  });

  it.each([
    ['neither secret nor key', [{ ...good, clientSecret: undefined }]],
    ['both', [{ ...good, clientKey: key }]],
    ['a public key', [{ ...good, clientSecret: undefined, clientKey: { ...key, d: undefined } }]],
    ['a key that is none', [{ ...good, clientSecret: undefined, clientKey: { ...key, x: 'x' } }]],
    [
      'a key of another algorithm',
      [{ ...good, clientSecret: undefined, clientKey: { ...key, alg: 'RS256' } }],
    ],
    ['plain http', [{ ...good, issuer: 'http://login.example.com' }]],
    ['an issuer with a query', [{ ...good, issuer: 'https://a.example/?x=1' }]],
    ['no openid', [{ ...good, scopes: ['email'] }]],
    ['a parameter that protects the sign-in', [{ ...good, authorizationParameters: { state: 'x' } }]],
    ['an id that is no part of a path', [{ ...good, id: 'a/b' }]],
    ['the same id twice', [good, { ...good, issuer: 'https://b.example' }]],
    ['the same issuer twice', [good, { ...good, id: 'other' }]],
    ['an unknown scope for a group', [{ ...good, groupScopes: { a: ['files:everything'] } }]],
  ])('refuse %s', (_name, list) => {
    expect(identityProvidersOption.safeParse(list).success).toBe(false);
  });
});
