import * as z from 'zod';
import { MAX_ACCESS_TOKEN_TTL } from '../core/lifetimes.ts';
import { ALL_SCOPES } from '../core/scopes.ts';
import { setting } from '../core/setting.ts';
import { clientsOption } from './options/clients.ts';
import { connectionOptions } from './options/connections.ts';
import { deviceFlowOptions } from './options/device-flow.ts';
import { dpopOption } from './options/dpop.ts';
import { externalOptions } from './options/external.ts';
import { identityProvidersOption } from './options/identity-providers.ts';
import { allowedHosts, registrationOptions } from './options/registration.ts';

/** Every mode that can be configured; the composition in `index.ts` has one line for each. */
export const AUTH_MODES = ['embedded', 'broker', 'external', 'none'] as const;

const DAY = 86_400;

const scopes = z.array(z.enum(ALL_SCOPES));

export const authOptions = z.object({
  mode: setting(z.enum(AUTH_MODES).default('embedded'), {
    description:
      'Who issues access tokens. "embedded": the authorization server that is built in, with accounts of its own. "broker": the same, but people sign in at `identityProviders`. "external": somebody else, the issuers of `external.issuers`. "none": nobody, every caller has every right; refused on an address that other machines can reach.',
    example: 'embedded',
  }),
  dpop: dpopOption,
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
  onceTtlSeconds: setting(z.int().min(60).max(DAY).default(3600), {
    description:
      'How long a consent holds that a person gives for once, in seconds. It is not remembered: the application has to ask again.',
    example: 900,
  }),
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
  registration: registrationOptions,
  metadataDocuments: z.object({
    enabled: setting(z.boolean().default(true), {
      description:
        'Whether an application may be identified by the https address of its metadata document, which this server then fetches.',
      example: false,
    }),
    allowedHosts: setting(allowedHosts, {
      description:
        'Hosts whose metadata documents are taken; *.example.com stands for every host below example.com. Default: all.',
      example: ['agent.example.com', '*.clients.example.com'],
    }),
  }),
  deviceFlow: deviceFlowOptions,
  clients: clientsOption,
  connections: connectionOptions,
  identityProviders: identityProvidersOption,
  external: externalOptions,
});

export type AuthOptions = z.output<typeof authOptions>;
