import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import {
  obtainTokens,
  present,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import { heldRead, meetingReads } from '../fixtures/racing-store.ts';

const REFRESH_TOKENS = 'auth:RefreshToken:';

const clock = new ManualClock(Date.now());
let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer({ clock, options: { refreshGraceSeconds: 10 } });
});
afterAll(() => server.close());

it('a refresh token that is used again after its grace ends the grant', async () => {
  const { client, tokens } = await obtainTokens(server);
  const { body } = await client.refresh(tokens.refresh);
  expect(await present(server, body.access_token ?? '')).toBe(200);
  clock.advance(11_000);

  const reused = await client.refresh(tokens.refresh);
  expect(reused.status).toBe(400);
  expect(reused.body.error).toBe('invalid_grant');
  expect(await present(server, body.access_token ?? '')).toBe(401);
  expect(await present(server, tokens.access)).toBe(401);
  expect((await client.refresh(body.refresh_token ?? '')).body.error).toBe('invalid_grant');
});

it('within its grace it brings the same successor, never a second line of tokens', async () => {
  const { client, tokens } = await obtainTokens(server);
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.refresh(tokens.refresh)));
  answers.push(await client.refresh(tokens.refresh));
  expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
  expect(answers.every(({ status }) => status === 200)).toBe(true);
});

it('without any grace, one of many uses at the same time brings tokens, and they are worth nothing', async () => {
  const strict = await startAuthorizationServer({ options: { refreshGraceSeconds: 0 } });
  const { client, tokens } = await obtainTokens(strict);
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.refresh(tokens.refresh)));
  const [brought, ...others] = answers.filter(({ status }) => status === 200);
  expect(others).toEqual([]);
  expect(await present(strict, brought?.body.access_token ?? '')).toBe(401);
  expect((await client.refresh(brought?.body.refresh_token ?? '')).body.error).toBe('invalid_grant');
  await strict.close();
});

it('so do two uses that find it unused at the same moment', async () => {
  const { client, tokens } = await obtainTokens(server);
  const other = await replica(meetingReads(server.store, REFRESH_TOKENS));
  const here = new OAuthClient(other.origin, client.clientId);
  const uses = [0, 1].map(() => here.refresh(tokens.refresh));
  const [successor, ...others] = new Set((await Promise.all(uses)).map(({ body }) => body.refresh_token));
  expect(others).toEqual([]);
  expect((await client.refresh(successor ?? '')).status).toBe(200);
  await other.close();
});

it('so does a use that found it unused before the other one was through', async () => {
  const { client, tokens } = await obtainTokens(server);
  const { store, held, release } = heldRead(server.store, REFRESH_TOKENS);
  const other = await replica(store);
  const late = new OAuthClient(other.origin, client.clientId).refresh(tokens.refresh);
  await held;
  const { body } = await client.refresh(tokens.refresh);
  release();
  expect((await late).body.refresh_token).toBe(body.refresh_token);
  await other.close();
});

function replica(store: Store): Promise<RunningAuthorizationServer> {
  return startAuthorizationServer({ clock, like: { ...server, store }, publicUrl: server.origin });
}

it('even within its grace it ends the grant once its successor was used', async () => {
  const { client, tokens } = await obtainTokens(server);
  const { body: second } = await client.refresh(tokens.refresh);
  const { body: third } = await client.refresh(second.refresh_token ?? '');
  expect(third.refresh_token).not.toBe(second.refresh_token);

  expect((await client.refresh(tokens.refresh)).body.error).toBe('invalid_grant');
  expect(await present(server, third.access_token ?? '')).toBe(401);
  expect((await client.refresh(third.refresh_token ?? '')).body.error).toBe('invalid_grant');
});

it('unused it is good for no other client, which ends nothing either', async () => {
  const { client, tokens } = await obtainTokens(server);
  const thief = await OAuthClient.register(server.origin);
  expect((await thief.refresh(tokens.refresh)).body.error).toBe('invalid_grant');
  expect((await client.refresh(tokens.refresh)).status).toBe(200);
});

it('used it ends the grant in the hands of another client, even within its grace', async () => {
  const { client, tokens } = await obtainTokens(server);
  const { body } = await client.refresh(tokens.refresh);
  const thief = await OAuthClient.register(server.origin);
  expect((await thief.refresh(tokens.refresh)).body.error).toBe('invalid_grant');
  expect(await present(server, body.access_token ?? '')).toBe(401);
  expect((await client.refresh(body.refresh_token ?? '')).body.error).toBe('invalid_grant');
});

it('it brings no more scopes than it was given for', async () => {
  const { client, tokens } = await obtainTokens(server);
  const { body } = await client.refresh(tokens.refresh, { scope: 'files:read files:delete' });
  expect(body.error).toBe('invalid_scope');
});
