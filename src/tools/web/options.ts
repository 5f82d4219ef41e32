import * as z from 'zod';
import { setting } from '../../core/setting.ts';
import { apisOption } from './calling/options.ts';
import { hostPattern } from './hosts.ts';

/** Of the tools that reach the web. */
export const webOptions = z.object({
  fetch: setting(z.boolean().default(true), {
    description: 'Offers fetch_url, which reads public web pages for agents.',
    example: false,
  }),
  allowHosts: setting(z.array(hostPattern).default([]), {
    description:
      'Hosts that fetch_url may fetch from; empty: every public one. `*.example.com` stands for those below a host, `example.com:8443` for one port.',
    example: ['docs.example.com', '*.wikipedia.org'],
  }),
  denyHosts: setting(z.array(hostPattern).default([]), {
    description: 'Hosts that fetch_url never fetches from, whatever else allows them.',
    example: ['*.social.example'],
  }),
  privateHosts: setting(z.array(hostPattern).default([]), {
    description:
      'Hosts that fetch_url may fetch from although their addresses are in a private network, such as an intranet wiki. Everybody with the scope web:fetch can read there what needs no sign-in. This machine is reached only where it is named as an address or as localhost; link-local addresses never are.',
    example: ['wiki.corp.example'],
  }),
  maxBytes: setting(z.int().min(1024).max(52_428_800).default(5_242_880), {
    description: 'Bytes of the largest page that fetch_url takes, unpacked.',
    example: 1_048_576,
  }),
  timeoutMs: setting(z.int().min(500).max(120_000).default(15_000), {
    description: 'Time that fetch_url gives a page with all its redirects, in milliseconds.',
    example: 8000,
  }),
  userAgent: setting(
    z
      .string()
      .max(200)
      .regex(/^[\x20-\x7e]*$/, 'must be plain ASCII')
      .default(''),
    {
      description: 'What fetch_url calls itself in its requests; empty: Fairlead with its version.',
      example: 'ExampleBot/1.0 (+https://example.com/bot)',
    },
  ),
  apis: apisOption,
});

export type WebOptions = z.output<typeof webOptions>;
