import { describe, expect, it } from 'vitest';
import { externalOptions } from '../../../src/auth/options/external.ts';

const JWT = { issuer: 'https://login.example.com' };
const ASKED = {
  ...{ issuer: 'https://asked.example.com', type: 'introspection' },
  ...{ clientId: 'fairlead', clientSecret: 'secret' },
};

function problems(...issuers: readonly object[]): string[] {
  const { error } = externalOptions.safeParse({ issuers });
  return error?.issues.map(({ message }) => message) ?? [];
}

describe('the options of external issuers', () => {
  it('need nothing but the issuer', () => {
    expect(externalOptions.parse({ issuers: [JWT] }).issuers).toMatchObject([
      {
        type: 'jwt',
        algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'],
        tokenTypes: ['at+jwt'],
        requiredClaims: {},
        claims: { subject: ['sub'], clientId: ['client_id'], scopes: ['scope'], groups: 'groups' },
        groupScopesMode: 'limit',
      },
    ]);
  });

  it.each([
    'http://login.example.com',
    'https://user:secret@login.example.com',
    'https://login.example.com/#x',
    'https://login.example.com/?x=y',
    'login.example.com',
  ])('refuse %s as an issuer', (issuer) => {
    expect(problems({ issuer })).not.toEqual([]);
  });

  it('take plain http on this machine', () => {
    expect(problems({ issuer: 'http://127.0.0.1:8080/realms/main' })).toEqual([]);
  });

  it.each(['HS256', 'none', 'HS512'])('refuse the algorithm %s', (algorithm) => {
    expect(problems({ ...JWT, algorithms: [algorithm] })).not.toEqual([]);
  });

  it.each([
    ['introspection needs clientId', [{ ...JWT, type: 'introspection' }]],
    ['introspection needs clientId', [{ ...ASKED, clientSecret: undefined }]],
    ['are for type introspection only', [{ ...JWT, clientSecret: 'secret' }]],
    ['jwksUri is for type jwt only', [{ ...ASKED, jwksUri: 'https://asked.example.com/keys' }]],
    ['needs requiredClaims', [{ ...JWT, tokenTypes: ['at+jwt', 'jwt'] }]],
    [
      'have the same issuer',
      [
        { ...JWT, prefix: 'a' },
        { ...JWT, prefix: 'b' },
      ],
    ],
    ['need a prefix each', [JWT, { ...ASKED, prefix: 'b' }]],
    [
      'only one can be shown opaque tokens',
      [
        { ...ASKED, prefix: 'a' },
        { ...ASKED, issuer: 'https://other.example.com', prefix: 'b' },
      ],
    ],
  ])('say that %s', (message, issuers) => {
    expect(problems(...issuers).join()).toContain(message);
  });

  it('take several issuers that can be told apart', () => {
    expect(
      problems(
        { ...JWT, prefix: 'a' },
        { ...ASKED, prefix: 'b' },
        { ...ASKED, issuer: 'https://other.example.com', prefix: 'b', opaqueTokens: false },
      ),
    ).toEqual([]);
  });
});
