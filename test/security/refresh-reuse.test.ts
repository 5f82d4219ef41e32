import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  obtainTokens,
  present,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { meeting } from '../fixtures/meeting-store.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

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
  const answers = await Promise.all(Array.from({ length: 5 }, () => client.refresh(tokens.refresh)));
  answers.push(await client.refresh(tokens.refresh));
  expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
  expect(answers.every(({ status }) => status === 200)).toBe(true);
});

it.each([
  ['it was found by both', 2],
  ['it was found unused by both once more', 4],
])('so do two uses that meet after %s', async (_what, reads) => {
  const { client, tokens } = await obtainTokens(server);
  const racing = await startAuthorizationServer({
    clock,
    like: { ...server, store: meeting(server.store, 'auth:RefreshToken:', reads) },
    publicUrl: server.origin,
  });
  const here = new OAuthClient(racing.origin, client.clientId);
  const answers = await Promise.all([here.refresh(tokens.refresh), here.refresh(tokens.refresh)]);
  const [successor, ...others] = new Set(answers.map(({ body }) => body.refresh_token));
  expect(others).toEqual([]);
  expect((await client.refresh(successor ?? '')).status).toBe(200);
  await racing.close();
});

it('even within its grace it ends the grant once its successor was used', async () => {
  const { client, tokens } = await obtainTokens(server);
  const { body: second } = await client.refresh(tokens.refresh);
  const { body: third } = await client.refresh(second.refresh_token ?? '');
  expect(third.refresh_token).not.toBe(second.refresh_token);

  expect((await client.refresh(tokens.refresh)).body.error).toBe('invalid_grant');
  expect(await present(server, third.access_token ?? '')).toBe(401);
  expect((await client.refresh(third.refresh_token ?? '')).body.error).toBe('invalid_grant');
});

it('it is good for no other client, within its grace or before, and that client ends nothing', async () => {
  const { client, tokens } = await obtainTokens(server);
  const thief = await OAuthClient.register(server.origin);
  expect((await thief.refresh(tokens.refresh)).body.error).toBe('invalid_grant');
  const { body } = await client.refresh(tokens.refresh);
  expect((await thief.refresh(tokens.refresh)).body.error).toBe('invalid_grant');
  expect(await present(server, body.access_token ?? '')).toBe(200);
});

it('it brings no more scopes than it was given for', async () => {
  const { client, tokens } = await obtainTokens(server);
  const { body } = await client.refresh(tokens.refresh, { scope: 'files:read files:delete' });
  expect(body.error).toBe('invalid_scope');
});
