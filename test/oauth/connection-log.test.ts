import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Connected, Connections, type Timeline } from '../../src/auth/index.ts';
import {
  answer,
  MEMBER,
  obtainCode,
  obtainTokens,
  OWNER,
  present,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient, REDIRECT_URI, registration } from '../fixtures/oauth-client.ts';

const KEPT = 3600;
const ADDRESS = '127.0.0.1';
const DOCUMENT = 'https://agent.example/client.json';
const SERVICE = {
  clientId: 'nightly-report',
  name: 'Nightly report',
  secret: 'a-secret-of-no-less-than-32-characters',
  scopes: ['files:read'],
};

let server: RunningAuthorizationServer;
let connections: Connections;

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  server = await startAuthorizationServer({
    options: { connections: { keptSeconds: KEPT }, clients: [SERVICE] },
    fetch: fetchDocument,
  });
  connections = new Connections({ store: server.store, keptSeconds: KEPT });
});
afterAll(async () => {
  await server.close();
  vi.useRealTimers();
});
// What one address may have written within a minute is bounded.
beforeEach(() => {
  pass(61_000);
});

/** The one metadata document that there is. */
function fetchDocument(url: string): Promise<Response> {
  if (url !== DOCUMENT) return Promise.reject(new Error('There is nothing'));
  return Promise.resolve(
    Response.json({
      client_id: DOCUMENT,
      client_name: 'Published agent',
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'none',
    }),
  );
}

/** Lets time pass, in milliseconds, for everything that asks what time it is. */
function pass(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
}

/** Waits until the log tells of such a step; what is written is written aside from the request. */
async function stepWith(who: Connected, expected: Record<string, unknown>): Promise<Timeline> {
  return await vi.waitFor(async () => {
    const timeline = await connections.timeline(who);
    expect(timeline.steps).toContainEqual(expect.objectContaining(expected));
    return timeline;
  });
}

function of(client: OAuthClient): Connected {
  return { clientId: client.clientId };
}

describe('a good connection', () => {
  it('leaves its steps in order, those before the client had a name as well', async () => {
    pass(1_200_000);
    for (const path of [
      '/mcp',
      '/.well-known/oauth-protected-resource/mcp',
      '/.well-known/oauth-authorization-server',
    ]) {
      await fetch(server.origin + path);
      pass(10);
    }
    const client = await OAuthClient.register(server.origin, { client_name: 'Good agent' });
    pass(10);
    const browser = server.browser();
    const consent = await signIn(browser, client.authorizationUrl());
    pass(10);
    const { url } = await answer(browser, consent);
    pass(10);
    const { body } = await client.exchange(url.searchParams.get('code') ?? '');
    pass(10);
    expect(await present(server, body.access_token ?? '')).toBe(200);
    const { steps, name, diagnosis } = await stepWith(of(client), { action: 'request.first' });
    expect(steps.map(({ action }) => action)).toEqual([
      'request.unauthenticated',
      'resource-metadata.fetched',
      'server-metadata.fetched',
      'client.registered',
      'authorization.begun',
      'login.succeeded',
      'consent.given',
      'token.issued',
      'request.first',
    ]);
    expect(steps[0]).toMatchObject({ agent: 'node', address: ADDRESS });
    expect(name).toBe('Good agent');
    expect(diagnosis).toBeUndefined();
  });

  it('tells of requests once an hour, not one by one', async () => {
    const { client, tokens } = await obtainTokens(server);
    for (let request = 0; request < 5; request++) await present(server, tokens.access);
    const { steps } = await stepWith(of(client), { action: 'request.first' });
    expect(steps.filter(({ action }) => action === 'request.first')).toHaveLength(1);
  });

  it('tells of a refresh and of the end of the grant', async () => {
    const { client, tokens } = await obtainTokens(server);
    const { body } = await client.refresh(tokens.refresh);
    await client.revoke(body.refresh_token ?? '');
    const { steps } = await stepWith(of(client), { action: 'grant.revoked' });
    expect(steps.some(({ detail = '' }) => detail.startsWith('refresh_token'))).toBe(true);
  });
});

describe('a client that the operator declared', () => {
  it('is called by its name', async () => {
    const { clientId, secret, name } = SERVICE;
    const client = new OAuthClient(server.origin, clientId);
    await client.token({ grant_type: 'client_credentials', client_secret: secret });
    expect((await stepWith(of(client), { action: 'token.issued' })).name).toBe(name);
  });
});

describe('a client with a metadata document', () => {
  it('is known by it, or it is said that the document is of no use', async () => {
    const client = new OAuthClient(server.origin, DOCUMENT);
    await server.browser().open(client.authorizationUrl());
    const { name, steps } = await stepWith(of(client), { action: 'authorization.begun' });
    expect(name).toBe('Published agent');
    const actions = steps.map(({ action }) => action);
    expect(actions.indexOf('client-document.accepted')).toBe(actions.indexOf('authorization.begun') - 1);
    const lost = new OAuthClient(server.origin, 'https://gone.example/client.json');
    await server.browser().open(lost.authorizationUrl());
    await stepWith(
      { address: ADDRESS },
      {
        action: 'authorization.refused',
        reason: 'document_unusable',
        detail: expect.stringContaining('gone.example') as string,
      },
    );
  });
});

describe('a connection that fails says where and why', () => {
  it.each<[what: string, reason: string, changes: Record<string, string | null>]>([
    ['another redirect URI', 'redirect_mismatch', { redirect_uri: 'https://evil.example/callback' }],
    ['no PKCE', 'pkce_missing', { code_challenge: null, code_challenge_method: null }],
    ['PKCE with plain', 'pkce_missing', { code_challenge_method: 'plain' }],
    ['another response type', 'response_type', { response_type: 'token' }],
    ['a foreign resource', 'wrong_resource', { resource: 'https://other.example/mcp' }],
    ['unknown scopes', 'scope_unknown', { scope: 'everything' }],
    ['no page allowed', 'interaction_required', { prompt: 'none' }],
  ])('%s: %s', async (_what, reason, changes) => {
    const client = await OAuthClient.register(server.origin);
    await server.browser().open(client.authorizationUrl(changes));
    const { diagnosis } = await stepWith(of(client), { action: 'authorization.refused', reason });
    expect(diagnosis).toMatchObject({ stalled: false, step: { reason } });
    expect(diagnosis?.next).not.toBe('');
  });

  it('an unknown client, under its address and by the name that it gave', async () => {
    const client = new OAuthClient(server.origin, 'forgotten-client');
    await server.browser().open(client.authorizationUrl());
    await stepWith(
      { address: ADDRESS },
      { reason: 'client_unknown', detail: expect.stringContaining('forgotten-client') as string },
    );
  });

  it('a registration with a redirect URI that is not allowed', async () => {
    await registration(server.origin, { redirect_uris: ['http://public.example/callback'] });
    await stepWith({ address: ADDRESS }, { action: 'registration.refused', reason: 'redirect_not_allowed' });
  });

  it('a wrong password, and a person who says no', async () => {
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    await signIn(browser, client.authorizationUrl(), { ...MEMBER, password: 'not the password' });
    await stepWith(of(client), { action: 'login.failed', reason: 'sign_in_failed' });
    await answer(browser, await signIn(browser, client.authorizationUrl()), 'Deny');
    const { diagnosis } = await stepWith(of(client), { action: 'consent.denied', reason: 'denied' });
    expect(diagnosis?.step.reason).toBe('denied');
  });

  it.each<[what: string, reason: string, changes: Record<string, string | null>]>([
    ['a wrong verifier', 'verifier_wrong', { code_verifier: 'x'.repeat(43) }],
    ['a wrong redirect URI', 'redirect_mismatch', { redirect_uri: 'http://127.0.0.1:1/other' }],
    ['an unknown code', 'code_unknown', { code: 'no-such-code' }],
  ])('%s at the token endpoint: %s', async (_what, reason, changes) => {
    const client = await OAuthClient.register(server.origin);
    await client.exchange(await obtainCode(client, server.browser()), changes);
    await stepWith(of(client), { action: 'grant.refused', reason });
  });

  it('a code and a refresh token that are used twice', async () => {
    const client = await OAuthClient.register(server.origin);
    const code = await obtainCode(client, server.browser());
    await client.exchange(code);
    await client.exchange(code);
    await stepWith(of(client), { action: 'grant.refused', reason: 'code_used' });
    const other = await obtainTokens(server);
    await other.client.refresh(other.tokens.refresh);
    pass(60_000);
    await other.client.refresh(other.tokens.refresh);
    const { diagnosis } = await stepWith(of(other.client), {
      action: 'grant.refused',
      reason: 'refresh_used',
    });
    expect(diagnosis?.next).toContain('two installations');
  });

  it('an expired, a revoked and a made-up token', async () => {
    const { client, tokens } = await obtainTokens(server);
    await client.revoke(tokens.refresh);
    await present(server, tokens.access);
    await stepWith(of(client), { reason: 'token_revoked' });
    const fresh = await obtainTokens(server);
    pass(400_000);
    await present(server, fresh.tokens.access);
    await stepWith({ address: ADDRESS }, { action: 'request.refused', reason: 'token_expired' });
    await present(server, 'made-up');
    await stepWith({ address: ADDRESS }, { action: 'request.refused', reason: 'token_invalid' });
  });

  it('a foreign origin and a foreign host', async () => {
    await fetch(`${server.origin}/mcp`, { headers: { origin: 'https://page.example' } });
    await stepWith(
      { address: ADDRESS },
      { reason: 'origin_refused', detail: 'Origin: https://page.example' },
    );
  });

  it('metadata that were looked for where they are not', async () => {
    await fetch(`${server.origin}/.well-known/oauth-protected-resource/elsewhere`);
    await stepWith({ address: ADDRESS }, { reason: 'not_served', outcome: 'failure' });
  });
});

describe('a connection on which nothing follows', () => {
  it('is told from one that is under way by the time that has passed', async () => {
    pass(1_200_000);
    const client = await OAuthClient.register(server.origin);
    const { diagnosis } = await stepWith(of(client), { action: 'client.registered' });
    expect(diagnosis).toBeUndefined();
    pass(300_000);
    const later = await connections.timeline(of(client));
    expect(later.diagnosis).toMatchObject({ stalled: true, step: { action: 'client.registered' } });
  });
});

describe('the list', () => {
  it('has every client with its last step, the last active first, and forgets in time', async () => {
    const { client } = await obtainTokens(server, { person: OWNER });
    await stepWith(of(client), { action: 'token.issued' });
    const [first] = await connections.list();
    expect(first).toMatchObject({ who: of(client), name: 'Test agent', failed: false });
    pass(KEPT * 1000 + 1000);
    expect(await connections.list()).toEqual([]);
    expect((await connections.timeline(of(client))).steps).toEqual([]);
  });
});
