import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { createChallenge } from '../../../src/auth/challenge.ts';
import { AppError, ERROR_CODES, type AppErrorCode } from '../../../src/core/errors.ts';

const METADATA = 'https://fairlead.example/.well-known/oauth-protected-resource/mcp';
const challenge = createChallenge({
  resourceMetadata: new URL(METADATA),
  defaultScopes: ['files:read'],
});

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
    const challenged = ['UNAUTHENTICATED', 'INVALID_TOKEN', 'SCOPE_REQUIRED'];
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
