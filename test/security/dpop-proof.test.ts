import { createHmac, randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { base64url } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  obtainCode,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { claims, newKey, RESOURCE, sign } from '../fixtures/access-tokens.ts';
import { DpopKey, presentBound } from '../fixtures/dpop-key.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import { startResourceServer } from '../fixtures/resource-server.ts';

let server: RunningAuthorizationServer;
let url: string;
let key: DpopKey;
let access: string;

beforeAll(async () => {
  server = await startAuthorizationServer({ options: { accessTokenTtlSeconds: 3600 } });
  url = `${server.origin}/mcp`;
  key = await DpopKey.create();
  const client = await OAuthClient.register(server.origin);
  ({ access } = await key.redeem(client, await obtainCode(client, server.browser())));
});
afterAll(() => server.close());

type Changes = Parameters<DpopKey['proof']>[2];

/** A good proof but for what is changed. */
const proofWith = (changes?: Changes): Promise<string> => key.proof(['GET', url], access, changes);

async function expectRefused(proof: string, code = 'INVALID_PROOF'): Promise<Response> {
  const response = await presentBound(url, access, proof);
  expect(response.status).toBe(401);
  expect(await response.clone().json()).toMatchObject({ error: { data: { code } } });
  expect(response.headers.get('www-authenticate')).toMatch(/^DPoP /);
  return response;
}

function forge(header: object, sign?: (input: string) => string): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { htm: 'GET', htu: url, jti: randomUUID(), iat, nonce: key.nonce };
  const input = [header, claims].map((part) => base64url.encode(JSON.stringify(part))).join('.');
  return `${input}.${sign?.(input) ?? ''}`;
}

describe('a bound token', () => {
  it('passes with a proof of its key', async () => {
    expect((await presentBound(url, access, await proofWith())).status).toBe(200);
  });

  it('passes under the public address alone, whatever address the request came to', async () => {
    const signing = await newKey('k1');
    const resource = await startResourceServer([signing.publicJwk]);
    const token = await sign(signing, claims({ cnf: { jkt: key.thumbprint } }));
    const present = async (htu: string, nonce?: string): Promise<Response> =>
      fetch(`${resource.origin}/mcp`, {
        headers: {
          authorization: `DPoP ${token}`,
          dpop: await key.proof(['GET', htu], token, { claims: { nonce } }),
          'x-forwarded-host': 'evil.example',
        },
      });
    const asked = await present(RESOURCE.href);
    const nonce = asked.headers.get('dpop-nonce') ?? '';
    expect((await present(RESOURCE.href, nonce)).status).toBe(200);
    for (const htu of [`${resource.origin}/mcp`, 'http://evil.example/mcp']) {
      const response = await present(htu, nonce);
      expect(await response.json()).toMatchObject({ code: 'INVALID_PROOF' });
    }
    await resource.close();
  });
});

describe('a proof is refused', () => {
  it.each<[string, Changes]>([
    ['for another method', { claims: { htm: 'POST' } }],
    ['for a method in lower case', { claims: { htm: 'get' } }],
    ['for another server', { claims: { htu: 'https://evil.example/mcp' } }],
    ['for another endpoint', { claims: { htu: 'http://127.0.0.1/sse' } }],
    ['for what is no address', { claims: { htu: '/mcp' } }],
    ['without a method', { claims: { htm: undefined } }],
    ['without an address', { claims: { htu: undefined } }],
    ['without an id', { claims: { jti: undefined } }],
    ['with an empty id', { claims: { jti: '' } }],
    ['with an id that is too long', { claims: { jti: 'x'.repeat(257) } }],
    ['with an id that is no text', { claims: { jti: { x: 1 } } }],
    ['without a time', { claims: { iat: undefined } }],
    ['with a time that is none', { claims: { iat: null } }],
    ['ten minutes old', { claims: { iat: Math.floor(Date.now() / 1000) - 600 } }],
    ['ten minutes ahead', { claims: { iat: Math.floor(Date.now() / 1000) + 600 } }],
    ['for another token', { claims: { ath: 'x'.repeat(43) } }],
    ['for no token', { claims: { ath: undefined } }],
    ['of another type', { header: { typ: 'JWT' } }],
    ['of no type', { header: { typ: undefined } }],
    ['without its key', { header: { jwk: undefined } }],
    ['with a key that is none', { header: { jwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } } }],
    ['with a key that only has a name', { header: { jwk: undefined, kid: 'k1' } }],
  ])('%s', async (_what, changes) => {
    await expectRefused(await proofWith(changes));
  });

  it('of another key', async () => {
    const thief = await DpopKey.create();
    thief.nonce = key.nonce;
    await expectRefused(await thief.proof(['GET', url], access));
  });

  it('that names one key and is signed with another', async () => {
    const thief = await DpopKey.create();
    thief.nonce = key.nonce;
    await expectRefused(await thief.proof(['GET', url], access, { header: { jwk: key.publicJwk } }));
  });

  it('that brings the private key along', async () => {
    await expectRefused(await proofWith({ header: { jwk: key.privateJwk } }));
    await expectRefused(await proofWith({ header: { jwk: { ...key.publicJwk, p: 'x' } } }));
  });

  it('without a signature', async () => {
    for (const alg of ['none', 'None', '']) {
      await expectRefused(forge({ alg, typ: 'dpop+jwt', jwk: key.publicJwk }));
    }
    const [header = '', claims = ''] = (await proofWith()).split('.');
    await expectRefused(`${header}.${claims}.`);
  });

  it('signed with a secret instead of a key', async () => {
    const secret = 'a secret that the thief has made up';
    const hmac = (input: string): string => createHmac('sha256', secret).update(input).digest('base64url');
    const jwk = { kty: 'oct', k: base64url.encode(secret) };
    await expectRefused(forge({ alg: 'HS256', typ: 'dpop+jwt', jwk }, hmac));
    await expectRefused(forge({ alg: 'HS256', typ: 'dpop+jwt', jwk: key.publicJwk }, hmac));
  });

  it.each(['RS256', 'ES384'])('signed with %s, which is not offered', async (alg) => {
    const signing = await newKey('k1');
    const resource = await startResourceServer([signing.publicJwk]);
    const other = await DpopKey.create(alg);
    const token = await sign(signing, claims({ cnf: { jkt: other.thumbprint } }));
    const proof = await other.proof(['GET', RESOURCE.href], token, { header: { alg } });
    const response = await presentBound(`${resource.origin}/mcp`, token, proof);
    expect(await response.json()).toMatchObject({
      code: 'INVALID_PROOF',
      message: 'The DPoP proof is not valid.',
    });
    await resource.close();
  });

  it('with claims that were changed afterwards', async () => {
    const [header = '', , signature = ''] = (await proofWith()).split('.');
    const claims = base64url.encode(
      JSON.stringify({ htm: 'GET', htu: url, jti: 'x', iat: Date.now() / 1000 }),
    );
    await expectRefused(`${header}.${claims}.${signature}`);
  });

  it.each(['', 'x', 'a.b.c', '..', 'x'.repeat(5000)])('that is none', async (proof) => {
    await expectRefused(proof);
  });

  it('that is one of two', async () => {
    const proofs = [await proofWith(), await proofWith()];
    await expectRefused(proofs.join(', '));
    const status = await new Promise((resolve, reject) => {
      httpRequest(url, { headers: { authorization: `DPoP ${access}`, dpop: proofs } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(401);
  });

  it('for a path below the endpoint, or above it', async () => {
    for (const htu of [`${url}/more`, `${url}//`, server.origin, `${server.origin}/sse`]) {
      await expectRefused(await proofWith({ claims: { htu } }));
    }
  });

  it('whose nonce the server has not made', async () => {
    for (const nonce of [undefined, '', 'x'.repeat(43), 7]) {
      const response = await expectRefused(await proofWith({ claims: { nonce } }), 'NONCE_REQUIRED');
      expect(response.headers.get('dpop-nonce')).toMatch(/^[\w-]{43}$/);
      expect(response.headers.get('www-authenticate')).toContain('error="use_dpop_nonce"');
    }
  });

  it('whose nonce the server has made too long ago', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 180_000);
    expect((await presentBound(url, access, await proofWith())).status).toBe(200);
    vi.setSystemTime(Date.now() + 180_000);
    await expectRefused(await proofWith(), 'NONCE_REQUIRED');
    vi.useRealTimers();
  });

  it('and nothing of it is logged', () => {
    expect(JSON.stringify([server.log, server.telemetry.audits, server.telemetry.lines])).not.toMatch(/eyJ/);
    expect(server.telemetry.audits).toContainEqual(
      expect.objectContaining({
        action: 'token.refused',
        clientId: expect.any(String) as string,
        details: expect.objectContaining({ reason: 'The DPoP proof is for another method.' }) as object,
      }),
    );
  });
});
