import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  obtainCode,
  obtainTokens,
  OWNER,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer();
});
afterAll(async () => {
  await server.close();
});

/** Everything that a thief of the state gets, keys and values, and what base64 hides in them. */
async function stolen(): Promise<string> {
  const found: string[] = [];
  let after: string | undefined;
  do {
    const page = await server.store.scan('', 1000, after);
    for (const key of page.keys) found.push(key, (await server.store.get(key)) ?? '');
    after = page.next;
  } while (after !== undefined);
  const text = found.join('\n');
  const decoded = text.match(/[\w-]{24,}/g)?.map((word) => Buffer.from(word, 'base64url').toString('latin1'));
  return [text, ...(decoded ?? [])].join('\n');
}

it('a copy of the state holds no password, code or token that opens anything', async () => {
  const { client, tokens } = await obtainTokens(server);
  const { body: rotated } = await client.refresh(tokens.refresh);
  const other = await OAuthClient.register(server.origin);
  const unused = await obtainCode(other, server.browser());
  const copy = await stolen();
  // The copy is of what was done here.
  expect(copy).toContain(client.clientId);
  const secrets = {
    password: OWNER.password,
    code: unused,
    accessToken: tokens.access,
    refreshToken: rotated.refresh_token ?? '',
    usedRefreshToken: tokens.refresh,
  };
  for (const [name, secret] of Object.entries(secrets)) {
    expect(secret.length, name).toBeGreaterThan(20);
    expect(copy.includes(secret), name).toBe(false);
  }
  expect((await other.exchange(unused)).status).toBe(200);
  expect((await client.refresh(secrets.refreshToken)).status).toBe(200);
});
