import * as z from 'zod';
import { setting } from '../../core/setting.ts';

const DAY = 86_400;

/** Schemes at which a browser would run or show what it is sent to, instead of handing it to an application. */
const UNSAFE_SCHEMES: ReadonlySet<string> = new Set([
  ...['about', 'blob', 'data', 'file', 'filesystem', 'ftp', 'http', 'https'],
  ...['javascript', 'vbscript', 'view-source', 'ws', 'wss'],
]);

/** A host, or all hosts below one. */
const hostPattern = z
  .string()
  .regex(
    /^(\*\.(?=.+\.))?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
    'must be a host in lower case, or *. and a domain, without a scheme, port or path',
  );

/** Hosts that a list of the operator's allows; absent where all are. */
export const allowedHosts = z.array(hostPattern).optional();

/** How clients that nobody has declared become known. */
export const registrationOptions = z
  .object({
    mode: setting(z.enum(['open', 'token', 'off']).default('open'), {
      description:
        'Which applications may register themselves (RFC 7591). "open": any. "token": those that present one of `initialAccessTokens`. "off": none, so that only client ID metadata documents and the applications under `clients` work.',
      example: 'off',
    }),
    initialAccessTokens: setting(
      z
        .array(
          z
            .string()
            .regex(/^[\w~+/.-]{32,}=*$/, 'must be at least 32 characters that a bearer token may hold'),
        )
        .default([]),
      {
        description:
          'Random tokens of at least 32 characters, one of which an application sends as bearer token when it registers; for mode "token". Hand each out to one party, so that it can be taken back.',
        example: ['${REGISTRATION_TOKEN}'],
        secret: true,
        env: false,
      },
    ),
    allowedRedirectHosts: setting(allowedHosts, {
      description:
        'Hosts of the https addresses to which people may return from applications that register themselves; *.example.com stands for every host below example.com. Default: all.',
      example: ['app.example.com', '*.apps.example.com'],
    }),
    allowLoopbackRedirects: setting(z.boolean().default(true), {
      description:
        'Whether people may return to a program on their own machine (http on loopback), from applications that register themselves or have a metadata document. Most desktop applications need it.',
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
  })
  .refine(({ mode, initialAccessTokens }) => (mode === 'token') === initialAccessTokens.length > 0, {
    error: 'needs initialAccessTokens exactly when mode is "token"',
  });
