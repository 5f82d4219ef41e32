import * as z from 'zod';
import { MAX_ACCESS_TOKEN_TTL } from '../core/lifetimes.ts';
import { ALL_SCOPES } from '../core/scopes.ts';
import { setting } from '../core/setting.ts';

/** Every mode that can be configured; the composition in `index.ts` has one line for each. */
export const AUTH_MODES = ['embedded', 'none'] as const;

const DAY = 86_400;

/** Schemes at which a browser would run or show what it is sent to, instead of handing it to an application. */
const UNSAFE_SCHEMES: ReadonlySet<string> = new Set([
  ...['about', 'blob', 'data', 'file', 'filesystem', 'ftp', 'http', 'https'],
  ...['javascript', 'vbscript', 'view-source', 'ws', 'wss'],
]);

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
        .array(z.enum(['client_credentials', 'authorization_code', 'refresh_token']))
        .min(1)
        .default(['client_credentials']),
      { description: 'How the application may obtain tokens.', example: ['client_credentials'] },
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

export const authOptions = z.object({
  mode: setting(z.enum(AUTH_MODES).default('embedded'), {
    description:
      'Who issues access tokens. "embedded": the authorization server that is built in, with accounts of its own. "none": nobody, every caller has every right; refused on an address that other machines can reach.',
    example: 'embedded',
  }),
  accessTokenTtlSeconds: setting(z.int().min(60).max(MAX_ACCESS_TOKEN_TTL).default(300), {
    description:
      'How long an access token is good for, in seconds. Revocation works at once whatever this says.',
    example: 600,
  }),
  refreshTokenTtlSeconds: setting(
    z
      .int()
      .min(300)
      .max(400 * DAY)
      .default(14 * DAY),
    {
      description: 'How long an application may stay away before it has to ask the person again, in seconds.',
      example: 2_592_000,
    },
  ),
  refreshGraceSeconds: setting(z.int().min(0).max(60).default(10), {
    description:
      'How long a refresh token that was just used may be sent once more, for a client that never got the answer, in seconds. It then gets the same successor; later use ends the grant.',
    example: 30,
  }),
  grantTtlSeconds: setting(
    z
      .int()
      .min(3600)
      .max(400 * DAY)
      .default(90 * DAY),
    {
      description: 'How long a consent holds at most, however often it is used, in seconds.',
      example: 2_592_000,
    },
  ),
  sessionTtlSeconds: setting(
    z
      .int()
      .min(300)
      .max(30 * DAY)
      .default(8 * 3600),
    {
      description:
        'How long a browser stays signed in to the pages of this server after it was last used there, in seconds.',
      example: 3600,
    },
  ),
  memberScopes: setting(scopes.default(['files:read']), {
    description:
      'What a member may allow an application, where the account itself says nothing else. Owners may allow everything.',
    example: ['files:read', 'data:read'],
  }),
  owner: z
    .object({
      email: setting(z.email().optional(), {
        description: 'Creates the owner account at the first start, without a browser.',
        example: 'owner@example.com',
        env: 'FAIRLEAD_OWNER_EMAIL',
      }),
      password: setting(z.string().min(12).max(256).optional(), {
        description:
          "The owner account's first password, at least 12 characters. Not used once the account exists.",
        example: 'correct horse battery staple',
        env: 'FAIRLEAD_OWNER_PASSWORD',
        secret: true,
      }),
    })
    .refine(({ email, password }) => (email === undefined) === (password === undefined), {
      error: 'the owner account needs both an e-mail address and a password',
    }),
  login: z.object({
    freeAttempts: setting(z.int().min(1).max(100).default(5), {
      description: 'Failed sign-ins of one account that cost no delay. Each further one doubles it.',
      example: 3,
    }),
    freeAttemptsPerAddress: setting(z.int().min(1).max(10_000).default(20), {
      description: 'Failed sign-ins from one address that cost no delay, whichever accounts they name.',
      example: 50,
    }),
    baseDelaySeconds: setting(z.int().min(1).max(60).default(2), {
      description: 'The first delay after the free attempts, in seconds.',
      example: 1,
    }),
    maxDelaySeconds: setting(z.int().min(1).max(DAY).default(900), {
      description: 'The longest delay, in seconds.',
      example: 300,
    }),
  }),
  registration: z.object({
    enabled: setting(z.boolean().default(true), {
      description:
        'Whether applications may register themselves (RFC 7591). Without it only client ID metadata documents and the applications under `clients` work.',
      example: false,
    }),
    maxClients: setting(z.int().min(1).max(100_000).default(1000), {
      description: 'Registered applications that are kept; one more is refused.',
      example: 5000,
    }),
    newClientTtlSeconds: setting(
      z
        .int()
        .min(600)
        .max(30 * DAY)
        .default(DAY),
      {
        description: 'How long a registration is kept until somebody signs in with it, in seconds.',
        example: 3600,
      },
    ),
    unusedClientTtlSeconds: setting(
      z
        .int()
        .min(DAY)
        .max(400 * DAY)
        .default(30 * DAY),
      {
        description: 'How long a registration is kept after its last use, in seconds.',
        example: 7_776_000,
      },
    ),
    allowedRedirectSchemes: setting(
      z
        .array(
          z
            .string()
            .regex(/^[a-z][a-z0-9+.-]*$/, 'must be a scheme in lower case, without ":"')
            .refine((scheme) => !UNSAFE_SCHEMES.has(scheme), {
              error: 'browsers run or open this scheme themselves: name the scheme of a desktop application',
            }),
        )
        .default(['cursor', 'vscode', 'vscode-insiders', 'vscodium', 'windsurf', 'zed']),
      {
        description:
          'Schemes of desktop applications that may receive people back after sign-in, beside https and http on loopback.',
        example: ['cursor', 'vscode'],
      },
    ),
  }),
  metadataDocuments: z.object({
    enabled: setting(z.boolean().default(true), {
      description:
        'Whether an application may be identified by the https address of its metadata document, which this server then fetches.',
      example: false,
    }),
  }),
  clients: setting(z.array(client).refine(haveOwnIds, { error: 'have the same clientId' }).default([]), {
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
  }),
});

function haveOwnIds(clients: readonly { readonly clientId: string }[]): boolean {
  return new Set(clients.map(({ clientId }) => clientId)).size === clients.length;
}

export type AuthOptions = z.output<typeof authOptions>;
