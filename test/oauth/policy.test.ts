import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_SCOPES } from '../../src/core/scopes.ts';
import { createPolicy } from '../../src/policy/index.ts';
import { policyOptions } from '../../src/policy/options.ts';
import {
  answer,
  MEMBER,
  obtainCode,
  obtainTokens,
  OWNER,
  type RunningAuthorizationServer,
  signIn,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { OAuthClient } from '../fixtures/oauth-client.ts';

const SECRET = 'a-secret-of-at-least-thirty-two-characters';
const SERVICE = { name: 'Service', secret: SECRET, scopes: ['files:read', 'data:read'] };
const WIDE = 'files:read files:write data:read';

const RULES = [
  { name: 'reporting', subjects: ['report'], scopes: ['data:read'] },
  { name: 'analysts', groups: ['analysts'], scopes: ['files:read', 'data:read'] },
  { name: 'owner', subjects: [OWNER.email], scopes: ['files:read', 'files:write'] },
];

/** A tool for each scope, so that each is of use. */
const OFFER = {
  tools: ALL_SCOPES.map((scope) => ({ name: scope, effect: 'read' as const, scopes: [scope] })),
  resources: [],
  places: { workspaces: [], sources: [], jobs: [], apis: [] },
};

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer({
    policy: createPolicy(policyOptions.parse({ rules: RULES }), OFFER),
    options: {
      memberScopes: ['files:read', 'data:read'],
      clients: [
        { clientId: 'report', ...SERVICE },
        { clientId: 'forgotten', ...SERVICE },
      ],
    },
  });
});
afterAll(() => server.close());

async function putInto(groups: string[]): Promise<void> {
  const account = await server.accounts.findByEmail(MEMBER.email);
  await server.accounts.update(account?.id ?? '', { groups });
}

describe('the authorization server', () => {
  it('grants people no more than the rule that fits them lets count, and says so before', async () => {
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    const page = await signIn(browser, client.authorizationUrl({ scope: WIDE }), OWNER);
    expect(page.html).toMatch(/files:write/);
    const { url } = await answer(browser, page);
    const { body } = await client.exchange(url.searchParams.get('code') ?? '');
    expect(body.scope?.split(' ').toSorted()).toEqual(['files:read', 'files:write']);
    const given = server.telemetry.audits.findLast(({ action }) => action === 'consent.given');
    expect(given?.details).toMatchObject({ withheld: ['data:read'] });
  });

  it('grants nothing to whom no rule fits', async () => {
    await putInto([]);
    const client = await OAuthClient.register(server.origin);
    const browser = server.browser();
    const page = await signIn(browser, client.authorizationUrl({ scope: WIDE }), MEMBER);
    const { url } = page.forms.some(({ buttons }) => buttons.some(([, , label]) => label === 'Allow'))
      ? await answer(browser, page)
      : await answer(browser, page, 'Deny');
    expect(url.searchParams.get('error')).toBe('access_denied');
    expect(url.searchParams.has('code')).toBe(false);
  });

  it('grants a service what the rule lets count of what it is declared for, and no other service anything', async () => {
    const ask = (clientId: string, scope: string) =>
      new OAuthClient(server.origin, clientId).token({
        grant_type: 'client_credentials',
        client_secret: SECRET,
        ...(scope === '' ? {} : { scope }),
      });
    for (const scope of ['', 'data:read', 'files:read data:read']) {
      expect((await ask('report', scope)).body.scope, scope).toBe('data:read');
    }
    expect(await ask('report', 'files:read')).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    });
    expect(await ask('forgotten', '')).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } });
  });

  it('tells the resource server the groups and the address that rules name, as they are at each refresh', async () => {
    await putInto(['analysts', 'unnamed']);
    const { client, tokens } = await obtainTokens(server, {
      person: MEMBER,
      changes: { scope: 'files:read data:read offline_access' },
    });
    expect(decodeJwt(tokens.access)).toMatchObject({ groups: ['analysts'], email: MEMBER.email });
    expect(decodeJwt(tokens.access)['scope']).toBe('files:read data:read');
    await putInto(['unnamed']);
    const { status, body } = await client.refresh(tokens.refresh);
    expect(status).toBe(200);
    const claims = decodeJwt(body.access_token ?? '');
    expect(claims).not.toHaveProperty('groups');
    expect(JSON.stringify(claims['scope'] ?? '')).not.toMatch(/files|data/);
  });

  it('puts neither into tokens where no rule asks for them', async () => {
    const plain = await startAuthorizationServer();
    const account = await plain.accounts.findByEmail(OWNER.email);
    await plain.accounts.update(account?.id ?? '', { groups: ['analysts'] });
    const client = await OAuthClient.register(plain.origin);
    const { body } = await client.exchange(await obtainCode(client, plain.browser()));
    const claims = decodeJwt(body.access_token ?? '');
    expect(claims).not.toHaveProperty('groups');
    expect(claims).not.toHaveProperty('email');
    await plain.close();
  });
});
