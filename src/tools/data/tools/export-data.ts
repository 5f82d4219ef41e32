import * as z from 'zod';
import { AppError } from '../../../core/errors.ts';
import { callText, fileSize } from '../../../core/phrases.ts';
import { defineTool, type Tool, type ToolCall, type ToolResult } from '../../../core/tool.ts';
import type { Draft, WorkspaceFiles } from '../../../core/workspace-files.ts';
import { fitRows, roomForJson } from '../result/fit-rows.ts';
import { dataResult } from '../result/page-result.ts';
import type { Asking, ExportFormat, ExportTarget, FilesSource, Page } from '../source.ts';
import type { Found } from '../sources.ts';
import { sqlLiteral } from '../sql-literal.ts';
import { SOURCE_ALIASES } from './aliases.ts';
import {
  adviceOn,
  advised,
  askingOf,
  type DataAccess,
  GRACE_MS,
  MAX_SQL,
  repeated,
  scalars,
} from './asking.ts';
import { EXPORT_FORMATS, formatOf } from './export-format.ts';

const DESCRIPTION = `Writes all rows of one SELECT to a workspace file (CSV, Parquet, JSON) and shows five. Take it for results too large for query_data, and to join a database with files: export what is needed, then query_data over both. All or nothing.`;

const input = z.object({
  sql: z.string().max(MAX_SQL).describe('As for query_data.'),
  path: z.string().max(4096).describe('File to write: "/out/orders.parquet".'),
  source: z.string().default('files').describe('As for query_data.'),
  params: z.array(z.unknown()).optional().describe('As for query_data.'),
  format: z.enum(EXPORT_FORMATS).optional().describe('Left out: by the extension.'),
  overwrite: z.boolean().default(false).describe('Replace a file that exists.'),
});

const output = z.looseObject({
  path: z.string().describe('Of the file.'),
  rows: z.number().describe('Rows written.'),
});

interface Exported {
  readonly path: string;
  readonly format: ExportFormat;
  readonly rows: number;
  readonly bytes: number;
  /** For `expected_version`. */
  readonly version: string;
  /** The first rows of the file. */
  readonly preview?: Pick<Page, 'columns' | 'rows'>;
}

const PREVIEW_ROWS = 5;
const PROGRESS_MS = 1000;
const RESERVE = 300;

export interface ExportAccess extends DataAccess {
  /** The engine that writes. */
  readonly engine: FilesSource;
  readonly files: WorkspaceFiles;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

type Order = z.output<typeof input>;

export function exportDataTool(access: ExportAccess): Tool {
  return defineTool({
    name: 'export_data',
    title: 'Export data',
    description: DESCRIPTION,
    scopes: ['data:read', 'files:write'],
    effect: 'destroy',
    input,
    output,
    aliases: {
      ...SOURCE_ALIASES,
      to: 'path',
      target: 'path',
      output: 'path',
      output_path: 'path',
      type: 'format',
    },
    timeoutMs: access.timeoutMs + GRACE_MS,
    task: 'optional',
    run: (call, order) => exportData(access, call, order),
  });
}

async function exportData(access: ExportAccess, call: ToolCall, order: Order): Promise<ToolResult> {
  const { sql, path } = order;
  const again = (change: object): string => repeated('export_data', { ...given(order), ...change });
  const found = access.sources.find(call.principal.permit, order.source, (source) => again({ source }));
  const format = order.format ?? formatOf(path, (other) => again({ path: other }));
  const asking = askingOf(call, access.timeoutMs, (other) =>
    callText('export_data', { ...given(order), sql: other }),
  );
  const statement = { sql, params: scalars(order.params) };
  const draft = await beginning(access.files, call, order, again);
  const written = await advised(adviceOn(order.source, sql), () =>
    writing(call, draft, async () => {
      const target = { draft, format, maxBytes: access.maxBytes };
      const { rows } = await write(access.engine, found, { asking, statement, target });
      return rows;
    }),
  );
  const { rows, path: place, size, version } = written;
  const preview = await previewOf(
    access.engine,
    { ...asking, timeoutMs: GRACE_MS },
    { path: place, format },
    call,
  );
  const result: Exported = { path: place, format, rows, bytes: size, version, ...preview };
  return dataResult(result, call);
}

/** What the caller has said, without what it left to the defaults. */
function given({ sql, path, source, params, format, overwrite }: Order): Record<string, unknown> {
  return {
    ...{ sql, path },
    ...(source === 'files' ? {} : { source }),
    ...(params === undefined ? {} : { params }),
    ...(format === undefined ? {} : { format }),
    ...(overwrite ? { overwrite } : {}),
  };
}

async function beginning(
  files: WorkspaceFiles,
  { principal }: ToolCall,
  { path, overwrite }: Order,
  again: (change: object) => string,
): Promise<Draft> {
  try {
    return await files.draft(principal, path, { ifExists: overwrite ? 'overwrite' : 'fail' });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ALREADY_EXISTS') throw error;
    throw new AppError('ALREADY_EXISTS', error.message, { next: again({ overwrite: true }), cause: error });
  }
}

/** Commits what the work has written; whatever else happens leaves nothing. */
async function writing(
  call: ToolCall,
  draft: Draft,
  work: () => Promise<number>,
): Promise<Awaited<ReturnType<Draft['commit']>> & { readonly rows: number }> {
  const reporting = reportGrowth(call, draft);
  try {
    const rows = await work();
    reporting.stop();
    call.signal.throwIfAborted();
    return { ...(await draft.commit()), rows };
  } catch (error) {
    await draft.discard();
    throw error;
  } finally {
    reporting.stop();
  }
}

interface Writing {
  readonly asking: Asking;
  readonly statement: { readonly sql: string; readonly params: ReturnType<typeof scalars> };
  readonly target: ExportTarget;
}

/** The engine writes what it reads itself; rows of a database go through it. */
async function write(
  engine: FilesSource,
  { source }: Found,
  { asking, statement, target }: Writing,
): Promise<{ readonly rows: number }> {
  if (source === engine) return await engine.exportTo(asking, statement, target);
  return await engine.writeRows(asking, await source.stream(asking, statement), target);
}

/** Tells how large the file has become, once a second. */
function reportGrowth(call: ToolCall, { handle }: Draft): { stop(): void } {
  const timer = setInterval(() => {
    handle.stat().then(
      ({ size }) => {
        call.progress(size, undefined, `${fileSize(size)} written`);
      },
      // Closed meanwhile: there is nothing to tell any more.
      () => undefined,
    );
  }, PROGRESS_MS);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
    },
  };
}

const READERS = { csv: 'read_csv', parquet: 'read_parquet', json: 'read_json' } as const;

/** The first rows of the file, as far as they fit. The export has succeeded, whether or not they can be had. */
async function previewOf(
  engine: FilesSource,
  asking: Asking,
  { path, format }: Pick<Exported, 'path' | 'format'>,
  call: ToolCall,
): Promise<Pick<Exported, 'preview'>> {
  const sql = `SELECT * FROM ${READERS[format]}(${sqlLiteral(path)})`;
  try {
    const page = await engine.query(asking, { sql, params: [] }, { limit: PREVIEW_ROWS, offset: 0 });
    const { columns, rows } = fitRows(page.columns, page.rows, roomForJson(call.budget, RESERVE));
    return { preview: { columns, rows } };
  } catch (error) {
    call.logger.debug({ err: error }, 'an export cannot be shown');
    return {};
  }
}
