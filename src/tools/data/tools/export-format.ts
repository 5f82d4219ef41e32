import { AppError } from '../../../core/errors.ts';
import type { ExportFormat } from '../source.ts';

export const EXPORT_FORMATS = ['csv', 'parquet', 'json'] as const satisfies readonly ExportFormat[];

const BY_EXTENSION: Readonly<Record<string, ExportFormat>> = {
  csv: 'csv',
  parquet: 'parquet',
  pq: 'parquet',
  json: 'json',
  ndjson: 'json',
  jsonl: 'json',
};

/**
 * The format that a path's extension names.
 *
 * @param again How the caller asks again with another path.
 * @throws AppError `INVALID_ARGUMENT` for one that names none
 */
export function formatOf(path: string, again: (path: string) => string): ExportFormat {
  const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase();
  const format = extension === undefined ? undefined : BY_EXTENSION[extension];
  if (format !== undefined) return format;
  throw new AppError(
    'INVALID_ARGUMENT',
    `The name of ${JSON.stringify(path)} does not tell a format: it ends in none of ${Object.keys(BY_EXTENSION).join(', ')}.`,
    { next: again(`${path.replace(/\.[^./]*$|\/+$/, '')}.csv`) },
  );
}
