import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, obtainCode, signIn, type Tokens } from '../fixtures/authorization-server.ts';
import { Browser } from '../fixtures/browser.ts';
import { Device, DEVICE_GRANT, enterCode } from '../fixtures/device.ts';
import type { EventStream } from '../fixtures/event-stream.ts';
import { OAuthClient, type TokenAnswer } from '../fixtures/oauth-client.ts';
import { modernClient, openRawSession } from '../fixtures/raw-mcp.ts';
import { openSse } from '../fixtures/sse-client.ts';
import { deploy, type Deployment } from './deployment.ts';
import { SHARED_STORES } from './shared-stores.ts';

const AT_ONCE = 20;
/** Milliseconds after the answer to a revocation from which no process may let its tokens in. */
const REVOKED_AFTER = 1000;
const SERVICE = 'signing-service';

const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
const limits = { AUTHORIZE: '1000000', TOKEN: '1000000', REGISTER: '1000000' };

let folder: string;
let deployment: Deployment;
/** A person's, who has signed in. */
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-authorization-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function configuration(): Promise<Record<string, string>> {
  const file = path.join(folder, 'fairlead.yaml');
  const client = { clientId: SERVICE, name: 'Signing service', scopes: ['files:read'] };
  const jwks = { keys: [await exportJWK(publicKey)] };
  const auth = { clients: [{ ...client, jwks }], deviceFlow: { enabled: true } };
  await writeFile(file, JSON.stringify({ auth }), { mode: 0o600 });
  const perMinute = Object.entries(limits).map(([name, value]) => [
    `FAIRLEAD_HTTP_RATE_LIMITS_${name}_PER_MINUTE`,
    value,
  ]);
  return {
    FAIRLEAD_AUTH_MODE: 'embedded',
    FAIRLEAD_CONFIG: file,
    ...(Object.fromEntries(perMinute) as Record<string, string>),
  };
}

describe.each(SHARED_STORES)('processes that share %s', (_name, openStore) => {
  beforeAll(async () => {
    deployment = await deploy(2, await openStore(), await configuration());
    browser = new Browser(originOf(0));
    await signIn(browser, '/account');
  });
  afterAll(() => deployment.stop());

  it('redeem a code once, and what it brought is worth nothing when it was sent more often', async () => {
    const client = await OAuthClient.register(originOf(0));
    const code = await obtainCode(client, browser);
    const answers = await everywhere((index) =>
      at(client, index).exchange(code, { code_verifier: client.verifier }),
    );
    const brought = answers.filter(({ status }) => status === 200);
    expect(brought).toHaveLength(1);
    expect(errorsOf(answers)).toEqual(new Set(['invalid_grant']));
    const [tokens] = brought.map(tokensOf);
    await expectEnded(client, tokens);
  });

  it('answer one successor to a refresh token, however often its client sends it at once', async () => {
    const { client, tokens } = await connect();
    const answers = await everywhere((index) => at(client, index).refresh(tokens.refresh));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const [successor, ...others] = new Set(answers.map(({ body }) => body.refresh_token));
    expect(others).toEqual([]);
    expect(successor).not.toBe(tokens.refresh);
    expect(await statuses(answers.map((each) => tokensOf(each).access))).toEqual(new Set([200]));
    expect((await at(client, 1).refresh(successor ?? '')).status).toBe(200);
  });

  it('end the grant for a refresh token that comes again after its successor was used elsewhere', async () => {
    const { client, tokens } = await connect();
    const second = tokensOf(await at(client, 1).refresh(tokens.refresh));
    // A lost answer.
    expect(tokensOf(await at(client, 0).refresh(tokens.refresh)).refresh).toBe(second.refresh);
    const third = tokensOf(await at(client, 0).refresh(second.refresh));
    expect((await at(client, 1).refresh(tokens.refresh)).body.error).toBe('invalid_grant');
    await expectEnded(client, third);
  });

  it('answer one code to one consent, however often its form is sent', async () => {
    const client = await OAuthClient.register(originOf(0));
    const page = await browser.open(client.authorizationUrl());
    const ends = await everywhere(() => answer(browser.copy(), page));
    const codes = ends.map(({ url }) => url.searchParams.get('code')).filter((code) => code !== null);
    expect(codes).toHaveLength(1);
    expect((await client.exchange(codes[0] ?? '')).status).toBe(200);
  });

  it('answer one code to one pushed request, however often it is opened', async () => {
    const client = await OAuthClient.register(originOf(0), {
      redirect_uris: ['https://app.example.com/callback'],
    });
    await obtainCode(client, browser);
    const pushed = await client.post('/request', Object.fromEntries(client.authorizationUrl().searchParams));
    const { request_uri: uri } = (await pushed.json()) as { request_uri: string };
    const url = new URL('/authorize', originOf(0));
    url.search = new URLSearchParams({ client_id: client.clientId, request_uri: uri }).toString();
    const ends = await everywhere(() => browser.copy().open(url));
    const codes = ends.map((end) => end.url.searchParams.get('code')).filter((code) => code !== null);
    expect(codes).toHaveLength(1);
  });

  it('redeem the code of a device once, and what it brought is worth nothing when it was sent more often', async () => {
    const client = await Device.register(originOf(0));
    const device = await Device.begin(client);
    const window = browser.copy();
    const [form] = (await enterCode(window, device.codes.user_code)).forms;
    if (form === undefined) throw new Error('Nothing to confirm');
    await answer(window, await window.submit(form, {}, 'I started this'));
    const answers = await everywhere((index) =>
      at(client, index).token({ grant_type: DEVICE_GRANT, device_code: device.codes.device_code }),
    );
    const brought = answers.filter(({ status }) => status === 200);
    expect(brought).toHaveLength(1);
    expect(errorsOf(answers)).toEqual(new Set(['invalid_grant']));
    for (const each of brought) await expectEnded(client, tokensOf(each));
  });

  it('take the assertion of a client once', async () => {
    const client_assertion = await assertion();
    const answers = await everywhere((index) =>
      new OAuthClient(originOf(index), SERVICE).token({
        grant_type: 'client_credentials',
        client_assertion,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      }),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(errorsOf(answers)).toEqual(new Set(['invalid_client']));
  });

  describe('refuse a grant and end its streams within a second, once it was ended', () => {
    it('on the account page', async () => {
      const { client, tokens } = await connect();
      await expectEndedBy(client, tokens, async () => {
        const page = await browser.open('/account');
        const gid = String(claimsOf(tokens.access)['gid']);
        const form = page.forms.find(({ fields }) => fields.get('grant') === gid);
        if (form === undefined) throw new Error(`No form for the grant: ${page.html}`);
        expect((await browser.submit(form)).status).toBe(200);
      });
    });

    it('by the client', async () => {
      const { client, tokens } = await connect();
      await expectEndedBy(client, tokens, async () => {
        expect((await at(client, 1).revoke(tokens.refresh)).status).toBe(200);
      });
    });

    it('by the second use of a refresh token', async () => {
      const { client, tokens } = await connect();
      const second = tokensOf(await client.refresh(tokens.refresh));
      const third = tokensOf(await client.refresh(second.refresh));
      await expectEndedBy(client, third, async () => {
        expect((await at(client, 1).refresh(tokens.refresh)).status).toBe(400);
      });
    });
  });
});

function originOf(index: number): string {
  return new URL(deployment.urls[index % deployment.urls.length] ?? '').origin;
}

function at(client: OAuthClient, index: number): OAuthClient {
  return new OAuthClient(originOf(index), client.clientId, client.redirectUri);
}

/** Does something many times at once, in turns at every process. */
async function everywhere<T>(act: (index: number) => Promise<T>): Promise<T[]> {
  const each = Array.from({ length: AT_ONCE }, (_, index) => index);
  // With connections that are open already, none is ahead of the others.
  await Promise.all(each.map(async (index) => (await fetch(`${originOf(index)}/jwks`)).arrayBuffer()));
  return await Promise.all(each.map(act));
}

async function connect(): Promise<{ client: OAuthClient; tokens: Tokens }> {
  const client = await OAuthClient.register(originOf(0));
  return { client, tokens: tokensOf(await client.exchange(await obtainCode(client, browser))) };
}

function tokensOf({ body }: TokenAnswer): Tokens {
  return { access: body.access_token ?? '', refresh: body.refresh_token ?? '' };
}

function errorsOf(answers: readonly TokenAnswer[]): Set<string | undefined> {
  return new Set(answers.filter(({ status }) => status !== 200).map(({ body }) => body.error));
}

function claimsOf(token: string): Record<string, unknown> {
  const [, claims = ''] = token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
}

async function assertion(): Promise<string> {
  return await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(SERVICE)
    .setSubject(SERVICE)
    .setAudience(originOf(0))
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(privateKey);
}

async function present(url: string, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await modernClient(url, { headers }).request('tools/list')).status;
}

/** What every process answers to each of the tokens. */
async function statuses(tokens: readonly string[]): Promise<Set<number>> {
  const presented = deployment.urls.flatMap((url) => tokens.map((token) => present(url, token)));
  return new Set(await Promise.all(presented));
}

async function expectEnded(client: OAuthClient, tokens: Tokens | undefined): Promise<void> {
  expect(await statuses([tokens?.access ?? ''])).toEqual(new Set([401]));
  for (const index of deployment.urls.keys()) {
    expect((await at(client, index).refresh(tokens?.refresh ?? '')).body.error).toBe('invalid_grant');
  }
}

/** Every kind of stream that stays open, at one process. */
async function openStreams(url: string, token: string): Promise<EventStream[]> {
  const headers = { authorization: `Bearer ${token}` };
  const session = await openRawSession(url, { headers });
  const { stream: listening, text } = await modernClient(url, { headers }).request('subscriptions/listen', {
    notifications: { toolsListChanged: true },
  });
  if (listening === undefined) throw new Error(`No stream: ${text}`);
  await listening.of('notifications/subscriptions/acknowledged');
  return [await session.listen(), listening, (await openSse(url, headers)).stream];
}

async function expectEndedBy(client: OAuthClient, tokens: Tokens, end: () => Promise<void>): Promise<void> {
  const streams = await Promise.all(deployment.urls.map((url) => openStreams(url, tokens.access)));
  expect(await statuses([tokens.access])).toEqual(new Set([200]));
  await end();
  const endedAt = performance.now();
  await Promise.all(
    deployment.urls.map(async (url) => {
      let sentAt = performance.now();
      // Whenever it is answered: what was sent a second after the end is refused.
      while ((await present(url, tokens.access)) !== 401) {
        expect(sentAt - endedAt).toBeLessThan(REVOKED_AFTER);
        sentAt = performance.now();
      }
    }),
  );
  for (const stream of streams.flat()) await stream.end();
  await expectEnded(client, tokens);
}
