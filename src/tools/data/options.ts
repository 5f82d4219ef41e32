import * as z from 'zod';
import { setting } from '../../core/setting.ts';
import { engineOptions } from './duckdb/options.ts';
import { databaseSource } from './options/databases.ts';

const GB = 1_000_000_000;

/** Of the tools that work on data. */
export const dataOptions = z.object({
  files: setting(z.boolean().default(true), {
    description:
      'Whether the files of the workspaces can be queried: CSV, Parquet, JSON and spreadsheets. Exports need it too.',
    example: false,
  }),
  filesTimeoutSeconds: setting(z.int().min(1).max(600).default(30), {
    description: 'How long one statement over files may run, in seconds.',
    example: 60,
  }),
  engine: engineOptions.prefault({}),
  exportTimeoutSeconds: setting(z.int().min(1).max(3600).default(120), {
    description: 'How long one export may run, in seconds, whatever its source allows for queries.',
    example: 600,
  }),
  maxExportBytes: setting(
    z
      .int()
      .min(1_000_000)
      .max(1000 * GB)
      .default(GB),
    {
      description: 'Bytes of the largest file that an export may write.',
      example: 5 * GB,
    },
  ),
  sources: setting(
    z
      .array(databaseSource)
      .max(100)
      .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, {
        error: 'have the same name',
      })
      .default([]),
    {
      description: 'Databases that agents may query.',
      example: [
        {
          name: 'sales',
          kind: 'postgres',
          description: 'Orders and customers since 2019',
          url: 'postgres://agent_reader:${SALES_PASSWORD}@db.example.com:5432/sales',
        },
        { name: 'shop', kind: 'sqlite', path: '/srv/shop/shop.sqlite' },
      ],
      env: false,
    },
  ),
});

export type DataOptions = z.output<typeof dataOptions>;
