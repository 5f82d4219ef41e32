import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { extractWWWAuthenticateParams as v2 } from '@modelcontextprotocol/client';
import { extractWWWAuthenticateParams as v1 } from '@modelcontextprotocol/sdk/client/auth.js';
import { createChallenge } from '../../../src/auth/challenge.ts';
import { AppError, ERROR_CODES, type AppErrorCode } from '../../../src/core/errors.ts';

const METADATA = 'https://fairlead.example/.well-known/oauth-protected-resource/mcp';
const shared = { resourceMetadata: new URL(METADATA), defaultScopes: ['files:read'] } as const;
const challenge = createChallenge({ ...shared, dpop: 'off' });

describe('the challenge', () => {
  it('names no error where no token was presented', () => {
    expect(challenge(new AppError('UNAUTHENTICATED', 'An access token is required.'))).toBe(
      `Bearer resource_metadata="${METADATA}", scope="files:read"`,
    );
  });

  it('says invalid_token where one was presented', () => {
    expect(challenge(new AppError('INVALID_TOKEN', 'The access token has expired.'))).toBe(
      `Bearer resource_metadata="${METADATA}", scope="files:read", error="invalid_token", error_description="The access token has expired."`,
    );
  });

  it('names every scope that the call needs where the token lacks one', () => {
    const error = new AppError('SCOPE_REQUIRED', 'export_data needs more.', {
      scopes: ['data:read', 'files:write'],
    });
    expect(challenge(error)).toBe(
      `Bearer resource_metadata="${METADATA}", scope="data:read files:write", error="insufficient_scope", error_description="export_data needs more."`,
    );
  });

  it('accompanies no other error', () => {
    const proofs = ['INVALID_PROOF', 'NONCE_REQUIRED'];
    const challenged = ['UNAUTHENTICATED', 'INVALID_TOKEN', 'SCOPE_REQUIRED', ...proofs];
    const others = (Object.keys(ERROR_CODES) as AppErrorCode[]).filter((code) => !challenged.includes(code));
    for (const code of others) expect(challenge(new AppError(code, 'No.'))).toBeUndefined();
  });

  it('cannot be broken out of by a message or a scope', () => {
    const value =
      /^Bearer [a-z_]+="[\x20-\x21\x23-\x5b\x5d-\x7e]*"(, [a-z_]+="[\x20-\x21\x23-\x5b\x5d-\x7e]*")*$/;
    const hostile = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('", error="x\r\nSet-Cookie: a=b\\"'));
    fc.assert(
      fc.property(hostile, hostile, (message, scope) => {
        for (const code of ['INVALID_TOKEN', 'SCOPE_REQUIRED'] as const) {
          expect(challenge(new AppError(code, message, { scopes: [scope] }))).toMatch(value);
        }
      }),
    );
  });
});

describe('where tokens can be bound to a key, the challenge', () => {
  const optional = createChallenge({ ...shared, dpop: 'optional' });
  const required = createChallenge({ ...shared, dpop: 'required' });
  const missing = new AppError('UNAUTHENTICATED', 'An access token is required.');
  const signIn = `resource_metadata="${METADATA}", scope="files:read"`;
  const algs = 'algs="ES256 Ed25519 EdDSA"';

  it('offers both schemes, the one that every client knows first', () => {
    expect(optional(missing)).toBe(`Bearer ${signIn}, DPoP ${signIn}, ${algs}`);
  });

  it('offers one only where they must be', () => {
    expect(required(missing)).toBe(`DPoP ${signIn}, ${algs}`);
  });

  it.each([
    ['INVALID_PROOF', 'invalid_dpop_proof'],
    ['NONCE_REQUIRED', 'use_dpop_nonce'],
  ] as const)('tells a client with a proof what is wrong with it: %s', (code, error) => {
    const value = optional(new AppError(code, 'Once more.')) ?? '';
    expect(value).toBe(`DPoP ${signIn}, error="${error}", error_description="Once more.", ${algs}`);
  });

  it.each([
    ['first generation', v1],
    ['second generation', v2],
  ])('leads clients of the %s of the SDK to the metadata and scopes', (_what, read) => {
    const refused = new AppError('SCOPE_REQUIRED', 'More.', { scopes: ['files:read', 'files:write'] });
    for (const [error, scope] of [
      [missing, 'files:read'],
      [refused, 'files:read files:write'],
    ] as const) {
      const response = new Response(null, { headers: { 'WWW-Authenticate': optional(error) ?? '' } });
      expect(read(response)).toMatchObject({ resourceMetadataUrl: new URL(METADATA), scope });
    }
  });
});
