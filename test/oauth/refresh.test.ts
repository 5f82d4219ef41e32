import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  obtainCode,
  obtainTokens,
  present,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

function atOnce<T>(count: number, ask: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, ask));
}

describe('refresh tokens (OAuth 2.1 §4.3)', () => {
  let server: RunningAuthorizationServer;
  const clock = new ManualClock(Date.now());

  beforeAll(async () => {
    server = await startAuthorizationServer({ clock });
  });
  afterAll(() => server.close());

  it('are rotated with every use', async () => {
    const { client, tokens } = await obtainTokens(server);
    const seen = [tokens.refresh];
    for (let use = 0; use < 3; use++) {
      const { status, body } = await client.refresh(seen.at(-1) ?? '');
      expect(status).toBe(200);
      expect(await present(server, body.access_token ?? '')).toBe(200);
      seen.push(body.refresh_token ?? '');
    }
    expect(new Set(seen).size).toBe(4);
  });

  it('lead 20 uses at once to one and the same successor, which then works', async () => {
    const { client, tokens } = await obtainTokens(server);
    const answers = await atOnce(20, () => client.refresh(tokens.refresh));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
    const successors = new Set(answers.map(({ body }) => body.refresh_token));
    expect(successors.size).toBe(1);
    const [successor = ''] = successors;
    expect((await client.refresh(successor)).status).toBe(200);
  });

  it('may be narrowed for one access token without losing scopes for the next', async () => {
    const { client, tokens } = await obtainTokens(server, { changes: { scope: 'files:read data:read' } });
    const narrow = await client.refresh(tokens.refresh, { scope: 'data:read' });
    expect(narrow.body.scope).toBe('data:read');
    const full = await client.refresh(narrow.body.refresh_token ?? '');
    expect(full.body.scope).toBe('files:read data:read');
  });

  it('do not outlive the account', async () => {
    const person = { email: 'leaver@example.com', password: 'gone with the next tide' };
    await server.accounts.add({ ...person, role: 'owner' });
    const { client, tokens } = await obtainTokens(server, { person });
    await server.accounts.remove(person.email);
    expect((await client.refresh(tokens.refresh)).body.error).toBe('invalid_grant');
    expect(await present(server, tokens.access)).toBe(401);
  });

  it('are not issued to a client that did not register for them', async () => {
    const client = await OAuthClient.register(server.origin, { grant_types: ['authorization_code'] });
    const { body } = await client.exchange(await obtainCode(client, server.browser()));
    expect(body.access_token).toBeDefined();
    expect(body).not.toHaveProperty('refresh_token');
  });

  it('stand in no record of the store', async () => {
    const { client, tokens } = await obtainTokens(server);
    const { body } = await client.refresh(tokens.refresh);
    const { keys } = await server.store.scan('auth:', 10_000);
    const values = await Promise.all(keys.map((key) => server.store.get(key)));
    const everything = [...keys, ...values].join('\n');
    for (const secret of [tokens.refresh, body.refresh_token, tokens.access]) {
      expect(everything).not.toContain(secret);
    }
  });
});

/**
 * Lets so many requests look at a record together, twice, before any of them goes on: when it is found, and
 * when it is about to be used up.
 */
function readTogether(server: RunningAuthorizationServer, kind: string, readers: number): void {
  const read = server.store.get.bind(server.store);
  const waiting: (() => void)[] = [];
  let rounds = 2;
  vi.spyOn(server.store, 'get').mockImplementation(async (key) => {
    const value = await read(key);
    if (rounds === 0 || !key.startsWith(`auth:${kind}:`)) return value;
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length < readers) return;
      rounds--;
      for (const release of waiting.splice(0)) release();
    });
    return value;
  });
}

describe('uses that run exactly side by side', () => {
  it('of a refresh token get the same successor', async () => {
    const server = await startAuthorizationServer();
    const { client, tokens } = await obtainTokens(server);
    readTogether(server, 'RefreshToken', 20);
    const answers = await atOnce(20, () => client.refresh(tokens.refresh));
    vi.restoreAllMocks();
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
    const [successor = '', ...others] = new Set(answers.map(({ body }) => body.refresh_token));
    expect(others).toEqual([]);
    expect((await client.refresh(successor)).status).toBe(200);
    await server.close();
  });

  it('never bring a used successor back to life', async () => {
    const server = await startAuthorizationServer();
    const { client, tokens } = await obtainTokens(server);
    const successor = (await client.refresh(tokens.refresh)).body.refresh_token ?? '';
    const swap = server.store.swap.bind(server.store);
    let next: string | undefined;
    // The successor is used at the very moment in which the repeated request is about to write it again.
    const spy = vi.spyOn(server.store, 'swap').mockImplementation(async (...change) => {
      const [key, expected] = change;
      if (key.startsWith('auth:RefreshToken:') && expected === undefined) {
        spy.mockRestore();
        next = (await client.refresh(successor)).body.refresh_token;
      }
      return await swap(...change);
    });
    expect((await client.refresh(tokens.refresh)).body.refresh_token).toBe(successor);
    expect(next).toBeDefined();
    expect((await client.refresh(successor)).body.refresh_token).toBe(next);
    await server.close();
  });

  it('of a code are one', async () => {
    const server = await startAuthorizationServer();
    const client = await OAuthClient.register(server.origin);
    const code = await obtainCode(client, server.browser());
    readTogether(server, 'AuthorizationCode', 20);
    const answers = await atOnce(20, () => client.exchange(code));
    vi.restoreAllMocks();
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error === 'invalid_grant')).toHaveLength(19);
    await server.close();
  });
});

describe('without a grace', () => {
  it('of 20 uses of one refresh token at once one succeeds, and the grant ends', async () => {
    const server = await startAuthorizationServer({ options: { refreshGraceSeconds: 0 } });
    const { client, tokens } = await obtainTokens(server);
    const answers = await atOnce(20, () => client.refresh(tokens.refresh));
    const [success, ...more] = answers.filter(({ status }) => status === 200);
    expect(more).toEqual([]);
    expect(answers.filter(({ body }) => body.error === 'invalid_grant')).toHaveLength(19);
    expect((await client.refresh(success?.body.refresh_token ?? '')).body.error).toBe('invalid_grant');
    expect(await present(server, success?.body.access_token ?? '')).toBe(401);
    expect(server.telemetry.audits.map(({ action }) => action)).toContain('grant.revoked');
    await server.close();
  });
});

describe('between replicas', () => {
  it('a refresh token that was used at one is rotated for the other', async () => {
    const server = await startAuthorizationServer();
    const replica = await startAuthorizationServer({ like: server, publicUrl: server.origin });
    const { client, tokens } = await obtainTokens(server);
    const elsewhere = new OAuthClient(replica.origin, client.clientId);
    const [here, there] = await Promise.all([
      client.refresh(tokens.refresh),
      elsewhere.refresh(tokens.refresh),
    ]);
    expect(here.body.refresh_token).toBeDefined();
    expect(here.body.refresh_token).toBe(there.body.refresh_token);
    await replica.close();
    await server.close();
  });
});
