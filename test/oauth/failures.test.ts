import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import {
  obtainCode,
  obtainTokens,
  present,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(() => server.close());

/** Lets the store fail for as long as the work takes. */
async function withoutStore<T>(failure: Error, work: () => Promise<T>): Promise<T> {
  const spy = vi.spyOn(server.store, 'get').mockRejectedValue(failure);
  try {
    return await work();
  } finally {
    spy.mockRestore();
  }
}

/** Where a request with these headers is sent on to. */
async function locationOf(url: URL, headers: Record<string, string>): Promise<string | undefined> {
  const sent = request(url, { headers }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.headers.location;
}

describe('when something fails inside', () => {
  it('an outage of the store is a 503 that says when to come back, at endpoints and on pages', async () => {
    const client = await OAuthClient.register(server.origin);
    const code = await obtainCode(client, server.browser());
    const outage = new AppError('UNAVAILABLE', 'The store cannot be reached.', { retryAfter: 7 });
    await withoutStore(outage, async () => {
      const response = await client.post('/token', { grant_type: 'authorization_code', code });
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('7');
      expect(await response.json()).toMatchObject({ error: 'server_error' });
      const page = await server.browser().open(client.authorizationUrl());
      expect(page.status).toBe(503);
    });
    // Nothing was lost by asking.
    expect((await client.exchange(code)).status).toBe(200);
  });

  it('says so too where it serves what the provider does not', async () => {
    const { client, tokens } = await obtainTokens(server);
    const take = vi.spyOn(server.store, 'take').mockRejectedValue(new AppError('UNAVAILABLE', 'No store.'));
    const response = await client.revoke(tokens.access);
    take.mockRestore();
    expect(response.status).toBe(503);
    expect(server.log.at(-1)).toContain('"error":"UNAVAILABLE"');
    expect(await present(server, tokens.access)).toBe(200);
  });

  it('a fault is a 500 that tells nothing, and the log holds it under the id of the request', async () => {
    const client = await OAuthClient.register(server.origin);
    const fault = new Error('the secret reason');
    await withoutStore(fault, async () => {
      const response = await client.post('/token', { grant_type: 'refresh_token', refresh_token: 'x' });
      expect(response.status).toBe(500);
      expect(await response.text()).not.toContain('secret reason');
      const id = response.headers.get('x-request-id') ?? '';
      const line = server.log.find((entry) => entry.includes('secret reason'));
      expect(line).toContain(id);
      const page = await server.browser().open(client.authorizationUrl());
      expect([page.status, page.html.includes('secret reason')]).toEqual([500, false]);
      expect(page.html).toContain(page.headers.get('x-request-id'));
    });
  });
});

describe('the public origin', () => {
  it('is what every address is made from, whatever a request says of itself', async () => {
    const client = await OAuthClient.register(server.origin);
    const { port } = new URL(server.origin);
    const location = await locationOf(client.authorizationUrl(), {
      // Allowed, as it means this machine, and still not the public origin.
      host: `localhost:${port}`,
      'x-forwarded-host': 'attacker.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=attacker.example;proto=https',
    });
    expect(location).toMatch(/^\/interaction\//);
    const { keys } = await server.store.scan('auth:Interaction:', 100);
    const records = await Promise.all(keys.map((key) => server.store.get(key)));
    expect(records.join('')).not.toMatch(/attacker|localhost/);
    expect(records.join('')).toContain(`"returnTo":"${server.origin}/authorize/`);
  });
});
