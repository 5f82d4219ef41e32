import * as z from 'zod';
import { setting } from '../core/setting.ts';

export const mcpOptions = z.object({
  concurrency: z.object({
    global: setting(z.int().min(1).max(10_000).default(32), {
      description: 'Tool calls that run at the same time in this process, over all principals.',
      example: 64,
    }),
    perPrincipal: setting(z.int().min(1).max(10_000).default(8), {
      description: 'Tool calls of one principal that run at the same time.',
      example: 4,
    }),
    queuePerPrincipal: setting(z.int().min(0).max(10_000).default(32), {
      description: 'Tool calls of one principal that may wait for a place; one more is answered BUSY.',
      example: 16,
    }),
    queueWaitMs: setting(z.int().min(0).max(600_000).default(10_000), {
      description: 'How long a tool call waits for a place before it is answered BUSY, in milliseconds.',
      example: 5000,
    }),
  }),
  maxCallMs: setting(z.int().min(1000).max(3_600_000).default(600_000), {
    description: "Ceiling on every tool's own deadline, in milliseconds.",
    example: 120_000,
  }),
  keepAliveMs: setting(z.int().min(1000).max(300_000).default(15_000), {
    description: 'Interval of the comments that keep an idle stream open through proxies, in milliseconds.',
    example: 25_000,
  }),
  listTtlMs: setting(z.int().min(0).max(86_400_000).default(300_000), {
    description:
      'How long clients of revision 2026-07-28 may keep the tool list before they ask again, in milliseconds.',
    example: 60_000,
  }),
});

export type McpOptions = z.output<typeof mcpOptions>;
