import * as z from 'zod';
import { ALL_SCOPES } from '../../core/scopes.ts';
import { setting } from '../../core/setting.ts';
import { DEVICE_GRANT, JWT_BEARER_GRANT } from '../grant-types.ts';

const scopes = z.array(z.enum(ALL_SCOPES));

const publicKey = z
  .record(z.string(), z.unknown())
  .refine((key) => typeof key['kty'] === 'string' && !('d' in key || 'k' in key), {
    error: 'must be a public key in the form of a JWK',
  });

const redirectUri = z.url().refine(
  (value) => {
    const url = URL.parse(value);
    if (url === null || value.includes('#')) return false;
    if (url.protocol === 'http:') return ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
    return !/^(javascript|vbscript|data|blob|file|about):$/.test(url.protocol);
  },
  { error: "must be https, http on loopback, or an application's own scheme, without a fragment" },
);

const client = z
  .strictObject({
    clientId: setting(
      z.string().regex(/^[A-Za-z0-9._~-]{1,100}$/, 'must be 1 to 100 letters, digits or any of . _ ~ -'),
      {
        description: 'The name by which the application authenticates.',
        example: 'nightly-report',
      },
    ),
    name: setting(z.string().trim().min(1).max(100), {
      description: 'What people read on the consent page.',
      example: 'Nightly report',
    }),
    secret: setting(z.string().min(32).optional(), {
      description: 'A random secret of at least 32 characters, for HTTP Basic or the request body.',
      example: '${NIGHTLY_REPORT_SECRET}',
      secret: true,
    }),
    jwks: setting(z.object({ keys: z.array(publicKey).min(1) }).optional(), {
      description: 'Public keys with which the application signs its assertions (private_key_jwt).',
      example: { keys: [{ kty: 'EC', crv: 'P-256', x: '…', y: '…' }] },
    }),
    grantTypes: setting(
      z
        .array(
          z.enum([
            'client_credentials',
            'authorization_code',
            'refresh_token',
            DEVICE_GRANT,
            JWT_BEARER_GRANT,
          ]),
        )
        .min(1)
        .default(['client_credentials']),
      {
        description: `How the application may obtain tokens: for itself (client_credentials), for people who sign in (authorization_code; refresh_token; ${DEVICE_GRANT}), or for people whom an identity provider vouches for (${JWT_BEARER_GRANT}).`,
        example: ['client_credentials'],
      },
    ),
    scopes: setting(scopes.min(1), {
      description: 'The most that the application may be given, whoever it acts for.',
      example: ['files:read'],
    }),
    redirectUris: setting(z.array(redirectUri).default([]), {
      description: 'Where people return after sign-in; needed for authorization_code.',
      example: ['https://app.example.com/callback'],
    }),
  })
  .refine(({ secret, jwks }) => (secret === undefined) !== (jwks === undefined), {
    error: 'needs either a secret or jwks',
  })
  .refine((one) => one.grantTypes.includes('authorization_code') === one.redirectUris.length > 0, {
    error: 'needs redirectUris exactly when grantTypes has authorization_code',
  });

/** The clients that the operator declares. */
export const clientsOption = setting(
  z.array(client).refine(haveOwnIds, { error: 'have the same clientId' }).default([]),
  {
    description:
      'Applications that the operator declares, above all services that act for themselves (client_credentials).',
    example: [
      {
        clientId: 'nightly-report',
        name: 'Nightly report',
        secret: '${NIGHTLY_REPORT_SECRET}',
        scopes: ['files:read'],
      },
    ],
    env: false,
  },
);

function haveOwnIds(clients: readonly { readonly clientId: string }[]): boolean {
  return new Set(clients.map(({ clientId }) => clientId)).size === clients.length;
}
