import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, present, type RunningAuthorizationServer } from '../fixtures/authorization-server.ts';
import { leave, obtainBrokerTokens, personOf, signInUpstream, startBroker } from '../fixtures/broker.ts';
import { type IdentityProvider, startIdentityProvider } from '../fixtures/identity-provider.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

const RECHECK = 60;

let upstream: IdentityProvider;
let server: RunningAuthorizationServer;
let clock: ManualClock;

beforeAll(async () => {
  upstream = await startIdentityProvider();
  clock = new ManualClock(Date.now());
  server = await startBroker(upstream, { clock, provider: { recheckSeconds: RECHECK } });
});

afterAll(async () => {
  await server.close();
  await upstream.close();
});

describe('the two sides of the broker', () => {
  it('keep what clients hold from the identity provider', async () => {
    const person = personOf(server, upstream);
    const { client, tokens } = await obtainBrokerTokens(server, person);
    await present(server, tokens.access);
    clock.advance(RECHECK * 1000);
    const renewed = await client.refresh(tokens.refresh);
    expect(renewed.status).toBe(200);
    const seen = JSON.stringify(await upstream.requests());
    expect(seen).toContain('refresh_token');
    const ofTheClient = [
      ...[tokens.access, tokens.refresh, renewed.body.access_token, renewed.body.refresh_token],
      ...[client.clientId, client.verifier, client.state],
    ];
    for (const value of ofTheClient) expect(seen).not.toContain(value);
  });

  it('take no token of the identity provider for one of this server', async () => {
    const secret = `${encodeURIComponent(upstream.clientId)}:${encodeURIComponent(upstream.clientSecret)}`;
    const request = async (parameters: Record<string, string>) => {
      const response = await fetch(`${upstream.issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(secret)}` },
        body: new URLSearchParams(parameters),
      });
      return (await response.json()) as Record<string, string>;
    };
    const person = personOf(server, upstream);
    const callback = 'https://elsewhere.example/callback';
    const url = new URL('/auth', upstream.issuer);
    const resource = `${server.origin}/mcp`;
    const asked = { client_id: upstream.clientId, redirect_uri: callback, response_type: 'code' };
    url.search = new URLSearchParams({ ...asked, scope: 'openid files:read', resource }).toString();
    const [form] = (await person.there.open(url)).forms;
    if (form === undefined) throw new Error('The identity provider does not ask who is there');
    const back = await person.there.submit(form, { login: 'ada' });
    const code = back.url.searchParams.get('code') ?? '';
    // Even one whose audience is this very server.
    const tokens = await request({ grant_type: 'authorization_code', code, redirect_uri: callback });
    for (const name of ['access_token', 'id_token', 'refresh_token']) {
      expect(tokens[name]).toBeTypeOf('string');
      expect(await present(server, tokens[name] ?? '')).toBe(401);
    }
  });

  it('tell clients nothing that the identity provider gave out', async () => {
    const { client, tokens } = await obtainBrokerTokens(server, personOf(server, upstream));
    const { body } = await client.refresh(tokens.refresh);
    expect(JSON.stringify(body)).not.toContain(upstream.issuer);
    const claims = JSON.parse(atob(body.access_token?.split('.')[1] ?? '')) as Record<string, unknown>;
    expect(claims['iss']).toBe(server.origin);
    expect(claims['sub']).not.toBe('ada');
  });
});

describe('a new client that a person is sent with who needs no password at the identity provider', () => {
  it('gets no code before the button was pressed and its own consent posted', async () => {
    const person = personOf(server, upstream);
    await signInUpstream(person, await person.here.open('/account'));
    person.here.forget('fairlead-session');
    const attacker = await OAuthClient.register(server.origin, {
      client_name: 'Known app',
      redirect_uris: ['https://attacker.example/callback'],
    });
    const page = await person.here.open(attacker.authorizationUrl());
    expect(page.url.pathname).toMatch(/^\/interaction\//);
    expect(page.html).toContain('attacker.example');
    // The identity provider asks nothing: the person is signed in there.
    const back = await leave(person, page);
    expect(back.url.pathname).toBe('/login/callback/corp');
    const consent = await person.here.open(back.url);
    expect(consent.url.origin).toBe(server.origin);
    expect(consent.html).toContain('attacker.example');
    const { url } = await answer(person.here, consent);
    expect(url.searchParams.get('code')).not.toBeNull();
  });
});
