import { createPrivateKey } from 'node:crypto';
import * as z from 'zod';
import { MAX_SEALED_LIFETIME } from '../../core/lifetimes.ts';
import { isLoopback } from '../../core/loopback.ts';
import { ALL_SCOPES } from '../../core/scopes.ts';
import { setting } from '../../core/setting.ts';

const HOUR = 3600;

const scopes = z.array(z.enum(ALL_SCOPES));
const names = z.array(z.string().min(1).max(256));
const claimName = z.string().min(1).max(256);

/** Parameters that the sign-in itself sets: written by hand, they would undo what protects it. */
const OWN_PARAMETERS: ReadonlySet<string> = new Set([
  ...['client_id', 'client_secret', 'code_challenge', 'code_challenge_method', 'nonce', 'redirect_uri'],
  ...['request', 'request_uri', 'response_mode', 'response_type', 'scope', 'state'],
]);

const issuer = z.url().refine(
  (value) => {
    const url = URL.parse(value);
    if (url === null || `${url.search}${url.hash}${url.username}` !== '') return false;
    return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  },
  { error: 'must be an https address (http on loopback only) without query, fragment and credentials' },
);

/** Types of the keys that assertions are signed with, by the beginning of the algorithm (RFC 7518 §3.1, RFC 8037). */
const KEY_TYPES: Readonly<Record<string, string>> = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' };

const privateKey = z.record(z.string(), z.unknown()).refine(signs, {
  error: 'must be a private key in the form of a JWK, with its alg',
});

const claims = z.strictObject({
  subject: setting(claimName.default('sub'), {
    description: 'The claim that names the person for good, and never another one.',
    example: 'oid',
  }),
  email: setting(claimName.default('email'), {
    description: "The claim with the person's e-mail address.",
    example: 'preferred_username',
  }),
  name: setting(claimName.default('name'), {
    description: "The claim with the person's name.",
    example: 'name',
  }),
  groups: setting(claimName.default('groups'), {
    description:
      "The claim with the person's groups: a list, or one name. Dots lead into nested claims, where none has the whole name.",
    example: 'realm_access.roles',
  }),
});

const identityProvider = z
  .strictObject({
    id: setting(z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9 and "-"'), {
      description: 'Names the provider here, above all in the redirect URI `/login/callback/<id>`.',
      example: 'entra',
    }),
    name: setting(z.string().trim().min(1).max(60), {
      description: 'What stands on the button.',
      example: 'Example Ltd.',
    }),
    issuer: setting(issuer, {
      description: 'The issuer, exactly as its discovery document and its ID tokens spell it.',
      example: 'https://login.example.com',
    }),
    clientId: setting(z.string().min(1).max(256), {
      description: 'The client that this server is registered as at the provider.',
      example: 'fairlead',
    }),
    clientSecret: setting(z.string().min(1).optional(), {
      description: 'The secret of that client.',
      example: '${OIDC_CLIENT_SECRET}',
      secret: true,
    }),
    clientKey: setting(privateKey.optional(), {
      description: 'Instead of a secret: the private key that signs assertions (private_key_jwt), as a JWK.',
      example: { kty: 'EC', crv: 'P-256', alg: 'ES256', kid: '1', x: '…', y: '…', d: '…' },
      secret: true,
    }),
    scopes: setting(
      names
        .refine((list) => list.includes('openid'), { error: 'must have openid' })
        .default(['openid', 'profile', 'email']),
      {
        description:
          'What the provider is asked for. Most give a refresh token, which groups are kept current with, only for offline_access.',
        example: ['openid', 'profile', 'email', 'offline_access'],
      },
    ),
    authorizationParameters: setting(
      z
        .record(z.string(), z.string())
        .refine((table) => !Object.keys(table).some((name) => OWN_PARAMETERS.has(name)), {
          error: `must have none of ${[...OWN_PARAMETERS].join(', ')}`,
        })
        .default({}),
      {
        description: 'Further parameters of the authorization request.',
        example: { access_type: 'offline', prompt: 'consent' },
      },
    ),
    claims: claims.prefault({}),
    requireVerifiedEmail: setting(z.boolean().default(true), {
      description:
        'Whether people need an address that the provider has verified (`email_verified`). Turn it off only where the provider alone decides what address somebody has.',
      example: false,
    }),
    allowedEmailDomains: setting(names.default([]), {
      description: 'Domains of the addresses of the people who may sign in. Empty: all.',
      example: ['example.com'],
    }),
    allowedGroups: setting(names.default([]), {
      description: 'Groups of which people need one to sign in. Empty: none is needed.',
      example: ['mcp-users'],
    }),
    requiredClaims: setting(z.record(claimName, z.union([z.string(), names])).default({}), {
      description: 'Claims that the ID token must have, with one of these values.',
      example: { hd: 'example.com' },
    }),
    ownerGroups: setting(names.default([]), {
      description: 'Groups whose people are owners here. Where it is set, leaving them takes the role away.',
      example: ['mcp-admins'],
    }),
    groupScopes: setting(z.record(z.string(), scopes).default({}), {
      description:
        'What the people of each group may allow applications; who is in several may allow all of it, who is in none nothing. Empty: `auth.memberScopes` for everybody.',
      example: { engineering: ['files:write', 'data:read'], support: ['files:read'] },
    }),
    enterpriseManaged: setting(z.boolean().default(false), {
      description:
        'Whether the provider may vouch for people by assertions that it hands to applications (ID-JAG): an application under `auth.clients` with the grant urn:ietf:params:oauth:grant-type:jwt-bearer then gets tokens for them without asking anybody.',
      example: true,
    }),
    recheckSeconds: setting(z.int().min(60).max(86_400).default(900), {
      description:
        'How old the knowledge of a person may be when a token is issued, in seconds. If it is older, the provider is asked for the groups again, and whether the person is still there.',
      example: 300,
    }),
    outageSeconds: setting(z.int().min(0).max(86_400).default(HOUR), {
      description:
        'How much longer, in seconds, the known groups serve while the provider cannot be reached. After that tokens are not renewed until it is back.',
      example: 14_400,
    }),
    signInMaxAgeSeconds: setting(
      z
        .int()
        .min(300)
        .max(MAX_SEALED_LIFETIME)
        .default(8 * HOUR),
      {
        description:
          'How long after a sign-in tokens are renewed where the provider gives no means to ask it again (no refresh token), in seconds. Then the person signs in again.',
        example: 28_800,
      },
    ),
  })
  .refine(({ clientSecret, clientKey }) => (clientSecret === undefined) !== (clientKey === undefined), {
    error: 'needs either a clientSecret or a clientKey',
  });

export type IdentityProviderOptions = z.output<typeof identityProvider>;

/** The OpenID providers at which people sign in. */
export const identityProvidersOption = setting(
  z
    .array(identityProvider)
    .refine((list) => areDistinct(list.map(({ id }) => id)), { error: 'have the same id' })
    .refine((list) => areDistinct(list.map((one) => one.issuer)), { error: 'have the same issuer' })
    .default([]),
  {
    description: 'The OpenID providers at which people sign in; for mode "broker".',
    example: [
      {
        id: 'corp',
        name: 'Example Ltd.',
        issuer: 'https://login.example.com',
        clientId: 'fairlead',
        clientSecret: '${OIDC_CLIENT_SECRET}',
        scopes: ['openid', 'profile', 'email', 'offline_access'],
        groupScopes: { engineering: ['files:write'], support: ['files:read'] },
      },
    ],
    env: false,
  },
);

function signs(key: Readonly<Record<string, unknown>>): boolean {
  const { alg, kty } = key;
  if (typeof alg !== 'string' || typeof kty !== 'string') return false;
  if (KEY_TYPES[alg.slice(0, 2)] !== kty) return false;
  try {
    createPrivateKey({ key, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

function areDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
