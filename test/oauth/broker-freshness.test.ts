import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { present, type RunningAuthorizationServer } from '../fixtures/authorization-server.ts';
import {
  obtainBrokerTokens,
  personOf,
  providerOptions,
  signInUpstream,
  startBroker,
} from '../fixtures/broker.ts';
import { type IdentityProvider, startIdentityProvider } from '../fixtures/identity-provider.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';

const RECHECK = 600;
const OUTAGE = 1200;

let upstream: IdentityProvider;
let server: RunningAuthorizationServer;
let clock: ManualClock;
let count = 0;

const provider = { recheckSeconds: RECHECK, outageSeconds: OUTAGE };

beforeAll(async () => {
  upstream = await startIdentityProvider();
});

beforeEach(async () => {
  clock = new ManualClock(Date.now());
  server = await startBroker(upstream, { clock, provider });
  return async () => {
    await server.close();
  };
});

afterAll(async () => {
  await upstream.close();
});

/** Somebody new, who is signed in and has given a client access. */
async function somebody(groups: readonly string[] = ['readers', 'writers']) {
  const sub = `person-${(count += 1)}`;
  const email = `${sub}@corp.example`;
  await upstream.setUser(sub, { email, groups });
  const person = personOf(server, upstream, sub);
  return { sub, email, person, ...(await obtainBrokerTokens(server, person)) };
}

async function upstreamTokenRequests(): Promise<number> {
  return (await upstream.requests()).filter(({ path }) => path === '/token').length;
}

function audited(action: string) {
  return server.telemetry.audits.filter((event) => event.action === action);
}

describe('the groups of a person', () => {
  it('are asked for again once they are old, and the next token has what they allow then', async () => {
    const { sub, client, tokens, scope } = await somebody();
    expect(scope).toContain('files:write');
    await upstream.setUser(sub, { groups: ['readers'] });
    const early = await client.refresh(tokens.refresh);
    expect(early.body.scope).toContain('files:write');
    clock.advance(RECHECK * 1000);
    const narrowed = await client.refresh(early.body.refresh_token ?? '');
    expect(narrowed.status).toBe(200);
    expect(narrowed.body.scope).toBe('files:read');
    await upstream.setUser(sub, { groups: ['writers'] });
    clock.advance(RECHECK * 1000);
    const widened = await client.refresh(narrowed.body.refresh_token ?? '');
    expect(widened.body.scope).toContain('files:write');
  });

  it('are asked for once, however many clients renew their tokens at the same time', async () => {
    const { person, client, tokens } = await somebody();
    const others = [await obtainBrokerTokens(server, person), await obtainBrokerTokens(server, person)];
    clock.advance(RECHECK * 1000);
    const before = await upstreamTokenRequests();
    const answers = await Promise.all(
      [{ client, tokens }, ...others].map((each) => each.client.refresh(each.tokens.refresh)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await upstreamTokenRequests()) - before).toBe(1);
  });
});

describe('a person whom the identity provider no longer vouches for', () => {
  it('is cut off: no client gets a token, those that are out are worthless, and no browser is signed in', async () => {
    const { sub, email, person, client, tokens } = await somebody();
    const other = await obtainBrokerTokens(server, person);
    await upstream.setUser(sub, { disabled: true });
    clock.advance(RECHECK * 1000);
    const refused = await client.refresh(tokens.refresh);
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant']);
    expect(await present(server, other.tokens.access)).toBe(401);
    expect((await other.client.refresh(other.tokens.refresh)).body.error).toBe('invalid_grant');
    expect((await person.here.open('/account')).html).not.toContain(email);
    expect(audited('account.cut_off')).toEqual([
      expect.objectContaining({
        outcome: 'denied',
        subject: await server.accounts.idOf(email),
        clientId: client.clientId,
        details: expect.objectContaining({ error: 'invalid_grant', grants: 2 }) as unknown,
      }),
    ]);
  });

  it('is cut off as well who is no longer in a group that is needed to sign in', async () => {
    await server.close();
    server = await startBroker(upstream, { clock, provider: { ...provider, allowedGroups: ['writers'] } });
    const { sub, client, tokens } = await somebody();
    await upstream.setUser(sub, { groups: ['readers'] });
    clock.advance(RECHECK * 1000);
    expect((await client.refresh(tokens.refresh)).body.error).toBe('invalid_grant');
    expect(audited('account.cut_off')[0]?.details).toMatchObject({ reason: 'not_allowed' });
  });

  it('loses the pages of a browser that is signed in, not only tokens', async () => {
    const { sub, email, person } = await somebody();
    await upstream.setUser(sub, { disabled: true });
    clock.advance(RECHECK * 1000);
    const page = await person.here.open('/account');
    expect(page.html).not.toContain(email);
    expect(page.html).toContain('Continue with Example Ltd.');
  });

  it('gets back in by signing in there again', async () => {
    const { sub, client, tokens, person } = await somebody();
    await upstream.setUser(sub, { disabled: true });
    clock.advance(RECHECK * 1000);
    await client.refresh(tokens.refresh);
    await upstream.setUser(sub, { disabled: false });
    expect((await obtainBrokerTokens(server, person)).scope).toContain('files:write');
  });
});

describe('an identity provider that cannot be reached', () => {
  it('costs nobody a token while what is known is not too old, and then no grant', async () => {
    const { client, tokens } = await somebody();
    await upstream.stop();
    try {
      clock.advance((RECHECK + OUTAGE) * 1000);
      const served = await client.refresh(tokens.refresh);
      expect(served.status).toBe(200);
      clock.advance(1000);
      const late = await client.refresh(served.body.refresh_token ?? '');
      expect([late.status, late.body.error]).toEqual([503, 'temporarily_unavailable']);
      await upstream.start();
      clock.advance(10_000);
      const back = await client.refresh(served.body.refresh_token ?? '');
      expect(back.status).toBe(200);
    } finally {
      await upstream.start();
    }
  });

  it('is asked again only after a while', async () => {
    const { client, tokens } = await somebody();
    await upstream.stop();
    clock.advance(RECHECK * 1000);
    const first = await client.refresh(tokens.refresh);
    await upstream.start();
    const before = await upstreamTokenRequests();
    const second = await client.refresh(first.body.refresh_token ?? '');
    expect(second.status).toBe(200);
    expect(await upstreamTokenRequests()).toBe(before);
  });
});

describe('an identity provider that gives no refresh token', () => {
  it('lets access last for a while after the sign-in, and has the person sign in again then', async () => {
    const silent = await startIdentityProvider({ refreshTokens: false });
    const broker = await startBroker(silent, { clock, provider: { ...provider, signInMaxAgeSeconds: 3600 } });
    const person = personOf(broker, silent);
    const { client, tokens } = await obtainBrokerTokens(broker, person);
    clock.advance(3_500_000);
    const good = await client.refresh(tokens.refresh);
    expect(good.status).toBe(200);
    clock.advance(100_000);
    const refused = await client.refresh(good.body.refresh_token ?? '');
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant']);
    // The browser was signed in still: without a new sign-in the client would never get any further.
    const page = await person.here.open(client.authorizationUrl());
    expect(page.html).toContain('Continue with Example Ltd.');
    expect((await signInUpstream(person, page)).html).toContain('Test agent');
    await broker.close();
    await silent.close();
  });
});

describe('the refresh token of the identity provider', () => {
  it('goes to nobody else when another provider takes the place of the first', async () => {
    const { client, tokens } = await somebody();
    const other = await startIdentityProvider();
    const next = await startBroker(other, { clock, like: server, provider });
    clock.advance(RECHECK * 1000);
    const refused = await fetch(new URL('/token', next.origin), {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: tokens.refresh,
        client_id: client.clientId,
      }),
    });
    expect(refused.status).toBe(400);
    expect(await other.requests()).toEqual([]);
    await next.close();
    await other.close();
  });

  it('lies sealed in the store', async () => {
    await somebody();
    const { keys } = await server.store.scan('auth:upstream:', 10);
    const value = (await server.store.get(keys[0] ?? '')) ?? '';
    const { refreshToken } = JSON.parse(value) as { refreshToken: string };
    expect(refreshToken.split('.')).toHaveLength(5);
  });
});

describe('people of a provider that is no longer configured', () => {
  it('get no tokens', async () => {
    const { client, tokens } = await somebody();
    const next = await startBroker(upstream, {
      clock,
      like: server,
      options: { identityProviders: [providerOptions(upstream, { id: 'renamed' })] },
    });
    const refused = await fetch(new URL('/token', next.origin), {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: tokens.refresh,
        client_id: client.clientId,
      }),
    });
    expect(refused.status).toBe(400);
    await next.close();
  });
});
