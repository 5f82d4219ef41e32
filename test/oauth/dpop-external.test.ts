import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DpopKey, presentBound } from '../fixtures/dpop-key.ts';
import { AUDIENCE, type ExternalServer, startExternalServer } from '../fixtures/external-mode.ts';
import { startTokenIssuer, type TokenIssuer } from '../fixtures/token-issuer.ts';

let signing: TokenIssuer;
let answering: TokenIssuer;
let server: ExternalServer;
let key: DpopKey;

beforeAll(async () => {
  [signing, answering] = [await startTokenIssuer(), await startTokenIssuer()];
  key = await DpopKey.create();
  server = await startExternalServer([
    { issuer: signing.issuer, prefix: 'one' },
    {
      ...{ issuer: answering.issuer, prefix: 'other', type: 'introspection' },
      ...{ clientId: 'fairlead', clientSecret: 'a secret between the two of them' },
    },
  ]);
});
afterAll(async () => {
  await server.close();
  await signing.close();
  await answering.close();
});

/** A token of each issuer that is bound to the key. */
const tokens: readonly (readonly [string, () => Promise<string>])[] = [
  ['that is signed', () => signing.token({ aud: AUDIENCE, cnf: { jkt: key.thumbprint } })],
  [
    'that is asked about',
    () => {
      const token = randomUUID();
      answering.known.set(token, {
        ...{ iss: answering.issuer, aud: AUDIENCE, sub: 'ada', client_id: 'agent', scope: 'files:read' },
        ...{ exp: Date.now() / 1000 + 300, token_type: 'DPoP', cnf: { jkt: key.thumbprint } },
      });
      return Promise.resolve(token);
    },
  ],
];

describe.each(tokens)('a bound token of another issuer %s', (_what, obtain) => {
  it('passes with a proof of its key, which works once, and not without', async () => {
    const token = await obtain();
    const url = `${server.origin}/mcp`;
    const asked = await presentBound(url, token, await key.proof(['GET', url], token));
    key.nonce = asked.headers.get('dpop-nonce') ?? key.nonce;
    const proof = await key.proof(['GET', url], token);
    expect((await presentBound(url, token, proof)).status).toBe(200);
    expect((await presentBound(url, token, proof)).status).toBe(401);
    expect(await server.ask(token)).toMatchObject({
      status: 401,
      challenge: expect.stringContaining('error="invalid_token"') as string,
    });
    const thief = await DpopKey.create();
    thief.nonce = key.nonce;
    expect((await presentBound(url, token, await thief.proof(['GET', url], token))).status).toBe(401);
  });
});
