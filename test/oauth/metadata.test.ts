import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProvider } from '../../src/auth/server/provider.ts';
import { createFederation } from '../../src/auth/server/federation/create-federation.ts';
import { Grants } from '../../src/auth/server/tokens/grants.ts';
import { AcquaintedBudget } from '../../src/auth/server/clients/fetch-budget.ts';
import { MetadataDocuments } from '../../src/auth/server/clients/metadata-documents.ts';
import { openContext } from '../../src/core/request-context.ts';
import { systemClock } from '../../src/core/clock.ts';
import { ALL_SCOPES } from '../../src/core/scopes.ts';
import { openKeys } from '../../src/keys/index.ts';
import { createPages } from '../../src/pages/index.ts';
import { grantAll } from '../fixtures/principal.ts';
import {
  authOptionsWith,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from '../fixtures/authorization-server.ts';
import { serve } from '../fixtures/loopback-server.ts';

const CLIENTS = [
  { clientId: 'report', name: 'Report', secret: 'x'.repeat(32), scopes: ['files:read'] },
] as const;

const EVERYTHING = {
  mode: 'broker',
  deviceFlow: { enabled: true },
  clients: CLIENTS,
  identityProviders: [
    {
      id: 'corp',
      name: 'Example Ltd.',
      issuer: 'https://login.example.com',
      clientId: 'fairlead',
      clientSecret: 'secret',
      enterpriseManaged: true,
    },
  ],
};

let server: RunningAuthorizationServer;

beforeAll(async () => {
  server = await startAuthorizationServer({ options: { clients: CLIENTS } });
});
afterAll(() => server.close());

async function read(path: string): Promise<Record<string, unknown>> {
  const response = await fetch(server.origin + path);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

describe('the metadata of the authorization server (RFC 8414)', () => {
  it('name the bare origin as issuer and the paths that old clients guess', async () => {
    const { origin } = server;
    expect(await read('/.well-known/oauth-authorization-server')).toMatchObject({
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      registration_endpoint: `${origin}/register`,
      revocation_endpoint: `${origin}/revoke`,
      introspection_endpoint: `${origin}/introspect`,
      jwks_uri: `${origin}/jwks`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
    });
  });

  it.each([
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server/mcp',
    '/.well-known/openid-configuration/mcp',
    '/mcp/.well-known/openid-configuration',
    '/mcp/.well-known/oauth-authorization-server',
  ])('are found at %s too', async (path) => {
    expect(await read(path)).toEqual(await read('/.well-known/oauth-authorization-server'));
  });

  it('offer the scopes of this deployment only', async () => {
    const small = await startAuthorizationServer({ scopes: ['files:read'] });
    const response = await fetch(`${small.origin}/.well-known/oauth-authorization-server`);
    expect(await response.json()).toMatchObject({
      scopes_supported: ['openid', 'offline_access', 'files:read'],
    });
    await small.close();
  });

  it('may be read by any page', async () => {
    const response = await fetch(`${server.origin}/.well-known/oauth-authorization-server`, {
      headers: { origin: 'https://anywhere.example' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  it.each([
    ['the usual settings', { clients: CLIENTS }],
    ['all that can be switched on', EVERYTHING],
    [
      'all that can be switched off',
      { registration: { mode: 'off' }, metadataDocuments: { enabled: false } },
    ],
  ])('say what the provider itself would, but for what it does beyond, with %s', async (_what, options) => {
    const other = await startAuthorizationServer({ options });
    const response = await fetch(`${other.origin}/.well-known/oauth-authorization-server`);
    const ours = (await response.json()) as Record<string, unknown>;
    const theirs = await metadataOfTheProvider(other, options);
    await other.close();
    const { claim_types_supported, claims_parameter_supported, response_modes_supported, ...shared } = theirs;
    // Normal claims and no parameter for them are the defaults (OpenID Connect Discovery §3).
    expect(claim_types_supported).toEqual(['normal']);
    expect(claims_parameter_supported).toBe(false);
    expect(response_modes_supported).toContain('query');
    const sorted = (value: unknown): unknown => (Array.isArray(value) ? value.toSorted() : value);
    const { response_modes_supported: modes, scopes_supported, ...rest } = ours;
    expect(modes).toEqual(['query']);
    expect(scopes_supported).toEqual([...(shared['scopes_supported'] as string[]), ...ALL_SCOPES]);
    for (const [name, value] of Object.entries(shared)) {
      if (name !== 'scopes_supported') expect([name, sorted(rest[name])]).toEqual([name, sorted(value)]);
    }
    expect(Object.keys(rest).filter((name) => !(name in shared))).toEqual([]);
  });
});

describe('the key set', () => {
  it('holds public keys only', async () => {
    const { keys } = await read('/jwks');
    expect(keys).toEqual([
      expect.objectContaining({
        kty: 'EC',
        crv: 'P-256',
        alg: 'ES256',
        use: 'sig',
        kid: expect.any(String) as string,
      }),
    ]);
    expect(JSON.stringify(keys)).not.toContain('"d"');
  });
});

/** What oidc-provider publishes with the configuration of this server. */
async function metadataOfTheProvider(
  of: RunningAuthorizationServer,
  settings: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const { store, accounts, telemetry, dataDir, origin } = of;
  const options = authOptionsWith(settings);
  const grants = new Grants(store);
  const ring = await openKeys({ dataDir, logger: telemetry.logger });
  const { handle } = buildProvider(
    {
      issuer: origin,
      resource: `${origin}/mcp`,
      scopes: ALL_SCOPES,
      options,
      clock: systemClock,
      issuance: grantAll,
      grants,
      ...createFederation(options.identityProviders, {
        ...{ store, accounts, grants, telemetry, issuer: origin, clock: systemClock, keyRing: ring },
      }),
      documents: new MetadataDocuments(systemClock),
      keySets: new AcquaintedBudget(),
      fetch: () => Promise.reject(new Error('nothing is fetched')),
      pages: createPages({ resource: new URL('/mcp', origin), accounts: true }),
      ...{ store, accounts, telemetry },
      connections: { note: () => undefined },
    },
    ring.keys,
  );
  ring.close();
  const listener = await serve(() => (request, response) => {
    openContext(request, { id: '1', logger: telemetry.logger, address: '', route: '' });
    request.headers.host = new URL(origin).host;
    void handle(request, response);
  });
  const response = await fetch(`${listener.origin}/.well-known/oauth-authorization-server`);
  const document = (await response.json()) as Record<string, unknown>;
  await listener.close();
  return document;
}
