import * as z from 'zod';
import { isLoopback } from '../../core/loopback.ts';
import { ALL_SCOPES } from '../../core/scopes.ts';
import { setting } from '../../core/setting.ts';

const DAY = 86_400;

/** All that sign with a private key. With a shared secret, who can verify can forge. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

const text = z.string().min(1).max(256);
const names = z.array(text).min(1);
const scopeTable = z.record(z.string(), z.array(z.enum(ALL_SCOPES)));

const address = z.url().refine(isTrustworthy, {
  error: 'must be an https address (http on loopback only) without fragment and credentials',
});

const claims = z.strictObject({
  subject: setting(names.default(['sub']), {
    description:
      'Claims that name the person or service for good, and never another one; the first that the token has counts. As in all claims here, dots lead into nested claims where none has the whole name.',
    example: ['uid', 'sub'],
  }),
  clientId: setting(names.default(['client_id']), {
    description: 'Claims that name the client; the first that the token has counts.',
    example: ['azp', 'appid'],
  }),
  scopes: setting(names.default(['scope']), {
    description: 'Claims with scopes: names separated by spaces, or a list. Those of all of them count.',
    example: ['scp', 'roles'],
  }),
  groups: setting(text.default('groups'), {
    description: 'The claim with the groups of the person: a list, or one name.',
    example: 'realm_access.roles',
  }),
  email: setting(text.default('email'), {
    description: 'The claim with the e-mail address of the person, for the rules of the policy.',
    example: 'upn',
  }),
  emailVerified: setting(text.default('email_verified'), {
    description: 'The claim that has to be true for the address to count.',
    example: 'xms_edov',
  }),
});

const issuer = z
  .strictObject({
    issuer: setting(
      address.refine((value) => !value.includes('?'), { error: 'must have no query' }),
      {
        description: 'The issuer, exactly as the `iss` claim of its tokens spells it.',
        example: 'https://login.example.com/realms/main',
      },
    ),
    type: setting(z.enum(['jwt', 'introspection']).default('jwt'), {
      description:
        'How tokens are judged. "jwt": by their signature, with the keys of the issuer. "introspection": the issuer is asked about each (RFC 7662).',
      example: 'introspection',
    }),
    prefix: setting(
      z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9 and "-"')
        .optional(),
      {
        description:
          'Stands, with a colon, before the subjects, clients and groups of this issuer, so that nobody at one issuer can pass as somebody of another. Needed with several issuers; those with the same prefix speak of the same people.',
        example: 'corp',
      },
    ),
    audience: setting(names.optional(), {
      description:
        'Names of this server of which a token needs one in `aud`. Default: the public URL of the MCP endpoint.',
      example: ['https://mcp.example.com/mcp'],
    }),
    jwksUri: setting(address.optional(), {
      description:
        'Where the keys of the issuer are. Default: as its metadata says (RFC 8414, OpenID discovery).',
      example: 'https://login.example.com/keys',
    }),
    algorithms: setting(
      z.array(z.enum(ALGORITHMS)).min(1).default(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']),
      {
        description: 'Algorithms with which tokens may be signed.',
        example: ['RS256'],
      },
    ),
    tokenTypes: setting(
      z
        .array(z.string().regex(/^[A-Za-z0-9!#$&^_.+-]{1,64}$/, 'must be a type without "application/"'))
        .min(1)
        .default(['at+jwt']),
      {
        description:
          'Values that the `typ` header of a JWT may have. "JWT" stands for none as well, for issuers that do not mark access tokens (RFC 9068); it needs `requiredClaims` that ID tokens do not have.',
        example: ['JWT'],
      },
    ),
    requiredClaims: setting(z.record(text, z.union([z.literal(true), text, names])).default({}), {
      description:
        'Claims that a token must have: with any value (true), with this one, or with one of these.',
      example: { scp: true, tid: '00000000-0000-0000-0000-000000000000' },
    }),
    claims: claims.prefault({}),
    scopeNames: setting(scopeTable.default({}), {
      description:
        'What scopes, roles and permissions of the issuer mean here. Names that are scopes of this server mean themselves.',
      example: { 'Files.Read': ['files:read'], 'Files.ReadWrite': ['files:write'] },
    }),
    groupScopes: setting(scopeTable.default({}), {
      description: 'What the people of each group may do; see `groupScopesMode`. Groups without `prefix`.',
      example: { engineering: ['files:write', 'data:read'], support: ['files:read'] },
    }),
    groupScopesMode: setting(z.enum(['limit', 'add']).default('limit'), {
      description:
        'What `groupScopes` does, if it is set. "limit": a scope of the token counts if a group of the person allows it as well. "add": the scopes of the groups count beside those of the token, for issuers whose tokens cannot have scopes of this server.',
      example: 'add',
    }),
    introspectionEndpoint: setting(address.optional(), {
      description: 'Where tokens are asked about. Default: as the metadata of the issuer says.',
      example: 'https://login.example.com/introspect',
    }),
    clientId: setting(text.optional(), {
      description: 'The client that this server is at the issuer, for introspection.',
      example: 'fairlead',
    }),
    clientSecret: setting(z.string().min(1).optional(), {
      description: 'The secret of that client.',
      example: '${INTROSPECTION_SECRET}',
      secret: true,
    }),
    clientAuthentication: setting(z.enum(['basic', 'post']).default('basic'), {
      description: 'How the secret is sent: by HTTP Basic, or in the body of the request.',
      example: 'post',
    }),
    cacheSeconds: setting(z.int().min(0).max(3600).default(60), {
      description:
        'How long the answer about a good token is used, in seconds, and never beyond the end of the token. So long may a token go on that the issuer has revoked.',
      example: 30,
    }),
    opaqueTokens: setting(z.boolean().default(true), {
      description:
        'Whether an issuer of type introspection is shown tokens that are no JWTs. They do not tell who issued them, so only one issuer can be.',
      example: false,
    }),
  })
  .refine((one) => one.type === 'jwt' || (one.clientId !== undefined && one.clientSecret !== undefined), {
    error: 'introspection needs clientId and clientSecret',
  })
  .refine((one) => one.type === 'jwt' || one.jwksUri === undefined, {
    error: 'jwksUri is for type jwt only',
  })
  .refine(
    ({ type, clientId, clientSecret, introspectionEndpoint }) =>
      type === 'introspection' || (clientId ?? clientSecret ?? introspectionEndpoint) === undefined,
    { error: 'clientId, clientSecret and introspectionEndpoint are for type introspection only' },
  )
  .refine((one) => one.type !== 'jwt' || !takesUntyped(one) || Object.keys(one.requiredClaims).length > 0, {
    error:
      'tokenTypes with "JWT" needs requiredClaims: name a claim that access tokens have and ID tokens have not',
  });

export type ExternalIssuerOptions = z.output<typeof issuer>;

/** Mode `external`. */
export const externalOptions = z
  .object({
    issuers: setting(
      z
        .array(issuer)
        .refine((list) => areDistinct(list.map((one) => one.issuer)), { error: 'have the same issuer' })
        .refine((list) => list.length < 2 || list.every(({ prefix }) => prefix !== undefined), {
          error: 'need a prefix each, because there are several',
        })
        .refine((list) => list.filter((one) => one.type === 'introspection' && one.opaqueTokens).length < 2, {
          error:
            'of type introspection: only one can be shown opaque tokens, the others need opaqueTokens: false',
        })
        .default([]),
      {
        description: 'Who issues access tokens, in mode "external".',
        example: [
          {
            issuer: 'https://login.example.com/realms/main',
            audience: ['https://mcp.example.com/mcp'],
            claims: { clientId: ['azp'] },
          },
        ],
        env: false,
      },
    ),
    keyRefreshSeconds: setting(z.int().min(10).max(DAY).default(300), {
      description:
        'How old the keys of an issuer may be before they are fetched anew, in the background, in seconds.',
      example: 600,
    }),
    keyCooldownSeconds: setting(z.int().min(1).max(3600).default(30), {
      description:
        'The least time between two fetches of the keys of an issuer, in seconds: tokens with unknown keys, and an outage, cause no more than that.',
      example: 60,
    }),
    keyStaleSeconds: setting(
      z
        .int()
        .min(0)
        .max(7 * DAY)
        .default(4 * 3600),
      {
        description:
          'How long the known keys serve while those of the issuer cannot be fetched, in seconds. After that its tokens are answered with 503.',
        example: DAY,
      },
    ),
    timeoutMs: setting(z.int().min(100).max(60_000).default(5000), {
      description: 'How long a request to an issuer may take, in milliseconds.',
      example: 2000,
    }),
  })
  .prefault({});

export type ExternalOptions = z.output<typeof externalOptions>;

/** Whether tokens are taken that nothing but their claims tells from ID tokens. */
function takesUntyped({ tokenTypes }: { readonly tokenTypes: readonly string[] }): boolean {
  return tokenTypes.some((type) => type.toLowerCase() === 'jwt');
}

function isTrustworthy(value: string): boolean {
  if (value.includes('#') || !URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username + password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function areDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
