import { errors } from 'jose';
import { expect, it } from 'vitest';
import { tokenFault } from '../../../src/auth/token-fault.ts';
import { AppError } from '../../../src/core/errors.ts';

it.each([
  new errors.JWTExpired('expired', { sub: 'ada' }, 'exp'),
  new errors.JWTClaimValidationFailed('unexpected "aud" claim value', { sub: 'ada' }, 'aud'),
  new errors.JWTInvalid(),
  new errors.JWSInvalid(),
  new errors.JWSSignatureVerificationFailed(),
  new errors.JOSEAlgNotAllowed(),
  new errors.JOSENotSupported(),
  new errors.JWKSNoMatchingKey(),
])('$code is the token’s own fault, and nothing of the token is kept', (error) => {
  const fault = tokenFault(error);
  expect(fault.code).toBe('INVALID_TOKEN');
  expect(fault.cause).toBeUndefined();
  expect(JSON.stringify(fault)).not.toContain('ada');
});

it.each([
  new errors.JWKSTimeout(),
  new errors.JWKSInvalid(),
  new errors.JOSEError('Expected 200 OK from the JSON Web Key Set HTTP response'),
  new AppError('UNAVAILABLE', 'The store cannot be reached.'),
  new TypeError('fetch failed'),
])('$message says nothing about the token', (error) => {
  expect(tokenFault(error)).toMatchObject({ code: 'UNAVAILABLE', retryAfter: 5, cause: error });
});
