import { createSecretKey } from 'node:crypto';
import { EncryptJWT, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claims } from '../fixtures/access-tokens.ts';
import { AUDIENCE, type ExternalServer, startExternalServer } from '../fixtures/external-mode.ts';
import { startTokenIssuer, type TokenIssuer } from '../fixtures/token-issuer.ts';

let marked: TokenIssuer;
let unmarked: TokenIssuer;
let asked: TokenIssuer;
let stranger: TokenIssuer;
let server: ExternalServer;

beforeAll(async () => {
  [marked, unmarked, asked, stranger] = await Promise.all([
    startTokenIssuer(),
    startTokenIssuer(),
    startTokenIssuer(),
    startTokenIssuer(),
  ]);
  server = await startExternalServer([
    { issuer: marked.issuer, prefix: 'marked' },
    { issuer: unmarked.issuer, prefix: 'unmarked', tokenTypes: ['JWT'], requiredClaims: { client_id: true } },
    { issuer: asked.issuer, prefix: 'asked', type: 'introspection', clientId: 'f', clientSecret: 's' },
  ]);
});
afterAll(async () => {
  await server.close();
  for (const issuer of [marked, unmarked, asked, stranger]) await issuer.close();
});
beforeEach(() => {
  asked.questions.length = 0;
});

async function expectRefused(token: string): Promise<void> {
  const { status, challenge } = await server.ask(token);
  expect(status).toBe(401);
  expect(challenge).toContain('error="invalid_token"');
  expect(asked.questions).toEqual([]);
}

it('the tokens that are varied below are good as they are', async () => {
  expect((await server.ask(await marked.token({ aud: AUDIENCE }))).status).toBe(200);
  expect((await server.ask(await unmarked.token({ aud: AUDIENCE }, { typ: 'JWT' }))).status).toBe(200);
});

describe('a token that is no access token for this server', () => {
  it.each([
    ['for another audience', { aud: 'https://elsewhere.example/mcp' }, {}],
    ['for the issuer itself', { aud: undefined }, {}],
    ['that has expired', { exp: 1_000_000_000 }, {}],
    ['without an end', { exp: undefined }, {}],
    ['of a later time', { nbf: 4_102_444_800 }, {}],
    ['that is marked as something else', {}, { typ: 'logout+jwt' }],
    ['that is not marked', {}, { typ: undefined }],
    ['that an ID token would be', {}, { typ: 'JWT' }],
    ['without a subject', { sub: undefined }, {}],
    ['with an empty subject', { sub: '' }, {}],
    ['whose subject hides something', { sub: 'ada\u202eecila' }, {}],
    ['without a client', { client_id: undefined }, {}],
    ['bound to a certificate', { cnf: { 'x5t#S256': 'x' } }, {}],
  ])('%s is refused', async (_what, changes, header) => {
    await expectRefused(await marked.token({ aud: AUDIENCE, ...changes }, header));
  });

  it.each([
    ['an ID token', { nonce: 'n' }],
    ['an ID token of a response with tokens', { at_hash: 'h' }],
    ['an ID token that says so', { typ: 'ID' }],
    ['a refresh token that says so', { typ: 'Refresh' }],
    ['an ID token of Cognito', { token_use: 'id' }],
    ['a logout token', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }],
    ['a token without what is required', { client_id: undefined }],
  ])('%s is refused where nothing marks access tokens', async (_what, changes) => {
    await expectRefused(await unmarked.token({ aud: AUDIENCE, ...changes }, { typ: 'JWT' }));
  });
});

describe('a forged token', () => {
  it('without a signature, or signed with a shared secret, is refused', async () => {
    const payload = claims({ iss: marked.issuer, aud: AUDIENCE });
    await expectRefused(new UnsecuredJWT(payload).encode());
    const secret = createSecretKey(Buffer.from(JSON.stringify(marked.key.publicJwk)));
    const header = { alg: 'HS256', typ: 'at+jwt', kid: marked.key.kid };
    await expectRefused(await new SignJWT(payload).setProtectedHeader(header).sign(secret));
  });

  it('with an extension that is not understood is refused', async () => {
    const { kid, privateKey } = marked.key;
    const header = { alg: 'ES256', typ: 'at+jwt', kid, crit: ['x'], x: 1 };
    const jwt = new SignJWT(claims({ iss: marked.issuer, aud: AUDIENCE })).setProtectedHeader(header);
    await expectRefused(await jwt.sign(privateKey, { crit: { x: true } }));
  });

  it('of one issuer in the name of another is refused', async () => {
    await expectRefused(await unmarked.token({ iss: marked.issuer, aud: AUDIENCE }));
    await expectRefused(await stranger.token({ iss: marked.issuer, aud: AUDIENCE }));
  });
});

describe('no issuer is shown the token of another', () => {
  it('not that of a stranger, who is not asked either', async () => {
    await expectRefused(await stranger.token({ aud: AUDIENCE }));
    expect(stranger.requests).toEqual([]);
  });

  it('not one that does not say who issued it, but was signed or encrypted by somebody', async () => {
    await expectRefused(await marked.token({ iss: undefined, aud: AUDIENCE }));
    const header = { alg: 'dir', enc: 'A256GCM' } as const;
    await expectRefused(await new EncryptJWT({}).setProtectedHeader(header).encrypt(new Uint8Array(32)));
  });

  it('and a token that is shown to its issuer goes to that one alone', async () => {
    const token = await asked.token({ aud: AUDIENCE });
    const now = Math.floor(Date.now() / 1000);
    const answer = { aud: AUDIENCE, sub: 'ada', client_id: 'agent', exp: now + 60 };
    asked.known.set(token, answer).set('opaque', answer);
    expect((await server.ask(token)).caller.subject).toBe('asked:ada');
    expect((await server.ask('opaque')).caller.subject).toBe('asked:ada');
    expect(asked.questions.map(({ body }) => body.get('token'))).toEqual([token, 'opaque']);
    for (const other of [marked, unmarked]) expect(other.questions).toEqual([]);
  });

  it('nor is a token ever logged', () => {
    expect(server.log.join('\n')).not.toMatch(/eyJ[\w-]+\.[\w-]+\.[\w-]+/);
  });
});
