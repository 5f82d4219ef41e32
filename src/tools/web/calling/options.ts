import * as z from 'zod';
import { setting } from '../../../core/setting.ts';

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type Method = (typeof METHODS)[number];

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** They belong to the connection, or to what is sent. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  ...[
    'host',
    'connection',
    'content-length',
    'transfer-encoding',
    'content-type',
    'upgrade',
    'te',
    'trailer',
  ],
  ...['keep-alive', 'proxy-connection', 'expect', 'accept-encoding', 'traceparent', 'tracestate'],
]);

const headerName = z
  .string()
  .max(128)
  .regex(TOKEN, 'must be the name of a header')
  .refine((name) => !OWN_HEADERS.has(name.toLowerCase()), {
    error: 'is a header that the server sets itself',
  });

const baseUrl = z.string().refine(isBaseUrl, {
  error: 'must be an http or https address without credentials, query and fragment',
});

const auth = z
  .strictObject({
    type: setting(z.enum(['bearer', 'basic', 'header', 'query']), {
      description:
        'How the secret is sent: as a bearer token, as the password of `name`, in the header `name`, or in the query parameter `name`.',
      example: 'bearer',
    }),
    name: setting(z.string().min(1).max(128).optional(), {
      description: 'The user, header or query parameter.',
      example: 'X-Api-Key',
    }),
    secret: setting(z.string().min(1).max(8192).regex(FIELD_VALUE, 'must be one line of plain text'), {
      description: 'The token, password or key.',
      example: '${TRACKER_TOKEN}',
      secret: true,
    }),
  })
  .refine(({ type, name }) => type === 'bearer' || name !== undefined, {
    error: 'needs a name for this type',
    path: ['name'],
  })
  .refine(({ type, name }) => type !== 'header' || headerName.safeParse(name).success, {
    error: 'must be the name of a header that the server does not set itself',
    path: ['name'],
  });

const api = z.strictObject({
  name: setting(z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9, "_" and "-"'), {
    description: 'How agents and policies name the API.',
    example: 'tracker',
  }),
  description: setting(z.string().trim().min(1).max(1000), {
    description: 'For the agent: what it is for and how its paths and parameters are used.',
    example: 'Issue tracker. GET /issues?state=open lists issues, GET /issues/{id} tells one.',
  }),
  baseUrl: setting(baseUrl, {
    description: 'Where its paths begin. It may be in a private network.',
    example: 'https://tracker.example.com/api/v2',
  }),
  methods: setting(z.array(z.enum(METHODS)).min(1).default(['GET']), {
    description: 'Methods that agents may use.',
    example: ['GET', 'POST'],
  }),
  paths: setting(z.array(z.string().max(500).startsWith('/')).min(1).default(['/**']), {
    description:
      'Paths below the base that agents may call: `*` stands for a part between slashes, `**` for any number of them.',
    example: ['/issues', '/issues/*'],
  }),
  headers: setting(
    z.record(headerName, z.string().max(8192).regex(FIELD_VALUE, 'must be one line')).default({}),
    {
      description: 'Headers that are sent with each request, secrets among them.',
      example: { 'X-Tenant': '${TRACKER_TENANT}' },
      secret: true,
    },
  ),
  auth: setting(auth.optional(), {
    description: 'The secret that each request is sent with, and how.',
    example: { type: 'bearer', secret: '${TRACKER_TOKEN}' },
  }),
  timeoutMs: setting(z.int().min(100).max(120_000).default(15_000), {
    description: 'Time for one call, repetitions included, in milliseconds.',
    example: 5000,
  }),
  maxBytes: setting(z.int().min(1024).max(52_428_800).default(1_048_576), {
    description: 'Bytes of the largest answer that is taken.',
    example: 262_144,
  }),
  retries: setting(z.int().min(0).max(5).default(2), {
    description:
      'How often a request is repeated that got no answer, or 429, 502, 503 or 504. Only methods that may be repeated are: GET, HEAD, OPTIONS, PUT and DELETE.',
    example: 0,
  }),
  breakAfter: setting(z.int().min(1).max(100).default(5), {
    description: 'Failures in a row after which the API is left alone for a while.',
    example: 3,
  }),
  breakMs: setting(z.int().min(100).max(600_000).default(30_000), {
    description: 'How long it is left alone then, in milliseconds.',
    example: 10_000,
  }),
});

export type ApiOptions = z.output<typeof api>;

/** The HTTP APIs that agents may call. */
export const apisOption = setting(
  z
    .array(api)
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, {
      error: 'have the same name',
    })
    .default([]),
  {
    description: 'HTTP APIs that agents may call by call_api; the secrets for them stay on the server.',
    example: [
      {
        name: 'tracker',
        description: 'Issue tracker. GET /issues?state=open lists issues, GET /issues/{id} tells one.',
        baseUrl: 'https://tracker.example.com/api/v2',
        paths: ['/issues', '/issues/*'],
        auth: { type: 'bearer', secret: '${TRACKER_TOKEN}' },
      },
    ],
    env: false,
  },
);

function isBaseUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || `${url.username}${url.password}` !== '' || /[?#\\\s]/.test(value)) return false;
  return url.protocol === 'https:' || url.protocol === 'http:';
}
