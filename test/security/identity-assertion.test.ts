import { exportJWK, exportSPKI, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAssertionIssuer } from '../fixtures/assertion-issuer.ts';
import { CLIENT_SECRET, type Enterprise, JWT_BEARER_GRANT, startEnterprise } from '../fixtures/enterprise.ts';
import { OAuthClient, registration } from '../fixtures/oauth-client.ts';

let enterprise: Enterprise;

beforeAll(async () => {
  enterprise = await startEnterprise();
});
afterAll(() => enterprise.close());

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** Refused as an assertion, with nothing issued. */
async function expectRefused(assertion: string, reason: string): Promise<void> {
  const { status, body } = await enterprise.present(assertion);
  expect([status, body.error, body.access_token]).toEqual([400, 'invalid_grant', undefined]);
  expect(body.error_description).toContain(reason);
}

describe('an assertion', () => {
  it('that is good is accepted, so that the others are refused for what they are', async () => {
    expect((await enterprise.present(await enterprise.idp.sign(enterprise.claims()))).status).toBe(200);
  });

  it.each<[what: string, changes: () => Record<string, unknown>, reason: string]>([
    ['for another authorization server', () => ({ aud: 'https://elsewhere.example' }), 'not for this'],
    [
      'for this one and another',
      () => ({ aud: [enterprise.server.origin, 'https://elsewhere.example'] }),
      'several audiences',
    ],
    ['for the token endpoint', () => ({ aud: `${enterprise.server.origin}/token` }), 'not for this'],
    ['for nobody', () => ({ aud: undefined }), 'not for this'],
    ['of another client', () => ({ client_id: 'other' }), 'another client'],
    ['of no client', () => ({ client_id: undefined }), 'client_id'],
    ['for another resource', () => ({ resource: 'https://elsewhere.example/mcp' }), 'another resource'],
    [
      'for this resource and another',
      () => ({ resource: [`${enterprise.server.origin}/mcp`, 'https://elsewhere.example/mcp'] }),
      'another resource',
    ],
    ['for no resource', () => ({ resource: undefined }), 'resource'],
    ['that has expired', () => ({ iat: now() - 400, exp: now() - 100 }), 'expired'],
    ['that never expires', () => ({ exp: undefined }), 'exp'],
    ['that lives too long', () => ({ exp: now() + 90_000 }), 'too long'],
    ['that is old, whatever it says of its end', () => ({ iat: now() - 4000 }), 'expired'],
    ['from the future', () => ({ iat: now() + 600 }), 'from the future'],
    ['that is not valid yet', () => ({ nbf: now() + 600 }), 'not valid yet'],
    ['without an id', () => ({ jti: undefined }), 'jti'],
    ['about nobody', () => ({ sub: undefined }), 'sub'],
    ['bound to a key that nobody proves to have', () => ({ cnf: { jkt: 'thumbprint' } }), 'bound to a key'],
    ['of an issuer that is not trusted', () => ({ iss: 'https://elsewhere.example' }), 'issuer'],
    [
      'with an address that the provider has not verified',
      () => ({ sub: 'eve', email: 'eve@corp.example', email_verified: false }),
      'email_unverified',
    ],
  ])('%s is refused', async (_what, changes, reason) => {
    await expectRefused(await enterprise.idp.sign(enterprise.claims(changes())), reason);
  });

  it.each(['JWT', 'at+jwt', 'dpop+jwt', 'oauth-id-jag', undefined])(
    'of type %s is refused: an ID token, say, or an access token of the provider',
    async (typ) => {
      const header = typ === undefined ? { typ: undefined } : { typ };
      // JSON leaves out what is undefined.
      await expectRefused(await enterprise.idp.sign(enterprise.claims(), header as { typ: string }), 'typ');
    },
  );

  it('that nobody signed, or with the public key as a secret, is refused', async () => {
    const { idp, claims } = enterprise;
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const payload = { iss: idp.issuer, iat: now(), exp: now() + 300, jti: 'unsigned', ...claims() };
    const type = { typ: 'oauth-id-jag+jwt' };
    await expectRefused(`${encode({ alg: 'none', ...type })}.${encode(payload)}.`, 'not valid');
    const { publicKey } = await generateKeyPair('ES256', { extractable: true });
    const secret = new TextEncoder().encode(await exportSPKI(publicKey));
    await expectRefused(await idp.sign(claims(), { alg: 'HS256' }, secret), 'not valid');
  });

  it('that somebody else signed is refused, with the key inside or the name of a known one', async () => {
    const { idp, claims } = enterprise;
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    await expectRefused(await idp.sign(claims(), {}, privateKey), 'not valid');
    const jwk = await exportJWK(publicKey);
    await expectRefused(await idp.sign(claims(), { jwk, kid: 'mine' }, privateKey), 'not valid');
    const jku = `${idp.issuer}/elsewhere`;
    await expectRefused(await idp.sign(claims(), { jku, kid: 'mine' }, privateKey), 'not valid');
    const rogue = await startAssertionIssuer();
    await expectRefused(await rogue.sign({ ...claims(), iss: idp.issuer }), 'not valid');
    await expectRefused(await rogue.sign(claims()), 'issuer');
    await rogue.close();
  });

  it('of a provider that people sign in at, but that is not to vouch by assertions, is refused', async () => {
    const [managed, plain] = [await startAssertionIssuer(), await startAssertionIssuer()];
    const provider = { name: 'Example Ltd.', clientId: 'fairlead', clientSecret: 'secret' };
    const identityProviders = [
      { ...provider, id: 'managed', issuer: managed.issuer, enterpriseManaged: true },
      { ...provider, id: 'plain', issuer: plain.issuer },
    ];
    const two = await startEnterprise({ options: { identityProviders } });
    expect((await two.present(await managed.sign(two.claims()))).status).toBe(200);
    const { status, body } = await two.present(await plain.sign(two.claims({ sub: 'other' })));
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
    expect(body.error_description).toContain('its issuer is none');
    await Promise.all([two.close(), managed.close(), plain.close()]);
  });

  it('that is no JWT, or endless, is refused before any key is asked for', async () => {
    const before = enterprise.idp.keyRequests();
    await expectRefused('nonsense', 'no signed JWT');
    await expectRefused('x'.repeat(20_000), 'issuer');
    expect(enterprise.idp.keyRequests()).toBe(before);
  });

  it('works once, also of 20 times at once', async () => {
    const assertion = await enterprise.idp.sign(enterprise.claims());
    const answers = await Promise.all(Array.from({ length: 20 }, () => enterprise.present(assertion)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    await expectRefused(assertion, 'used already');
  });

  it('lets in nobody whose account is disabled, nor into the account of somebody else', async () => {
    const { idp, claims, server } = enterprise;
    await enterprise.present(await idp.sign(claims({ sub: 'bob', email: 'bob@corp.example' })));
    const bob = await server.accounts.findByEmail('bob@corp.example');
    await server.accounts.update(bob?.id ?? '', { disabledAt: new Date().toISOString() });
    await expectRefused(
      await idp.sign(claims({ sub: 'bob', email: 'bob@corp.example' })),
      'account_disabled',
    );
    const local = await idp.sign(claims({ sub: 'mallory', email: 'owner@example.com' }));
    await expectRefused(local, 'email_taken');
  });
});

describe('a client', () => {
  it('has to prove who it is', async () => {
    const assertion = await enterprise.idp.sign(enterprise.claims());
    for (const client_secret of [null, 'wrong']) {
      const { status, body } = await enterprise.present(assertion, { client_secret });
      expect([status, body.error]).toEqual([401, 'invalid_client']);
    }
    expect((await enterprise.present(assertion)).status).toBe(200);
  });

  it('cannot present what was made for another, nor use the grant without being allowed to', async () => {
    const { idp, claims, server } = enterprise;
    const other = await new OAuthClient(server.origin, 'other').token({
      grant_type: JWT_BEARER_GRANT,
      assertion: await idp.sign(claims()),
      client_secret: CLIENT_SECRET,
    });
    expect(other.body.error_description).toContain('another client');
    const portal = await new OAuthClient(server.origin, 'portal').token({
      grant_type: JWT_BEARER_GRANT,
      assertion: await idp.sign(claims({ client_id: 'portal' })),
      client_secret: CLIENT_SECRET,
    });
    expect([portal.status, portal.body.access_token]).toEqual([400, undefined]);
  });

  it('that anybody can register never gets the grant', async () => {
    const { server } = enterprise;
    const metadata = { grant_types: ['authorization_code', JWT_BEARER_GRANT] };
    const response = await registration(server.origin, {
      ...metadata,
      token_endpoint_auth_method: 'client_secret_post',
    });
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_client_metadata' }),
    ]);
  });

  it('gets nothing for another resource than the one it asks for', async () => {
    const { idp, claims } = enterprise;
    const { body } = await enterprise.present(await idp.sign(claims()), {
      resource: 'https://elsewhere.example/',
    });
    expect(body.error).toBe('invalid_target');
  });
});

describe('with sender-constrained tokens required', () => {
  it('an assertion alone gives no bearer token', async () => {
    const strict = await startEnterprise({ options: { dpop: 'required' } });
    const { status, body } = await strict.present(await strict.idp.sign(strict.claims()));
    expect([status, body.access_token]).toEqual([400, undefined]);
    await strict.close();
  });
});
