import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import {
  obtainCode,
  present,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import { heldRead, meetingReads } from '../fixtures/racing-store.ts';

const CODES = 'auth:AuthorizationCode:';

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

it('of many uses at the same time one brings tokens, and they are worth nothing', async () => {
  const code = await obtainCode(client, server.browser());
  await expectNothingGained(await Promise.all(Array.from({ length: 20 }, () => client.exchange(code))));
});

it('two uses that find it unused at the same moment gain nothing either', async () => {
  const other = await replica(meetingReads(server.store, CODES));
  const code = await obtainCode(client, server.browser());
  const here = new OAuthClient(other.origin, client.clientId);
  const uses = [0, 1].map(() => here.exchange(code, { code_verifier: client.verifier }));
  await expectNothingGained(await Promise.all(uses));
  await other.close();
});

it('nor does a use that found it unused before the other one was through', async () => {
  const { store, held, release } = heldRead(server.store, CODES);
  const other = await replica(store);
  const code = await obtainCode(client, server.browser());
  const here = new OAuthClient(other.origin, client.clientId);
  const late = here.exchange(code, { code_verifier: client.verifier });
  await held;
  const first = await client.exchange(code);
  expect(first.status).toBe(200);
  release();
  await expectNothingGained([first, await late]);
  await other.close();
});

function replica(store: Store): Promise<RunningAuthorizationServer> {
  return startAuthorizationServer({ like: { ...server, store }, publicUrl: server.origin });
}

async function expectNothingGained(answers: Awaited<ReturnType<OAuthClient['exchange']>>[]): Promise<void> {
  const brought = answers.filter(({ status }) => status === 200);
  expect(brought).toHaveLength(1);
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
