import * as z from 'zod';
import { setting } from '../../../src/core/setting.ts';

/** A configuration with one setting of each type, to try the loader on. */
export const sampleSchema = z.object({
  name: setting(z.string().min(2).default('ring'), { description: 'A text.', example: 'line' }),
  http: z.object({
    port: setting(z.int().min(0).max(65_535).default(3000), {
      description: 'A whole number.',
      example: 8080,
      env: 'PORT',
    }),
    trustProxy: setting(z.boolean().default(false), { description: 'A boolean.', example: true }),
    allowedHosts: setting(z.array(z.string()).default([]), {
      description: 'A list.',
      example: ['a.example', 'b.example'],
    }),
    timeoutMs: setting(z.union([z.literal('never'), z.int().min(1)]).default(1000), {
      description: 'One of two types.',
      example: 500,
    }),
  }),
  auth: z.object({
    mode: setting(z.enum(['embedded', 'external', 'none']).default('embedded'), {
      description: 'A choice.',
      example: 'external',
    }),
    password: setting(z.string().min(8).optional(), {
      description: 'A secret.',
      example: 'correct-horse',
      secret: true,
    }),
    clients: setting(
      z
        .array(
          z.object({
            id: z.string(),
            secret: setting(z.string(), { description: 'A secret.', example: 'x', secret: true }),
            ttlSeconds: z.int().default(60),
          }),
        )
        .default([]),
      { description: 'What only the file can hold.', example: [{ id: 'ci', secret: 'x' }], env: false },
    ),
  }),
});
