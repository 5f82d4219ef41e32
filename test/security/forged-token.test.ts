import { createHmac, createPublicKey } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { base64url, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import { claims, newKey, RESOURCE, sign } from '../fixtures/access-tokens.ts';
import { startResourceServer } from '../fixtures/resource-server.ts';

const key = await newKey('k1');
const attacker = await newKey('k1');
const server = await startResourceServer([key.publicJwk]);
afterAll(() => server.close());

const METADATA = `${RESOURCE.origin}/.well-known/oauth-protected-resource/mcp`;
const now = (): number => Math.floor(Date.now() / 1000);

async function expectRefused(token: string): Promise<void> {
  const response = await server.present(token);
  expect(response.status).toBe(401);
  const challenge = response.headers.get('www-authenticate') ?? '';
  expect(challenge).toContain(`Bearer resource_metadata="${METADATA}", scope="files:read"`);
  expect(challenge).toContain('error="invalid_token"');
  expect(await response.json()).toMatchObject({ code: 'INVALID_TOKEN' });
}

function forge(header: object, payload: object = claims(), signature = ''): string {
  return [JSON.stringify(header), JSON.stringify(payload), signature]
    .map((part) => base64url.encode(part))
    .join('.');
}

/** A server that must never be asked for a key. */
async function keyServer() {
  let requests = 0;
  const http = createServer((_request, response) => {
    requests += 1;
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ keys: [attacker.publicJwk] }));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/jwks`;
  return { url, requests: () => requests, close: () => http.close() };
}

describe('the endpoint', () => {
  it('takes a token that the authorization server signed', async () => {
    const response = await server.present(await sign(key));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ subject: 'ada', clientId: 'agent', scopes: ['files:read'] });
  });
});

describe('a token with a forged signature is refused:', () => {
  it('none at all', async () => {
    await expectRefused(new UnsecuredJWT(claims()).encode());
    for (const alg of ['none', 'None', 'NONE', '']) {
      await expectRefused(forge({ alg, typ: 'at+jwt', kid: 'k1' }));
    }
  });

  it.each(['spki', 'jwk', 'point'])('an HMAC with the public key (%s) as its secret', async (form) => {
    const publicKey = createPublicKey({ key: key.publicJwk, format: 'jwk' });
    const secrets = {
      spki: publicKey.export({ type: 'spki', format: 'pem' }),
      jwk: JSON.stringify(key.publicJwk),
      point: Buffer.from(key.publicJwk.x ?? '', 'base64url'),
    };
    const signed = forge({ alg: 'HS256', typ: 'at+jwt', kid: 'k1' }).split('.').slice(0, 2).join('.');
    const secret = secrets[form as keyof typeof secrets];
    await expectRefused(`${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`);
  });

  it('another key under the known id', async () => {
    await expectRefused(await sign(attacker));
  });

  it('an unknown or missing key id', async () => {
    await expectRefused(await sign(key, claims(), { kid: 'k2' }));
    await expectRefused(await sign(key, claims(), { kid: '' }));
    await expectRefused(await sign(key, claims(), { kid: undefined }));
  });

  it('a key that the token brings along', async () => {
    await expectRefused(await sign(attacker, claims(), { jwk: attacker.publicJwk }));
    await expectRefused(await sign(attacker, claims(), { kid: 'attacker', jwk: attacker.publicJwk }));
  });

  it('a key at an address that the token names, which is never asked', async () => {
    const keys = await keyServer();
    for (const kid of ['k1', 'attacker']) {
      await expectRefused(await sign(attacker, claims(), { kid, jku: keys.url }));
      await expectRefused(await sign(attacker, claims(), { kid, x5u: keys.url }));
    }
    expect(keys.requests()).toBe(0);
    keys.close();
  });

  it('a header extension that the server must understand and does not', async () => {
    const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k1', crit: ['x'], x: 1 };
    const token = new SignJWT(claims()).setProtectedHeader(header);
    await expectRefused(await token.sign(key.privateKey, { crit: { x: true } }));
  });

  it('another algorithm with a key of the attacker', async () => {
    for (const alg of ['RS256', 'PS256', 'ES384', 'EdDSA']) {
      await expectRefused(await sign(await newKey('k1', alg), claims(), { alg }));
    }
  });

  it('claims that were changed afterwards', async () => {
    const [header = '', , signature = ''] = (await sign(key)).split('.');
    const changed = base64url.encode(JSON.stringify(claims({ scope: 'files:delete' })));
    await expectRefused(`${header}.${changed}.${signature}`);
    await expectRefused(`${header}.${changed}.`);
  });
});

describe('a token that the authorization server signed for something else is refused:', () => {
  it.each([
    ['another issuer', { iss: 'https://other.example' }],
    ['no issuer', { iss: undefined }],
    ['the issuer with a slash more', { iss: `${RESOURCE.origin}/` }],
    ['another resource', { aud: 'https://other.example/mcp' }],
    ['the origin instead of the endpoint', { aud: RESOURCE.origin }],
    ['other resources', { aud: ['https://a.example', 'https://b.example'] }],
    ['no resource', { aud: undefined }],
    ['no expiry', { exp: undefined }],
    ['no time of issue', { iat: undefined }],
    ['no subject', { sub: undefined }],
    ['no client', { client_id: undefined }],
    ['no id', { jti: undefined }],
  ])('%s', async (_what, changes) => {
    await expectRefused(await sign(key, claims(changes)));
  });

  it('expired', async () => {
    await expectRefused(await sign(key, claims({ exp: now() - 60 })));
  });

  it('not valid yet', async () => {
    await expectRefused(await sign(key, claims({ nbf: now() + 60 })));
  });

  it.each(['JWT', 'logout+jwt', 'dpop+jwt', undefined])('of type %s', async (typ) => {
    await expectRefused(await sign(key, claims(), { typ }));
  });

  it('bound to a key that the caller does not prove to have', async () => {
    await expectRefused(await sign(key, claims({ cnf: { jkt: 'thumbprint' } })));
  });
});

describe('what is no token at all is refused:', () => {
  it.each(['opaque', 'a.b.c', '..', 'null', '{}', 'a.b.c.d.e', '%00', 'ö'])('%s', async (token) => {
    await expectRefused(token);
  });
});

it('no refused token, nor a part of it, is told to the log or the audit log', async () => {
  const other = await startResourceServer([key.publicJwk]);
  const token = await sign(attacker, claims({ sub: 'subject-of-a-forged-token' }));
  expect((await other.present(token)).status).toBe(401);
  await other.close();
  const told = JSON.stringify([other.telemetry.lines, other.telemetry.audits]);
  expect(other.telemetry.audits).toHaveLength(1);
  for (const part of [...token.split('.'), 'subject-of-a-forged-token']) expect(told).not.toContain(part);
});
