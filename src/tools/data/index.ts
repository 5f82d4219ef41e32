import type { FileAccessContext, ToolFeature } from '../../core/tool-feature.ts';
import { DuckDbFiles } from './duckdb/files-source.ts';
import type { DataOptions } from './options.ts';
import type { DatabaseOptions } from './options/databases.ts';
import type { DataSource, FilesSource } from './source.ts';
import { DataSources, type SourceEntry } from './sources.ts';
import { describeDataTool } from './tools/describe-data.ts';
import { exportDataTool } from './tools/export-data.ts';
import { modifyDataTool } from './tools/modify-data.ts';
import { queryDataTool } from './tools/query-data.ts';

type Kind = DatabaseOptions['kind'];
type OptionsOf<K extends Kind> = Extract<DatabaseOptions, { kind: K }>;

type Open<K extends Kind> = (options: OptionsOf<K>, context: FileAccessContext) => DataSource;

/** One line for each kind of database. What is not configured is not loaded. */
const KINDS: { readonly [K in Kind]: () => Promise<Open<K>> } = {
  sqlite: async () => (await import('./sqlite/index.ts')).openSqlite,
  postgres: async () => (await import('./postgres/index.ts')).openPostgres,
  mysql: async () => (await import('./mysql/index.ts')).openMysql,
};

/** The tools that work on data: the files of the workspaces, and the databases that the operator has named. */
export async function createDataTools(
  options: DataOptions,
  context: FileAccessContext,
): Promise<ToolFeature> {
  const databases = await Promise.all(options.sources.map((source) => databaseEntry(source, context)));
  const sources = new DataSources(filesEntry(options, context), databases, context);
  const access = { sources };
  const { files: engine } = sources;
  const tools = [
    describeDataTool(access),
    queryDataTool(access),
    ...(engine === undefined
      ? []
      : [exportDataTool({ sources, engine, ...exportSettings(options, context) })]),
    ...(sources.isWritable ? [modifyDataTool(access)] : []),
  ];
  return {
    tools: databases.length === 0 && engine === undefined ? [] : tools,
    resources: [],
    prompts: [],
    checks: sources.checks,
    sources: sources.listed,
    limits: {
      query_seconds: sources.timeoutMs / 1000,
      query_rows: 1000,
      export_seconds: options.exportTimeoutSeconds,
      export_bytes: options.maxExportBytes,
    },
    components: async () =>
      engine === undefined ? [] : [{ name: 'duckdb', version: await engine.engineVersion() }],
    close: () => sources.close(),
  };
}

function exportSettings({ exportTimeoutSeconds, maxExportBytes }: DataOptions, { files }: FileAccessContext) {
  return { files, timeoutMs: exportTimeoutSeconds * 1000, maxBytes: maxExportBytes };
}

function filesEntry(options: DataOptions, context: FileAccessContext): SourceEntry<FilesSource> | undefined {
  if (!options.files) return undefined;
  return {
    ...{ name: 'files', kind: 'files', isWritable: false },
    timeoutMs: options.filesTimeoutSeconds * 1000,
    create: () => new DuckDbFiles(options.engine, context),
  };
}

async function databaseEntry<K extends Kind>(
  options: OptionsOf<K> & { readonly kind: K },
  context: FileAccessContext,
): Promise<SourceEntry> {
  const { name, kind, description, writable, timeoutSeconds } = options;
  const open = await KINDS[kind]();
  return {
    ...{ name, kind, description },
    isWritable: writable,
    timeoutMs: timeoutSeconds * 1000,
    create: () => open(options, context),
  };
}
