import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OAuthClient, REDIRECT_URI } from '../fixtures/oauth-client.ts';

const KNOWN = 'https://known.example.com/client.json';
const NEW = 'https://new.example.com/client.json';

const clock = new ManualClock(Date.now());
let server: RunningAuthorizationServer;
let fetched: string[];
/** What is to be found where, beside the documents. */
const answers = new Map<string, object>();

beforeEach(async () => {
  fetched = [];
  server = await startAuthorizationServer({
    clock,
    trustProxy: ['loopback'],
    fetch: (url) => {
      fetched.push(url);
      const answer = answers.get(url);
      if (answer !== undefined) return Promise.resolve(Response.json(answer));
      if (!url.startsWith('https://known.') && !url.startsWith('https://new.')) {
        return Promise.resolve(new Response('', { status: 404 }));
      }
      return Promise.resolve(
        Response.json({
          client_id: url,
          client_name: 'Agent',
          redirect_uris: [REDIRECT_URI],
          token_endpoint_auth_method: 'none',
        }),
      );
    },
  });
});
afterEach(() => server.close());

/** The status of an authorization request that came from this address. */
async function ask(clientId: string, address: string): Promise<number> {
  const response = await fetch(new OAuthClient(server.origin, clientId).authorizationUrl(), {
    headers: { accept: 'text/html', 'x-forwarded-for': address },
    redirect: 'manual',
  });
  await response.body?.cancel();
  return response.status;
}

/** Requests from as many addresses, each for a document of its own that is not there. */
async function flood(from = 0): Promise<void> {
  await Promise.all(
    Array.from({ length: 320 }, (_, index) =>
      ask(nonsense(from + index), `203.0.${Math.floor(index / 200)}.${index % 200}`),
    ),
  );
}

function nonsense(index: number): string {
  return `https://stranger.example/${index}.json`;
}

describe('somebody who names documents that are of no use', () => {
  it('is stopped after thirty in a minute', async () => {
    for (let index = 0; index < 40; index++) await ask(nonsense(index), '203.0.113.1');
    expect(fetched).toHaveLength(30);
    // Another address of the same site is the same somebody.
    fetched = [];
    for (let index = 0; index < 40; index++) await ask(nonsense(100 + index), `2001:db8::${index}`);
    expect(fetched).toHaveLength(30);
  });

  it('keeps nobody else from theirs', async () => {
    for (let index = 0; index < 40; index++) await ask(nonsense(index), '203.0.113.1');
    expect(await ask(NEW, '198.51.100.1')).toBe(303);
  });

  it('from however many addresses, makes no more than three hundred fetches a minute', async () => {
    await flood();
    expect(fetched).toHaveLength(300);
    clock.advance(60_000);
    expect(await ask(NEW, '198.51.100.1')).toBe(303);
  });

  it('keeps no client out whose document was good before, though it has to be fetched again', async () => {
    expect(await ask(KNOWN, '198.51.100.1')).toBe(303);
    await flood();
    // Pushes the document out of what is kept: there is room for one or two hundred.
    clock.advance(60_000);
    await Promise.all(
      Array.from({ length: 250 }, (_, index) =>
        ask(`https://new.example.com/${index}.json`, `198.51.100.${index}`),
      ),
    );
    await flood(1000);
    fetched = [];
    expect(await ask(NEW, '198.51.100.1')).toBe(400);
    expect(await ask(KNOWN, '198.51.100.1')).toBe(303);
    expect(fetched).toEqual([KNOWN]);
  });
});

describe('somebody who registers clients whose keys are nowhere', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: '1' }] };

  async function signer(host: string): Promise<OAuthClient> {
    return await OAuthClient.register(server.origin, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: `https://${host}/keys`,
    });
  }

  /** The answer to a request that the client has signed and that came from this address. */
  async function authenticate({ clientId }: OAuthClient, address: string): Promise<string> {
    const assertion = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', kid: '1' })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(server.origin)
      .setExpirationTime('1m')
      .sign(privateKey);
    const response = await fetch(`${server.origin}/token`, {
      method: 'POST',
      headers: { 'x-forwarded-for': address },
      body: new URLSearchParams({
        ...{ grant_type: 'refresh_token', refresh_token: 'unknown', client_id: clientId },
        client_assertion: assertion,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      }),
    });
    return ((await response.json()) as { error: string }).error;
  }

  it('is stopped after thirty fetches in a minute, and keeps no client out whose keys were good before', async () => {
    answers.set('https://keys.example.com/keys', keys);
    const known = await signer('keys.example.com');
    // Authenticated: what is wrong is the token.
    expect(await authenticate(known, '198.51.100.1')).toBe('invalid_grant');
    const stranger = await signer('stranger.example');
    fetched = [];
    for (let index = 0; index < 40; index++) await authenticate(stranger, '203.0.113.1');
    expect(fetched).toHaveLength(30);
    await Promise.all(Array.from({ length: 320 }, (_, index) => authenticate(stranger, `203.0.${index}.1`)));
    // One of the three hundred was for the keys that are good.
    expect(fetched).toHaveLength(299);
    expect(await authenticate(await signer('keys.example.com'), '203.0.113.1')).toBe('invalid_grant');
  });
});
