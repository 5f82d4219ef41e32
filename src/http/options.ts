import * as z from 'zod';
import { setting } from '../core/setting.ts';

/** Ranges that have a name, as Express names them. */
const NAMED_RANGES: ReadonlySet<string> = new Set(['loopback', 'linklocal', 'uniquelocal']);

const trustedProxy = z
  .string()
  .refine((entry) => NAMED_RANGES.has(entry) || isHops(entry) || isRange(entry), {
    error:
      'write an address, a range such as 10.0.0.0/8, loopback, linklocal, uniquelocal, or a number of hops from 1 to 9',
  });

const trustedProxies = z
  .array(trustedProxy)
  .refine((entries) => entries.length === 1 || !entries.some(isHops), {
    error: 'write either one number of hops or addresses and ranges, not both',
  });

const hostPattern = z.string().regex(/^(\[[0-9a-f:.]+\]|[a-z0-9][a-z0-9._-]*)(:\d{1,5})?$/i, {
  error: 'write a host name or address, with a port if only that port is meant, and without a scheme',
});

const origin = z.string().regex(/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s,@]+$/i, {
  error: 'write scheme, host and port only, such as https://app.example.com',
});

const publicUrl = z
  .url({ protocol: /^https?$/, error: 'write an absolute http or https URL' })
  .refine((value) => isBareOrigin(value), {
    error: 'write the origin only, without a path, query or credentials: https://mcp.example.com',
  });

function isHops(entry: string): boolean {
  return /^[1-9]$/.test(entry);
}

function isRange(entry: string): boolean {
  // A prefix of 0 would trust everyone, and so every forged X-Forwarded-For.
  if (entry.endsWith('/0')) return false;
  return [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()].some((schema) => schema.safeParse(entry).success);
}

function isBareOrigin(value: string): boolean {
  if (!URL.canParse(value)) return true;
  const url = new URL(value);
  return url.href === `${url.origin}/`;
}

const perMinute = z.int().min(1).max(1_000_000);

const rateLimits = z.object({
  authorizePerMinute: setting(perMinute.default(60), {
    description:
      'Requests per minute from one address to the pages of signing in, consent, set-up and account.',
    example: 30,
  }),
  tokenPerMinute: setting(perMinute.default(120), {
    description:
      'Requests per minute from one address to the endpoints that issue, revoke or inspect tokens.',
    example: 300,
  }),
  registerPerMinute: setting(perMinute.default(10), {
    description: 'Client registrations per minute from one address.',
    example: 5,
  }),
  mcpPerMinute: setting(perMinute.default(1200), {
    description: 'Requests per minute from one address to the MCP endpoint, counted by each process.',
    example: 6000,
  }),
});

export const httpOptions = z.object({
  host: setting(z.string().min(1).default('127.0.0.1'), {
    description:
      'Address to listen on. The default is reachable from this machine only; 0.0.0.0 or :: means every interface.',
    example: '0.0.0.0',
    env: 'HOST',
  }),
  port: setting(z.int().min(0).max(65_535).default(3000), {
    description: 'Port to listen on. 0 takes a free one.',
    example: 8080,
    env: 'PORT',
  }),
  publicUrl: setting(publicUrl.optional(), {
    description:
      'The origin under which clients reach this server, as they write it. Default: derived from host and port. Needed behind a balancer and in production.',
    example: 'https://mcp.example.com',
    env: 'PUBLIC_URL',
  }),
  trustProxy: setting(trustedProxies.default([]), {
    description:
      'Proxies whose X-Forwarded-For and X-Request-Id are believed: addresses, ranges, loopback, linklocal, uniquelocal, or a single number of hops. Default: none, so that nobody can forge an address.',
    example: ['loopback', '10.0.0.0/8'],
  }),
  allowedHosts: setting(z.array(hostPattern).default([]), {
    description:
      'Host names that requests may name beside the one of the public URL. Without a port, any port is accepted.',
    example: ['mcp.internal', '10.0.0.7:3000'],
  }),
  allowedOrigins: setting(z.array(origin).default([]), {
    description:
      'Origins of web pages that may call this server beside its own. A server bound to loopback also accepts pages served from loopback.',
    example: ['https://app.example.com'],
  }),
  bodyLimitBytes: setting(
    z
      .int()
      .min(1024)
      .max(256 * 1024 * 1024)
      .default(4 * 1024 * 1024),
    {
      description: 'Largest request body that the MCP endpoint reads, in bytes.',
      example: 1_048_576,
    },
  ),
  maxHeaderBytes: setting(z.int().min(4096).max(262_144).default(16_384), {
    description: 'Largest block of request headers, in bytes.',
    example: 32_768,
  }),
  headersTimeoutMs: setting(z.int().min(50).max(600_000).default(10_000), {
    description: 'Time that a client has to send the headers of a request, in milliseconds.',
    example: 5000,
  }),
  requestTimeoutMs: setting(z.int().min(50).max(3_600_000).default(60_000), {
    description: 'Time that a client has to send a whole request with its body, in milliseconds.',
    example: 30_000,
  }),
  keepAliveTimeoutMs: setting(z.int().min(50).max(3_600_000).default(65_000), {
    description:
      'How long an idle connection is kept, in milliseconds. Keep it above the idle time of the balancer, which is 60 seconds with most.',
    example: 75_000,
  }),
  drainTimeoutMs: setting(z.int().min(0).max(3_600_000).default(25_000), {
    description:
      'Time that running requests have to end after SIGTERM, in milliseconds. Keep it below the time after which the orchestrator kills the process.',
    example: 10_000,
  }),
  healthCheckTimeoutMs: setting(z.int().min(50).max(60_000).default(2000), {
    description: 'Time after which a health check that has not answered counts as failed, in milliseconds.',
    example: 5000,
  }),
  minFreeDiskBytes: setting(z.int().min(0).max(1e15).default(104_857_600), {
    description: 'Free space that the data folder needs for the service to be ready, in bytes.',
    example: 1_073_741_824,
  }),
  rateLimits: rateLimits.prefault({}),
});

export type HttpOptions = z.output<typeof httpOptions>;
