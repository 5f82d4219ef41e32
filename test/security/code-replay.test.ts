import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  obtainCode,
  present,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { meeting } from '../fixtures/meeting-store.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

let server: RunningAuthorizationServer;
let client: OAuthClient;

beforeAll(async () => {
  server = await startAuthorizationServer();
  client = await OAuthClient.register(server.origin);
});
afterAll(() => server.close());

it('a code that is used again brings nothing and ends what it brought before', async () => {
  const code = await obtainCode(client, server.browser());
  const first = await client.exchange(code);
  expect(await present(server, first.body.access_token ?? '')).toBe(200);

  const second = await client.exchange(code);
  expect(second.status).toBe(400);
  expect(second.body.error).toBe('invalid_grant');
  expect(await present(server, first.body.access_token ?? '')).toBe(401);
  expect((await client.refresh(first.body.refresh_token ?? '')).body.error).toBe('invalid_grant');
});

it('of many uses at the same time at most one brings tokens, and they are worth nothing', async () => {
  const code = await obtainCode(client, server.browser());
  await expectNothingGained(await Promise.all(Array.from({ length: 8 }, () => client.exchange(code))));
});

it.each([
  ['it was found by both', 2],
  ['it was found unused by both once more', 4],
])('of two uses that meet after %s, the same holds', async (_what, reads) => {
  const racing = await startAuthorizationServer({
    like: { ...server, store: meeting(server.store, 'auth:AuthorizationCode:', reads) },
    publicUrl: server.origin,
  });
  const code = await obtainCode(client, server.browser());
  const here = new OAuthClient(racing.origin, client.clientId);
  const changes = { code_verifier: client.verifier };
  const answers = await Promise.all([here.exchange(code, changes), here.exchange(code, changes)]);
  await expectNothingGained(answers);
  await racing.close();
});

async function expectNothingGained(answers: Awaited<ReturnType<OAuthClient['exchange']>>[]): Promise<void> {
  const brought = answers.filter(({ status }) => status === 200);
  expect(brought.length).toBeLessThanOrEqual(1);
  for (const { body } of brought) {
    expect(await present(server, body.access_token ?? '')).toBe(401);
    expect((await client.refresh(body.refresh_token ?? '')).body.error).toBe('invalid_grant');
  }
  for (const { status, body } of answers) {
    if (status !== 200) expect(body.error).toBe('invalid_grant');
  }
}

it('a stolen code that fails for want of the verifier does not end the grant of its owner', async () => {
  const code = await obtainCode(client, server.browser());
  const stolen = await client.exchange(code, { code_verifier: 'x'.repeat(43) });
  expect(stolen.body.error).toBe('invalid_grant');
  const own = await client.exchange(code);
  expect(await present(server, own.body.access_token ?? '')).toBe(200);
});
