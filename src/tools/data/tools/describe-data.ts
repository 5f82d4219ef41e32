import * as z from 'zod';
import { OutputBudget } from '../../../core/budget.ts';
import { AppError } from '../../../core/errors.ts';
import { callText, counted, grouped } from '../../../core/phrases.ts';
import { defineTool, type Tool, type ToolCall, type ToolResult } from '../../../core/tool.ts';
import type { DescribedTable } from '../catalogue/described-table.ts';
import { inferKeys } from '../catalogue/infer-keys.ts';
import { withSamples } from '../catalogue/samples.ts';
import { tellTables, type ToldTable } from '../catalogue/told-tables.ts';
import { fittingDiagram } from '../diagram/fitting-diagram.ts';
import { roomForJson } from '../result/fit-rows.ts';
import { dataResult } from '../result/page-result.ts';
import type { Asking, Catalogue, DataSource } from '../source.ts';
import { SOURCE_ALIASES } from './aliases.ts';
import { adviceOn, advised, askingOf, type DataAccess, GRACE_MS } from './asking.ts';

const DESCRIPTION = `Tells the tables of a data source with columns, keys and, if asked, first rows. Take it before query_data. Of source files each data file is a table; its keys are inferred from names and values (detail full, or diagram). 200 tables at most: narrow by path or table.`;

const MAX_TABLES = 200;
const RESERVE = 400;

const input = z.object({
  source: z.string().describe('files, or a name from info.'),
  path: z.string().max(4096).optional().describe('File, folder or glob, of files only.'),
  table: z.string().max(1000).optional().describe('Only this one.'),
  detail: z
    .enum(['names', 'columns', 'full'])
    .default('columns')
    .describe('full: also nullability, comments, inferred keys.'),
  sample_rows: z.int().min(0).max(5).default(0).describe('First rows of each table.'),
  diagram: z.boolean().default(false).describe('Also a Mermaid ER diagram, of 40 tables.'),
});

/** diagram and note are there only at times. */
const output = z.looseObject({
  dialect: z.string().describe('SQL that it takes.'),
  tables: z.array(z.unknown()).describe('Named as in statements.'),
});

interface Description {
  readonly source: string;
  readonly dialect: string;
  readonly tables: readonly ToldTable[];
  readonly diagram?: string;
  readonly note?: string;
}

type Question = z.output<typeof input>;

export function describeDataTool({ sources }: DataAccess): Tool {
  return defineTool({
    name: 'describe_data',
    title: 'Describe data',
    description: DESCRIPTION,
    scopes: ['data:read'],
    effect: 'read',
    input,
    output,
    aliases: {
      ...SOURCE_ALIASES,
      file: 'path',
      name: 'table',
      table_name: 'table',
      samples: 'sample_rows',
      er_diagram: 'diagram',
    },
    timeoutMs: sources.timeoutMs + GRACE_MS,
    run: (call, question) => describe(sources, call, question),
  });
}

async function describe(
  sources: DataAccess['sources'],
  call: ToolCall,
  question: Question,
): Promise<ToolResult> {
  const again = (change: object): string => callText('describe_data', { ...given(question), ...change });
  const { permit } = call.principal;
  const { source, timeoutMs } = sources.find(permit, question.source, (name) => again({ source: name }));
  const asking = askingOf(call, timeoutMs);
  const narrowed = narrowing(source, question);
  const catalogue = await advised(adviceOn(source.name, ''), () =>
    source.catalogue(asking, {
      ...narrowed,
      detail: question.diagram && question.detail === 'names' ? 'columns' : question.detail,
      limit: MAX_TABLES,
    }),
  );
  const { tables, remarks } = await lookInto(source, asking, catalogue, question);
  const room = new OutputBudget(roomForJson(call.budget, RESERVE));
  const drawn = question.diagram ? fittingDiagram(tables, room) : undefined;
  const told = tellTables(tables, question.detail, room);
  const next =
    told.cutAt === undefined ? [] : [again({ table: told.cutAt, path: undefined, diagram: undefined })];
  const notes = [
    ...(tables.length === 0 ? [nothingFound(source, question)] : []),
    ...remarksOn(catalogue, question),
    ...(drawn === undefined ? [] : drawn.remarks),
    ...told.remarks,
    ...remarks,
    ...next,
  ];
  const result: Description = {
    ...{ source: source.name, dialect: source.dialect, tables: told.tables },
    ...(drawn === undefined ? {} : { diagram: drawn.diagram }),
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
  };
  return dataResult(result, call);
}

/** What the caller has said, without what it left to the defaults. */
function given({
  source,
  path,
  table,
  detail,
  sample_rows: rows,
  diagram,
}: Question): Record<string, unknown> {
  return {
    ...{ source, path, table },
    ...(detail === 'columns' ? {} : { detail }),
    ...(rows === 0 ? {} : { sample_rows: rows }),
    ...(diagram ? { diagram } : {}),
  };
}

/** A table of files is a path, however the caller calls it. */
function narrowing(source: DataSource, { path, table }: Question): Pick<Question, 'path' | 'table'> {
  if (source.kind !== 'files' && path !== undefined) {
    throw new AppError('INVALID_ARGUMENT', `The source "${source.name}" is a database, it has no paths.`, {
      next: callText('describe_data', { source: source.name, table }),
    });
  }
  if (source.kind !== 'files' || table === undefined) return { path, table };
  return { path: filePath(table, path), table: undefined };
}

function filePath(table: string, path: string | undefined): string {
  const name = /^'((?:[^']|'')*)'$/.exec(table)?.[1]?.replaceAll("''", "'") ?? table;
  if (path === undefined || name.startsWith('/')) return name;
  // The file said twice, or a file of the folder.
  if (path.endsWith(`/${name}`)) return path;
  return `${path.replace(/\/+$|\/[^/]*[*?[{].*$/, '')}/${name}`;
}

async function lookInto(
  source: DataSource,
  asking: Asking,
  { tables }: Catalogue,
  { detail, diagram, sample_rows: rows }: Question,
): Promise<{ readonly tables: readonly DescribedTable[]; readonly remarks: readonly string[] }> {
  const isGuessing = source.kind === 'files' && (detail === 'full' || diagram);
  const inferred = isGuessing ? await inferKeys(source, asking, tables) : { tables, remark: undefined };
  const sampled =
    rows > 0 && detail !== 'names'
      ? await withSamples(source, asking, inferred.tables, rows)
      : { tables: inferred.tables, remark: undefined };
  const remarks = [unlooked(tables, detail), inferred.remark, sampled.remark].filter(
    (remark) => remark !== undefined,
  );
  return { tables: sampled.tables, remarks };
}

/** Files that there was no time to look into have no columns, and nothing to say about why. */
function unlooked(tables: readonly DescribedTable[], detail: Question['detail']): string | undefined {
  if (detail === 'names') return undefined;
  const { length } = tables.filter(
    ({ kind, columns, comment }) => kind === 'file' && columns.length === 0 && comment === undefined,
  );
  return length === 0
    ? undefined
    : `columns of ${counted(length, 'file')} not shown, the time did not suffice: ask for one as path`;
}

function remarksOn({ tables, more }: Catalogue, { source }: Question): string[] {
  if (!more) return [];
  const narrower =
    source === 'files' ? 'narrow it by path: a folder or a glob' : 'name one as table to see it';
  return [`the first ${grouped(tables.length)} tables, there are more: ${narrower}`];
}

function nothingFound({ kind }: DataSource, { path = '/' }: Question): string {
  if (kind !== 'files') return 'there are no tables that this server may see';
  return `no data files (CSV, TSV, Parquet, JSON, NDJSON) there; ${callText('list_files', { path })}`;
}
