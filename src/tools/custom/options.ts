import { basename, extname } from 'node:path';
import * as z from 'zod';
import { setting } from '../../core/setting.ts';

const entry = z.strictObject({
  path: setting(
    z
      .string()
      .regex(/\.(ts|mts|js|mjs)$/, 'must be a file in TypeScript or JavaScript: .ts, .mts, .js or .mjs'),
    {
      description:
        'The file. A relative path starts at the folder of the configuration file, or where the process does if the environment names it.',
      example: './tools/get-balance.ts',
    },
  ),
  settings: setting(z.record(z.string(), z.unknown()).default({}), {
    description: 'What the file is handed as `context.settings`. It says itself what it takes.',
    example: { endpoint: 'https://api.mainnet-beta.solana.com' },
  }),
  secrets: setting(z.record(z.string(), z.string().min(1)).default({}), {
    description: 'What the file is handed as `context.secrets`.',
    example: { apiKey: '${SOLANA_API_KEY}' },
    secret: true,
  }),
});

/** A path alone is an entry without settings: the environment can hold no more. */
const fromPath = (value: unknown): unknown => (typeof value === 'string' ? { path: value } : value);

export const customOptions = z.object({
  files: setting(
    z
      .array(z.preprocess(fromPath, entry))
      .refine((files) => new Set(files.map(fileName)).size === files.length, {
        error: 'must not have two files of the same name: what they keep would be mixed up',
      })
      .default([]),
    {
      description:
        "Files with tools of one's own, which run with the rights of the server: docs/adding-a-tool.md. The environment can name their paths, with commas.",
      example: ['./tools/add-numbers.ts', '/etc/fairlead/tools/get-balance.ts'],
    },
  ),
});

export type CustomOptions = z.output<typeof customOptions>;

/** Names the file in logs and in the store: `get-balance`. */
export function fileName({ path }: { readonly path: string }): string {
  return basename(path, extname(path));
}
