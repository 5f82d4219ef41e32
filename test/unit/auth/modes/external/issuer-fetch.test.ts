import { describe, expect, it } from 'vitest';
import { endpointOf } from '../../../../../src/auth/modes/external/issuer-fetch.ts';

describe('an endpoint that the metadata of an issuer names', () => {
  it.each([
    ['https://login.example.com', 'https://keys.example.com/jwks'],
    ['http://127.0.0.1:8080', 'http://localhost:8081/jwks'],
    ['http://127.0.0.1:8080', 'https://keys.example.com/jwks'],
  ])('of %s can be %s', (issuer, address) => {
    expect(endpointOf(issuer, address)).toBe(address);
  });

  it.each([
    ['https://login.example.com', 'http://keys.example.com/jwks'],
    ['https://login.example.com', 'http://127.0.0.1:8081/jwks'],
    ['http://127.0.0.1:8080', 'http://169.254.169.254/jwks'],
    ['http://127.0.0.1:8080', 'file:///etc/passwd'],
    ['https://login.example.com', 'data:application/json,{}'],
    ['https://login.example.com', '/jwks'],
    ['https://login.example.com', undefined],
  ])('of %s cannot be %s', (issuer, address) => {
    expect(endpointOf(issuer, address)).toBeUndefined();
  });
});
