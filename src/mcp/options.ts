import * as z from 'zod';
import { MAX_SEALED_LIFETIME } from '../core/lifetimes.ts';
import { setting } from '../core/setting.ts';

export const mcpOptions = z.object({
  concurrency: z.object({
    global: setting(z.int().min(1).max(10_000).default(32), {
      description:
        'Calls that run at the same time in this process, over all principals: of tools, and what reads or lists resources, gets prompts or completes.',
      example: 64,
    }),
    perPrincipal: setting(z.int().min(1).max(10_000).default(8), {
      description: 'Calls of one principal that run at the same time.',
      example: 4,
    }),
    queuePerPrincipal: setting(z.int().min(0).max(10_000).default(32), {
      description: 'Calls of one principal that may wait for a place; one more is answered BUSY.',
      example: 16,
    }),
    queueWaitMs: setting(z.int().min(0).max(600_000).default(10_000), {
      description: 'How long a call waits for a place before it is answered BUSY, in milliseconds.',
      example: 5000,
    }),
  }),
  sessions: z.object({
    ttlSeconds: setting(z.int().min(60).max(MAX_SEALED_LIFETIME).default(86_400), {
      description:
        'How long a session of a client before revision 2026-07-28 lasts, in seconds; then the client begins a new one.',
      example: 604_800,
    }),
    maxSubscriptions: setting(z.int().min(1).max(10_000).default(200), {
      description: 'Resources that one session, or one subscription, may follow.',
      example: 50,
    }),
  }),
  streams: z.object({
    perPrincipal: setting(z.int().min(1).max(100_000).default(64), {
      description:
        'Event streams of one principal that stand open at the same time in this process, beside those that answer calls; one more is answered BUSY.',
      example: 16,
    }),
    maxBufferedBytes: setting(z.int().min(1024).max(1_073_741_824).default(4_194_304), {
      description:
        'Bytes that may wait for a client that reads its event stream slowly; then its connection is cut, and it can resume.',
      example: 1_048_576,
    }),
    afterMs: setting(z.int().min(0).max(600_000).default(1000), {
      description:
        'How long a session waits for the answer to a call before it becomes an event stream that can be resumed, in milliseconds.',
      example: 500,
    }),
    retryMs: setting(z.int().min(0).max(600_000).default(1000), {
      description: 'How long clients are asked to wait before they open a cut stream again, in milliseconds.',
      example: 5000,
    }),
    maxConnectionMs: setting(z.int().min(0).max(86_400_000).default(0), {
      description:
        'How long one connection of a call in revision 2025-11-25 stays open before it is closed and the client resumes the stream, in milliseconds: for proxies that cut long connections. 0 for as long as it takes.',
      example: 50_000,
    }),
    keptSeconds: setting(z.int().min(1).max(86_400).default(600), {
      description: 'How long the events of a stream are kept for clients that resume it, in seconds.',
      example: 3600,
    }),
    keptEvents: setting(z.int().min(10).max(1_000_000).default(10_000), {
      description:
        'Events that are kept of one stream. Once there are as many, notifications are no longer sent; the answer always is.',
      example: 1000,
    }),
    keptBytes: setting(z.int().min(1024).max(1_073_741_824).default(16_777_216), {
      description: 'Bytes that are kept of one stream, with the same effect.',
      example: 4_194_304,
    }),
  }),
  tasks: z.object({
    ttlMs: setting(z.int().min(1000).max(604_800_000).default(3_600_000), {
      description: 'How long the result of a task can be fetched after its end, in milliseconds.',
      example: 86_400_000,
    }),
    pollIntervalMs: setting(z.int().min(100).max(600_000).default(1000), {
      description: 'How long clients are asked to wait before they ask for a task again, in milliseconds.',
      example: 5000,
    }),
    perPrincipal: setting(z.int().min(1).max(10_000).default(4), {
      description:
        'Tasks of one principal that run at the same time in this process; one more is answered BUSY. Each of them takes one of the places for tool calls.',
      example: 8,
    }),
    startsPerPrincipal: setting(z.int().min(1).max(1_000_000).default(500), {
      description:
        'Tasks that one principal can start within the time for which results are kept, over all processes: this bounds what results take of the store.',
      example: 100,
    }),
  }),
  maxCallMs: setting(z.int().min(1000).max(3_600_000).default(600_000), {
    description:
      "Ceiling on every tool's own deadline, in milliseconds. Other calls have one minute, where that is less.",
    example: 120_000,
  }),
  askTimeoutMs: setting(z.int().min(1000).max(3_600_000).default(300_000), {
    description:
      'How long the person behind a client may think about a question that a running task asks, or a running call of a client before revision 2026-07-28, in milliseconds. The deadline of the call does not run meanwhile.',
    example: 600_000,
  }),
  keepAliveMs: setting(z.int().min(1000).max(300_000).default(15_000), {
    description: 'Interval of the comments that keep an idle stream open through proxies, in milliseconds.',
    example: 25_000,
  }),
  listTtlMs: setting(z.int().min(0).max(86_400_000).default(300_000), {
    description:
      'How long clients of revision 2026-07-28 may keep the lists of tools, prompts and resource templates before they ask again, in milliseconds.',
    example: 60_000,
  }),
  resourceTtlMs: setting(z.int().min(0).max(86_400_000).default(0), {
    description:
      'How long clients of revision 2026-07-28 may keep what they have read of a resource, and the list of resources, before they ask again, in milliseconds. 0 where files may change at any time.',
    example: 10_000,
  }),
  listPageSize: setting(z.int().min(1).max(10_000).default(100), {
    description:
      'Entries in one page of the lists of tools, prompts and resource templates. Some clients never ask for a second page.',
    example: 50,
  }),
  maxListedTools: setting(z.int().min(1).max(10_000).default(25), {
    description:
      "Tools that are listed to one principal. Who may use more has those of one's own files left out of the list, finds them with search_tools, and calls them with call_tool.",
    example: 40,
  }),
});

export type McpOptions = z.output<typeof mcpOptions>;
