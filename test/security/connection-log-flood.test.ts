import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ConnectionLog } from '../../src/auth/connections/index.ts';
import { Connections } from '../../src/auth/index.ts';
import type { Store } from '../../src/core/store.ts';
import { openStore } from '../../src/store/index.ts';
import {
  answer,
  MEMBER,
  OWNER,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';
import { recordTelemetry } from '../fixtures/recorded-telemetry.ts';

const KEPT = 86_400;
const CLIENT = 'a-good-client';
const MINUTE = 60_000;

interface Flooded {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly log: ConnectionLog;
  readonly connections: Connections;
}

async function open(): Promise<Flooded> {
  const clock = new ManualClock();
  const { logger } = recordTelemetry();
  const store = await openStore({ url: 'memory' }, { dataDir: '', logger, clock });
  const log = new ConnectionLog({ store, clock, logger, keptSeconds: KEPT });
  return { clock, store, log, connections: new Connections({ store, clock, keptSeconds: KEPT }) };
}

/** Steps in all streams. */
async function stepsIn(store: Store): Promise<string[]> {
  const streams = Array.from({ length: 32 }, (_, part) => `auth:connection-strangers:${String(part)}`);
  const events = await Promise.all(streams.map((stream) => store.readAfter(stream, undefined, 10_000)));
  return events.flat().map(({ value }) => value);
}

describe('a flood of failures', () => {
  it('from one address is written down in part, and hides nothing of others', async () => {
    const { store, log, connections } = await open();
    for (let attempt = 0; attempt < 10_000; attempt++) {
      log.note({
        action: 'authorization.refused',
        outcome: 'denied',
        address: '192.0.2.1',
        details: { error: 'invalid_request', detail: `attempt ${String(attempt)}` },
      });
    }
    log.note({ action: 'authorization.refused', outcome: 'denied', address: '198.51.100.7' });
    log.note({ action: 'token.issued', outcome: 'success', clientId: CLIENT, address: '192.0.2.9' });
    await log.close();
    expect(await stepsIn(store)).toHaveLength(31);
    expect((await connections.timeline({ address: '198.51.100.7' })).steps).toMatchObject([
      { leftOut: 9970 },
    ]);
    expect((await connections.timeline({ clientId: CLIENT })).steps).toHaveLength(1);
  });

  it('from as many addresses as there are neither fills the store nor the budget of clients', async () => {
    const { clock, store, log, connections } = await open();
    log.note({ action: 'consent.given', outcome: 'success', clientId: CLIENT, address: '192.0.2.1' });
    for (let minute = 0; minute < 60; minute++) {
      for (let each = 0; each < 1000; each++) {
        const address = `2001:db8:${each.toString(16)}:${minute.toString(16)}::1`;
        // Whoever they say they are.
        log.note({ action: 'grant.refused', outcome: 'denied', clientId: CLIENT, address });
      }
      clock.advance(MINUTE);
      await log.close();
    }
    log.note({ action: 'request.first', outcome: 'success', clientId: CLIENT, address: '192.0.2.1' });
    await log.close();
    const steps = await stepsIn(store);
    expect(steps.length).toBeLessThanOrEqual(32 * 250);
    const { steps: known } = await connections.timeline({ clientId: CLIENT });
    const actions = known.map(({ action }) => action);
    expect(actions).toContain('consent.given');
    expect(actions).toContain('request.first');
  });

  it('from one network counts as one, whichever of its addresses it comes from', async () => {
    const { store, log } = await open();
    for (let each = 0; each < 500; each++) {
      const address = `2001:db8:1:${each.toString(16)}::1`;
      log.note({ action: 'request.refused', outcome: 'denied', address });
    }
    await log.close();
    expect(await stepsIn(store)).toHaveLength(30);
  });

  it('from one network pushes out at most what lies in one of the streams', async () => {
    const { clock, store, log } = await open();
    for (let each = 0; each < 100; each++) {
      log.note({
        action: 'request.refused',
        outcome: 'denied',
        address: `2001:db8:1:${each.toString(16)}::1`,
      });
      clock.advance(MINUTE);
    }
    await log.close();
    const streams = Array.from({ length: 32 }, (_, part) => `auth:connection-strangers:${String(part)}`);
    const lengths = await Promise.all(
      streams.map(async (stream) => (await store.readAfter(stream, undefined, 1000)).length),
    );
    expect(lengths.filter((length) => length > 0)).toEqual([100]);
  });

  it('of made-up clients takes no places: only what was allowed something has one', async () => {
    const { store, log } = await open();
    for (let each = 0; each < 500; each++) {
      const clientId = `made-up-${String(each)}`;
      log.note({
        action: 'client.registered',
        outcome: 'success',
        clientId,
        address: `192.0.2.${each % 256}`,
      });
    }
    await log.close();
    expect((await store.scan('auth:connection', 1000)).keys).toEqual([]);
  });

  it('of one refusal over and over is an entry with a number', async () => {
    const { clock, store, log } = await open();
    for (let second = 0; second < 3600; second++) {
      log.note({ action: 'request.unauthenticated', outcome: 'denied', address: '192.0.2.1' });
      clock.advance(1000);
    }
    await log.close();
    const steps = (await stepsIn(store)).map((value) => JSON.parse(value) as { times?: number });
    expect(steps.length).toBeLessThan(20);
    expect(Math.max(...steps.map(({ times = 1 }) => times))).toBeGreaterThan(500);
  });

  it('of long and hidden characters is cut and cleaned', async () => {
    const { store, log } = await open();
    log.note({
      action: 'request.refused',
      outcome: 'denied',
      address: '192.0.2.1',
      agent: `\u001b[31mred\u202e${'x'.repeat(100_000)}`,
      details: { detail: `${'😀'.repeat(50_000)}\nsecond line` },
    });
    await log.close();
    const [step = ''] = await stepsIn(store);
    expect(step.length).toBeLessThan(1000);
    expect(step).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]|\\u/u);
  });

  it('does not stop a request while the store is down, and is told of once', async () => {
    const { clock, store } = await open();
    const { logger, lines } = recordTelemetry();
    const log = new ConnectionLog({ store, clock, logger, keptSeconds: KEPT });
    vi.spyOn(store, 'append').mockRejectedValue(new Error('down'));
    for (let each = 0; each < 5; each++) {
      log.note({ action: 'login.failed', outcome: 'denied', address: `192.0.2.${String(each)}` });
      await log.close();
    }
    expect(lines).toHaveLength(1);
  });
});

describe('the connection log of a whole connection', () => {
  let server: RunningAuthorizationServer;

  beforeAll(async () => {
    server = await startAuthorizationServer();
  });
  afterAll(() => server.close());

  it('holds no code, token, verifier, state, password or cookie', async () => {
    const written: string[] = [];
    const append = server.store.append.bind(server.store);
    const put = server.store.put.bind(server.store);
    vi.spyOn(server.store, 'append').mockImplementation((stream, value, bounds) => {
      written.push(value);
      return append(stream, value, bounds);
    });
    vi.spyOn(server.store, 'put').mockImplementation((key, value, lifetime) => {
      if (key.startsWith('auth:connection')) written.push(value);
      return put(key, value, lifetime);
    });
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    await signIn(browser, client.authorizationUrl(), { ...MEMBER, password: 'a wrong password' });
    const { url } = await answer(browser, await signIn(browser, client.authorizationUrl()));
    const code = url.searchParams.get('code') ?? '';
    await client.exchange(code, { code_verifier: 'v'.repeat(43) });
    const other = await answer(browser, await browser.open(client.authorizationUrl()));
    const second = other.url.searchParams.get('code') ?? '';
    const { body } = await client.exchange(second);
    const { access_token: access = '', refresh_token: refresh = '' } = body;
    const authorization = `Bearer ${access}`;
    await fetch(`${server.origin}/mcp`, { headers: { authorization } });
    await fetch(`${server.origin}/mcp?access_token=${access}`);
    await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp?token=${access}`);
    const renewed = await client.refresh(refresh);
    await client.refresh(refresh, { grant_type: 'refresh_token', resource: 'https://other.example/' });
    await client.revoke(renewed.body.refresh_token ?? '');
    await fetch(`${server.origin}/mcp`, { headers: { authorization } });
    await vi.waitFor(() => {
      expect(written.join('\n')).toContain('token_revoked');
    });
    const dump = written.join('\n');
    expect(dump).toContain('sign_in_failed');
    const secrets = {
      ...{ code, second, access, refresh },
      renewed: renewed.body.refresh_token ?? '',
      renewedAccess: renewed.body.access_token ?? '',
      verifier: client.verifier,
      wrongVerifier: 'v'.repeat(43),
      state: client.state,
      password: OWNER.password,
      wrongPassword: 'a wrong password',
    };
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret, name).not.toBe('');
      expect(dump.includes(secret), name).toBe(false);
    }
    expect(dump).not.toMatch(/eyJ|_session|Bearer/);
  });
});
