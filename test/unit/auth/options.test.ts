import { describe, expect, it } from 'vitest';
import { authOptions } from '../../../src/auth/options.ts';

const SERVICE = { clientId: 'report', name: 'Report', secret: 'x'.repeat(32), scopes: ['files:read'] };
const PUBLIC = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };

function parse(options: Record<string, unknown>) {
  const sections = { owner: {}, login: {}, registration: {}, metadataDocuments: {}, connections: {} };
  return authOptions.safeParse({ ...sections, ...options });
}

describe('the options of authorization', () => {
  it('all have a default', () => {
    const { data } = parse({});
    expect(data).toMatchObject({
      mode: 'embedded',
      accessTokenTtlSeconds: 300,
      memberScopes: ['files:read'],
      clients: [],
      registration: { mode: 'open', maxClients: 1000 },
    });
  });

  it('offer only modes that exist', () => {
    expect(parse({ mode: 'ldap' }).success).toBe(false);
  });

  it('take tokens for registration exactly where they are needed', () => {
    const initialAccessTokens = ['x'.repeat(32)];
    expect(parse({ registration: { mode: 'token', initialAccessTokens } }).success).toBe(true);
    expect(parse({ registration: { mode: 'token' } }).success).toBe(false);
    expect(parse({ registration: { initialAccessTokens } }).success).toBe(false);
    expect(parse({ registration: { mode: 'token', initialAccessTokens: ['short'] } }).success).toBe(false);
  });

  it.each([
    ['app.example.com', true],
    ['*.example.com', true],
    ['intranet', true],
    ['*', false],
    ['*.com', false],
    ['https://app.example.com', false],
    ['app.example.com:8443', false],
    ['App.example.com', false],
    ['a.*.example.com', false],
  ])('take %s for a host: %s', (host, good) => {
    expect(parse({ registration: { allowedRedirectHosts: [host] } }).success).toBe(good);
    expect(parse({ metadataDocuments: { allowedHosts: [host] } }).success).toBe(good);
  });

  it('take the owner whole or not at all', () => {
    expect(parse({ owner: { email: 'a@example.com' } }).success).toBe(false);
    expect(parse({ owner: { password: 'correct horse battery' } }).success).toBe(false);
    expect(parse({ owner: { email: 'a@example.com', password: 'short' } }).success).toBe(false);
    expect(parse({ owner: { email: 'a@example.com', password: 'correct horse battery' } }).success).toBe(
      true,
    );
  });

  it.each([
    ['a secret', {}],
    ['public keys', { secret: undefined, jwks: { keys: [PUBLIC] } }],
    ['people to act for', { grantTypes: ['authorization_code'], redirectUris: ['https://app.example.com/'] }],
    ['a scheme of its own', { grantTypes: ['authorization_code'], redirectUris: ['myapp://callback'] }],
  ])('take a client with %s', (_what, change) => {
    expect(parse({ clients: [{ ...SERVICE, ...change }] }).success).toBe(true);
  });

  it.each([
    ['neither secret nor keys', { secret: undefined }],
    ['both', { jwks: { keys: [PUBLIC] } }],
    ['a short secret', { secret: 'x'.repeat(31) }],
    ['a private key', { secret: undefined, jwks: { keys: [{ ...PUBLIC, d: 'd' }] } }],
    ['an unknown scope', { scopes: ['files:everything'] }],
    ['no scope', { scopes: [] }],
    ['an id that looks like a document', { clientId: 'https://agent.example.com/client.json' }],
    ['an unknown setting', { scope: 'files:read' }],
    ['the code flow and no way back', { grantTypes: ['authorization_code'] }],
    ['a way back and no code flow', { redirectUris: ['https://app.example.com/'] }],
    ...['http://app.example.com/', 'javascript:alert(1)', 'https://app.example.com/#x', 'nothing'].map(
      (uri): [string, object] => [uri, { grantTypes: ['authorization_code'], redirectUris: [uri] }],
    ),
  ])('refuse a client with %s', (_what, change) => {
    expect(parse({ clients: [{ ...SERVICE, ...change }] }).success).toBe(false);
  });

  it('refuse two clients of the same id', () => {
    expect(parse({ clients: [SERVICE, { ...SERVICE, name: 'Another' }] }).success).toBe(false);
  });
});
