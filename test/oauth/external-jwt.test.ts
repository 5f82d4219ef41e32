import { afterEach, describe, expect, it } from 'vitest';
import { admitSubject, cutOffSubject } from '../../src/auth/index.ts';
import { claims, newKey, sign } from '../fixtures/access-tokens.ts';
import { AUDIENCE, type ExternalServer, startExternalServer } from '../fixtures/external-mode.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { startTokenIssuer, type TokenIssuer } from '../fixtures/token-issuer.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function startIssuer(settings?: Parameters<typeof startTokenIssuer>[0]): Promise<TokenIssuer> {
  const issuer = await startTokenIssuer(settings);
  open.push(issuer);
  return issuer;
}

async function start(...settings: Parameters<typeof startExternalServer>): Promise<ExternalServer> {
  const server = await startExternalServer(...settings);
  open.push(server);
  return server;
}

describe('the server of somebody else’s tokens', () => {
  it('names all issuers in its metadata, and has no endpoint of an authorization server', async () => {
    const [one, other] = [await startIssuer(), await startIssuer({ path: '/realms/main' })];
    const server = await start([
      { issuer: one.issuer, prefix: 'one' },
      { issuer: other.issuer, prefix: 'other' },
    ]);
    const metadata = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`);
    expect(await metadata.json()).toMatchObject({
      resource: `${server.origin}/mcp`,
      authorization_servers: [one.issuer, other.issuer],
    });
    for (const path of [
      '/.well-known/oauth-authorization-server',
      '/authorize',
      '/token',
      '/register',
      '/jwks',
      '/account',
      '/setup',
    ]) {
      expect((await fetch(server.origin + path)).status).toBe(404);
    }
    expect(await server.auth.setupUrl()).toBeUndefined();
  });

  it('takes a token of RFC 9068 for what it says', async () => {
    const issuer = await startIssuer();
    const server = await start([{ issuer: issuer.issuer }]);
    const token = await issuer.token({ aud: [AUDIENCE, 'other'], scope: 'openid files:write nonsense' });
    expect(await server.ask(token)).toMatchObject({
      status: 200,
      caller: { subject: 'ada', clientId: 'agent', scopes: ['files:write'] },
    });
  });

  it('is the audience itself where none is configured', async () => {
    const issuer = await startIssuer();
    const server = await start([{ issuer: issuer.issuer, audience: undefined }]);
    expect(await server.ask(await issuer.token({ aud: `${server.origin}/mcp` }))).toMatchObject({
      status: 200,
    });
    expect(await server.ask(await issuer.token({ aud: AUDIENCE }))).toMatchObject({ status: 401 });
  });

  it('asks for a token, and says of a bad one what is wrong', async () => {
    const issuer = await startIssuer();
    const server = await start([{ issuer: issuer.issuer }]);
    const without = await fetch(`${server.origin}/mcp`);
    expect(without.status).toBe(401);
    expect(without.headers.get('www-authenticate')).toContain('resource_metadata=');
    const { challenge } = await server.ask(await issuer.token({ aud: 'https://elsewhere.example' }));
    expect(challenge).toContain('error="invalid_token"');
    expect(challenge).toContain('issued for another resource');
  });

  it('finds the keys at the address of RFC 8414, before that of OpenID discovery', async () => {
    const issuer = await startIssuer({
      path: '/tenant',
      metadataPath: '/.well-known/oauth-authorization-server/tenant',
    });
    const server = await start([{ issuer: issuer.issuer }]);
    expect((await server.ask(await issuer.token({ aud: AUDIENCE }))).status).toBe(200);
    expect(issuer.requests).toEqual(['/.well-known/oauth-authorization-server/tenant', '/keys']);
  });

  it('needs no discovery where the address of the keys is configured', async () => {
    const issuer = await startIssuer({ metadataPath: '/nowhere' });
    const server = await start([{ issuer: issuer.issuer, jwksUri: `${issuer.origin}/keys` }]);
    expect((await server.ask(await issuer.token({ aud: AUDIENCE }))).status).toBe(200);
  });

  it('keeps the people, clients and groups of several issuers apart', async () => {
    const [one, other] = [await startIssuer(), await startIssuer()];
    const server = await start([
      { issuer: one.issuer, prefix: 'one' },
      { issuer: other.issuer, prefix: 'other' },
    ]);
    const { caller: first } = await server.ask(await one.token({ aud: AUDIENCE }));
    const { caller: second } = await server.ask(await other.token({ aud: AUDIENCE }));
    expect([first.subject, second.subject]).toEqual(['one:ada', 'other:ada']);
    expect([first.clientId, second.clientId]).toEqual(['one:agent', 'other:agent']);
  });

  it('takes a new key as soon as a token names it', async () => {
    const clock = new ManualClock();
    const issuer = await startIssuer();
    const server = await start([{ issuer: issuer.issuer }], { clock });
    const now = clock.now();
    expect((await server.ask(await issuer.token({ aud: AUDIENCE }, {}, now))).status).toBe(200);
    const next = await newKey('issuer-2');
    issuer.keys = [issuer.key, next];
    clock.advance(30_000);
    const token = await sign(next, claims({ iss: issuer.issuer, aud: AUDIENCE }, clock.now()));
    expect((await server.ask(token)).status).toBe(200);
  });

  it('takes tokens of a withdrawn key no longer, also known ones', async () => {
    const clock = new ManualClock();
    const issuer = await startIssuer();
    const server = await start([{ issuer: issuer.issuer }], { clock });
    const token = await issuer.token({ aud: AUDIENCE, exp: clock.now() / 1000 + 3600 }, {}, clock.now());
    expect((await server.ask(token)).status).toBe(200);
    issuer.keys = [await newKey('issuer-2')];
    clock.advance(601_000);
    expect((await server.ask(token)).status).toBe(401);
  });
});

describe('a subject that the operator has cut off', () => {
  it('is refused at once with tokens old and new, and ends what was begun; let in again, its tokens count', async () => {
    const clock = new ManualClock();
    const issuer = await startIssuer();
    const server = await start([{ issuer: issuer.issuer }], { clock });
    const token = (changes = {}) => issuer.token({ aud: AUDIENCE, ...changes }, {}, clock.now());
    const [known, fresh, other] = [await token(), await token(), await token({ sub: 'bob' })];
    for (const one of [known, other]) expect((await server.ask(one)).status).toBe(200);
    const ended: string[] = [];
    server.auth.onRevoked((authority) => ended.push(authority));
    await cutOffSubject(server.store, 'ada');
    // The id of the subject itself, and the authority of the one token that was known.
    expect(ended).toHaveLength(2);
    for (const one of [known, fresh]) expect((await server.ask(one)).status).toBe(401);
    expect((await server.ask(other)).status).toBe(200);
    expect(await admitSubject(server.store, 'ada')).toBe(true);
    for (const one of [known, fresh]) expect((await server.ask(one)).status).toBe(200);
  });

  it('is refused within a second by a process that was told nothing', async () => {
    const clock = new ManualClock();
    const issuer = await startIssuer();
    const server = await start([{ issuer: issuer.issuer, prefix: 'corp' }], { clock });
    const token = await issuer.token({ aud: AUDIENCE }, {}, clock.now());
    expect((await server.ask(token)).status).toBe(200);
    const silent = { put: server.store.put.bind(server.store), publish: () => Promise.resolve() };
    await cutOffSubject(silent, 'corp:ada');
    clock.advance(1000);
    expect((await server.ask(token)).status).toBe(401);
  });
});

describe('an issuer that does not mark access tokens', () => {
  it('is understood when it is said what its access tokens have', async () => {
    const issuer = await startIssuer();
    const server = await start([
      { issuer: issuer.issuer, tokenTypes: ['JWT'], requiredClaims: { scope: true } },
    ]);
    for (const typ of [undefined, 'JWT', 'jwt', 'application/jwt']) {
      expect((await server.ask(await issuer.token({ aud: AUDIENCE }, { typ }))).status).toBe(200);
    }
    expect((await server.ask(await issuer.token({ aud: AUDIENCE }))).status).toBe(401);
  });
});

describe('Entra ID', () => {
  const TENANT = '11111111-2222-3333-4444-555555555555';
  const API = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
  const entraToken = (issuer: TokenIssuer, changes: Record<string, unknown> = {}): Promise<string> =>
    issuer.token(
      {
        ...{ aud: API, sub: 'pairwise', oid: 'person-1', tid: TENANT, azp: 'client-1', ver: '2.0', uti: 'u' },
        ...{ client_id: undefined, scope: undefined, jti: undefined, scp: 'Files.Read Files.ReadWrite' },
        ...changes,
      },
      { typ: 'JWT' },
    );

  async function startEntra(changes: Record<string, unknown> = {}) {
    const issuer = await startIssuer({ path: `/${TENANT}/v2.0` });
    const server = await start([
      {
        issuer: issuer.issuer,
        audience: [API],
        tokenTypes: ['JWT'],
        requiredClaims: { azp: true, tid: TENANT },
        claims: { subject: ['oid'], clientId: ['azp'], scopes: ['scp', 'roles'] },
        scopeNames: { 'Files.Read': ['files:read'], 'Files.ReadWrite': ['files:write'], Jobs: ['jobs:run'] },
        ...changes,
      },
    ]);
    return { issuer, server };
  }

  it('names people by oid, clients by azp, and rights in scp and roles', async () => {
    const { issuer, server } = await startEntra();
    expect(await server.ask(await entraToken(issuer))).toMatchObject({
      status: 200,
      caller: { subject: 'person-1', clientId: 'client-1', scopes: ['files:read', 'files:write'] },
    });
    const application = { scp: undefined, roles: ['Jobs'], oid: 'service-1' };
    expect((await server.ask(await entraToken(issuer, application))).caller).toEqual({
      subject: 'service-1',
      clientId: 'client-1',
      scopes: ['jobs:run'],
    });
  });

  it('is refused with the ID token of the same application, or a token of another tenant', async () => {
    const { issuer, server } = await startEntra();
    for (const changes of [{ azp: undefined }, { nonce: 'n' }, { tid: 'other' }, { aud: 'other' }]) {
      expect((await server.ask(await entraToken(issuer, changes))).status).toBe(401);
    }
  });

  it('leaves groups out of a token when there are too many: nobody gets what they would allow', async () => {
    const { issuer, server } = await startEntra({
      claims: { subject: ['oid'], clientId: ['azp'], scopes: ['scp', 'roles'] },
      groupScopes: { 'group-1': ['files:write'] },
    });
    const few = await server.ask(await entraToken(issuer, { groups: ['group-1', 'group-2'] }));
    expect(few.caller.scopes).toEqual(['files:read', 'files:write']);
    const many = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: issuer.origin } } };
    const asked = issuer.requests.length;
    expect((await server.ask(await entraToken(issuer, many))).caller.scopes).toEqual([]);
    expect(issuer.requests).toHaveLength(asked);
    expect(server.log.join('\n')).toContain('no groups because there are too many');
  });
});

describe('an issuer that cannot be reached', () => {
  it.each(['down', 'oversized', 'redirecting', 'silent'] as const)(
    'because it is %s does not keep the server from starting; its tokens wait',
    async (behaviour) => {
      const clock = new ManualClock();
      const issuer = await startIssuer();
      issuer.behaviour = behaviour;
      const server = await start([{ issuer: issuer.issuer }], { clock, options: { timeoutMs: 100 } });
      const [check] = server.auth.checks;
      await expect.poll(() => check?.check()).toMatchObject({ status: 'degraded' });
      const token = await issuer.token({ aud: AUDIENCE }, {}, clock.now());
      expect(await server.ask(token)).toMatchObject({ status: 503, retryAfter: '5', challenge: '' });
      expect(issuer.requests).not.toContain('/elsewhere');
      issuer.behaviour = 'good';
      clock.advance(30_000);
      expect((await server.ask(token)).status).toBe(200);
      expect(await check?.check()).toEqual({ status: 'ok' });
    },
  );

  it('because its metadata is that of another does not get its keys taken', async () => {
    const issuer = await startIssuer();
    issuer.metadata = { issuer: 'https://other.example' };
    const server = await start([{ issuer: issuer.issuer }]);
    expect((await server.ask(await issuer.token({ aud: AUDIENCE }))).status).toBe(503);
    expect(issuer.requests).not.toContain('/keys');
  });
});
