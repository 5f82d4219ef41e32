import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  obtainTokens,
  present,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';

let server: RunningAuthorizationServer;
let token: string;

beforeAll(async () => {
  server = await startAuthorizationServer();
  token = (await obtainTokens(server)).tokens.access;
});
afterAll(() => server.close());

it('the token is good in the header', async () => {
  expect(await present(server, token)).toBe(200);
});

it.each([
  ['alone', 'access_token=TOKEN', {}],
  ['among others', 'a=1&access_token=TOKEN&b=2', {}],
  ['in disguise', '%61ccess_token=TOKEN', {}],
  ['twice', 'access_token=x&access_token=TOKEN', {}],
  ['beside the header', 'access_token=TOKEN', { authorization: 'Bearer TOKEN' }],
])('in the URL, %s, it is refused and in no log', async (_what, query, headers) => {
  const sent = Object.entries(headers).map(([name, value]) => [name, value.replace('TOKEN', token)]);
  const response = await fetch(`${server.origin}/mcp?${query.replace('TOKEN', token)}`, {
    method: 'POST',
    headers: Object.fromEntries(sent) as Record<string, string>,
  });
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toMatch(/^Bearer resource_metadata="/);
  expect(await response.text()).not.toContain(token);
  await expect.poll(() => server.log.join('')).toContain('"status":401');
  const told = JSON.stringify([server.log, server.telemetry.audits]);
  for (const part of token.split('.')) expect(told).not.toContain(part);
});

it.each(['/sse', '/messages'])('so it is at %s, which other transports use', async (path) => {
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`${server.origin}${path}`, { headers })).status).toBe(200);
  const response = await fetch(`${server.origin}${path}?access_token=${token}`, { headers });
  expect(response.status).toBe(401);
});

it.each(['application/x-www-form-urlencoded', 'application/json'])(
  'in a body of type %s it is not looked for',
  async (type) => {
    const body = type.endsWith('json') ? JSON.stringify({ access_token: token }) : `access_token=${token}`;
    const response = await fetch(`${server.origin}/mcp`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    expect(response.status).toBe(401);
  },
);
