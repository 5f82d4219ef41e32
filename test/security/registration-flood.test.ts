import { expect, it } from 'vitest';
import {
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { obtainTokens } from '../fixtures/authorization-server.ts';
import { registration } from '../fixtures/oauth-client.ts';
import { meetingScans } from '../fixtures/racing-store.ts';

const MAX = 10;
const HOUR = 3600;

async function statuses(
  server: RunningAuthorizationServer,
  count: number,
  together = false,
): Promise<number[]> {
  const register = async (): Promise<number> => {
    const response = await registration(server.origin);
    await response.body?.cancel();
    return response.status;
  };
  if (together) return Promise.all(Array.from({ length: count }, register));
  const answers: number[] = [];
  for (let i = 0; i < count; i++) answers.push(await register());
  return answers;
}

async function kept(server: RunningAuthorizationServer): Promise<number> {
  const { keys } = await server.store.scan('auth:Client:', 1000);
  return keys.length;
}

it('one address is refused with 429 once it has registered as often as it may in a minute', async () => {
  const server = await startAuthorizationServer({ rateLimits: { registerPerMinute: 5 } });
  expect(await statuses(server, 7)).toEqual([201, 201, 201, 201, 201, 429, 429]);
  const response = await registration(server.origin);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  await server.close();
});

it('no more registrations are kept than the operator allows, whether they come in turn or together', async () => {
  for (const together of [false, true]) {
    const server = await startAuthorizationServer({ options: { registration: { maxClients: MAX } } });
    const answers = await statuses(server, 3 * MAX, together);
    expect(answers.filter((status) => status === 201)).toHaveLength(MAX);
    expect(answers.filter((status) => status === 503)).toHaveLength(2 * MAX);
    expect(await kept(server)).toBe(MAX);
    await server.close();
  }
});

it('nor when they come to several processes at the very same moment', async () => {
  const options = { registration: { maxClients: 3 } };
  const first = await startAuthorizationServer({ options });
  const store = meetingScans(first.store, 'auth:Client:', 10);
  const second = await startAuthorizationServer({ options, like: { ...first, store } });
  const answers = await statuses(second, 10, true);
  expect(answers.filter((status) => status === 201)).toHaveLength(3);
  expect(await kept(first)).toBe(3);
  await second.close();
  await first.close();
});

it('registrations that nobody signs in with make room again, and those in use stay', async () => {
  const clock = new ManualClock(Date.now());
  const server = await startAuthorizationServer({
    clock,
    options: { registration: { maxClients: MAX, newClientTtlSeconds: HOUR } },
  });
  const { client, tokens } = await obtainTokens(server);
  await statuses(server, MAX);
  expect(await kept(server)).toBe(MAX);
  clock.advance((HOUR + 1) * 1000);
  expect(await kept(server)).toBe(1);
  expect(await statuses(server, 1)).toEqual([201]);
  expect((await client.refresh(tokens.refresh)).status).toBe(200);
  await server.close();
});

it('a registration that is large by itself is refused', async () => {
  const server = await startAuthorizationServer();
  const oversized = [
    { client_name: 'x'.repeat(101) },
    { client_uri: `https://app.example.com/${'x'.repeat(20_000)}` },
    { contacts: Array.from({ length: 2000 }, (_, index) => `person-${index}@example.com`) },
    { jwks: { keys: Array.from({ length: 500 }, () => ({ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' })) } },
  ];
  for (const metadata of oversized) {
    const response = await registration(server.origin, metadata);
    expect(response.status).toBe(400);
  }
  const flood = await registration(server.origin, { software_statement: 'x'.repeat(2_000_000) });
  expect([400, 413]).toContain(flood.status);
  expect(await kept(server)).toBe(0);
  await server.close();
});
