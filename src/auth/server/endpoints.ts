/** Paths of the protocol, named as oidc-provider names them. Clients of 2025-03-26 guess the first three. */
export const ENDPOINTS = {
  authorization: '/authorize',
  token: '/token',
  registration: '/register',
  revocation: '/revoke',
  introspection: '/introspect',
  pushed_authorization_request: '/request',
  device_authorization: '/device_authorization',
  /** Where people enter the code that a device shows. */
  code_verification: '/device',
  jwks: '/jwks',
} as const;
