import { describe, expect, it } from 'vitest';
import { claimAt } from '../../../../../src/auth/claims.ts';
import { createIdentityMapping } from '../../../../../src/auth/modes/external/identity-mapping.ts';
import { externalOptions } from '../../../../../src/auth/options/external.ts';
import { AppError } from '../../../../../src/core/errors.ts';
import type { Identity } from '../../../../../src/core/principal.ts';
import { recordTelemetry } from '../../../../fixtures/recorded-telemetry.ts';

const ISSUER = 'https://issuer.example';
const CLAIMS = { sub: 'ada', client_id: 'agent', scope: 'files:read', exp: 2_000_000_000, jti: 'token-1' };

function identity(claims: Record<string, unknown> = {}, options: Record<string, unknown> = {}): Identity {
  const { issuers } = externalOptions.parse({ issuers: [{ issuer: ISSUER, ...options }] });
  const [issuer] = issuers;
  if (issuer === undefined) throw new Error('No issuer');
  const identityOf = createIdentityMapping(issuer, recordTelemetry().logger);
  return identityOf({ claims: { ...CLAIMS, ...claims }, tokenHash: 'hash-of-token' });
}

/** The scopes that come of claims. */
function scopes(claims: Record<string, unknown>, options?: Record<string, unknown>): string {
  return identity(claims, options).scopes.toString();
}

function refusal(claims: Record<string, unknown>, options?: Record<string, unknown>): string {
  try {
    identity(claims, options);
    return 'accepted';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

describe('the identity of a token', () => {
  it('is read from the claims of RFC 9068', () => {
    expect(identity()).toMatchObject({
      subject: 'ada',
      clientId: 'agent',
      groups: [],
      email: undefined,
      expiresAt: 2_000_000_000,
    });
  });

  it('is read from other claims where they are configured, the first client that there is', () => {
    const claims = { clientId: ['azp', 'appid'], subject: ['oid'], groups: 'realm_access.roles' };
    const token = { oid: 'o', appid: 'app', realm_access: { roles: ['/staff'] } };
    expect(identity(token, { claims })).toMatchObject({ subject: 'o', clientId: 'app', groups: ['/staff'] });
    expect(identity({ ...token, azp: 'azp' }, { claims }).clientId).toBe('azp');
  });

  it('has an authority of its own, which tells nothing of the token', () => {
    const one = identity();
    expect(one.authority).toMatch(/^[\w-]{43}$/);
    expect(identity().authority).toBe(one.authority);
    expect(identity({ jti: 'token-2' }).authority).not.toBe(one.authority);
    expect(identity({}, { issuer: 'https://other.example' }).authority).not.toBe(one.authority);
    expect(identity({ jti: undefined }).authority).toMatch(/^[\w-]{43}$/);
  });

  it('stands behind the prefix of its issuer', () => {
    expect(identity({ groups: ['staff'] }, { prefix: 'corp' })).toMatchObject({
      subject: 'corp:ada',
      clientId: 'corp:agent',
      groups: ['corp:staff'],
    });
  });

  it('has an address only where the issuer vouches for it', () => {
    const email = 'ada@example.com';
    expect(identity({ email }).email).toBeUndefined();
    expect(identity({ email, email_verified: false }).email).toBeUndefined();
    expect(identity({ email, email_verified: true }).email).toBe(email);
    const claims = { email: 'upn', emailVerified: 'vouched' };
    expect(identity({ email, upn: 'ada@corp.example', vouched: 'true' }, { claims }).email).toBe(
      'ada@corp.example',
    );
  });

  it.each([
    ['no subject', { sub: undefined }],
    ['a subject that is no text', { sub: 7 }],
    ['a subject that is too long for a key', { sub: 'x'.repeat(256) }],
    ['a subject with invisible characters', { sub: 'ada\u200b' }],
    ['no client', { client_id: undefined }],
    ['no end', { exp: undefined }],
    ['an end that is no number', { exp: '2000000000' }],
  ])('is refused with %s', (_what, claims) => {
    expect(refusal(claims)).toBe('INVALID_TOKEN');
  });

  it('is refused with the names of the claims that were looked for', () => {
    const claims = { clientId: ['azp', 'appid'] };
    expect(() => identity({}, { claims })).toThrow('no azp or appid');
  });
});

describe('required claims', () => {
  it.each([
    ['there', { tid: true }, { tid: 'a' }, 'accepted'],
    ['missing', { tid: true }, {}, 'INVALID_TOKEN'],
    ['null', { tid: true }, { tid: null }, 'INVALID_TOKEN'],
    ['as said', { tid: 'a' }, { tid: 'a' }, 'accepted'],
    ['something else', { tid: 'a' }, { tid: 'b' }, 'INVALID_TOKEN'],
    ['one of those', { tid: ['a', 'b'] }, { tid: 'b' }, 'accepted'],
    ['a list that has it', { roles: 'a' }, { roles: ['b', 'a'] }, 'accepted'],
    ['nested', { 'realm_access.roles': 'a' }, { realm_access: { roles: ['a'] } }, 'accepted'],
  ])('that are %s', (_what, requiredClaims, claims, outcome) => {
    expect(refusal(claims, { requiredClaims })).toBe(outcome);
  });
});

describe('a claim', () => {
  it('has its whole name, or is where the dots lead', () => {
    expect(claimAt({ 'https://a.example/groups': 1 }, 'https://a.example/groups')).toBe(1);
    expect(claimAt({ a: { b: 1 }, 'a.b': 2 }, 'a.b')).toBe(2);
    expect(claimAt({ a: { b: { c: 1 } } }, 'a.b.c')).toBe(1);
    for (const name of ['a.x', 'a.b.c', 'constructor', 'a.constructor', '']) {
      expect(claimAt({ a: { b: 1 } }, name)).toBeUndefined();
    }
  });
});

describe('scopes', () => {
  it('are names in a text or a list, in one claim or several; unknown ones count for nothing', () => {
    const claims = { scopes: ['scp', 'roles'] };
    expect(scopes({ scp: 'files:read x' }, { claims })).toBe('files:read');
    expect(scopes({ scp: ['files:write'], roles: ['jobs:run', 7] }, { claims })).toBe('files:write jobs:run');
    expect(scopes({ scope: 7 })).toBe('');
  });

  it('can have other names at the issuer', () => {
    const scopeNames = { 'Files.Read': ['files:read'], 'files:write': ['files:read'], none: [] };
    expect(scopes({ scope: 'Files.Read none constructor' }, { scopeNames })).toBe('files:read');
    expect(scopes({ scope: 'files:write' }, { scopeNames })).toBe('files:read');
    expect(scopes({ scope: 'data:read' }, { scopeNames })).toBe('data:read');
  });

  it('count only as far as the groups of the person allow', () => {
    const groupScopes = { engineering: ['files:write'], support: ['files:read'] };
    const both = { scope: 'files:write jobs:run', groups: ['engineering', 'constructor'] };
    expect(scopes(both, { groupScopes })).toBe('files:write');
    expect(scopes({ ...both, groups: ['support'] }, { groupScopes })).toBe('files:read');
    expect(scopes({ ...both, scope: 'files:read' }, { groupScopes })).toBe('files:read');
    expect(scopes({ ...both, groups: undefined }, { groupScopes })).toBe('');
  });

  it('of groups count beside those of the token where that is configured', () => {
    const options = { groupScopes: { engineering: ['files:write'] }, groupScopesMode: 'add' };
    expect(scopes({ scope: 'jobs:run', groups: 'engineering' }, options)).toBe('files:write jobs:run');
    expect(scopes({ scope: 'jobs:run' }, options)).toBe('jobs:run');
  });
});
