import * as z from 'zod';
import { callText } from '../../../core/phrases.ts';
import { defineTool, type Tool, type ToolCall, type ToolResult } from '../../../core/tool.ts';
import { pageOutput, pageResult, planResult } from '../result/page-result.ts';
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
import { SOURCE_ALIASES } from './aliases.ts';

const DESCRIPTION = `Answers one SELECT. Source files is DuckDB over the workspace, files named as tables: SELECT * FROM '/sales.csv' (CSV, TSV, Parquet, JSON, NDJSON, .xlsx; globs, joins, SUMMARIZE). Other sources are databases in their own SQL; to join one with files, export_data it first. describe_data tells tables and columns. Rows that do not fit are kept in a file: note says how to go on.`;

const input = z.object({
  sql: z.string().max(MAX_SQL).describe('One statement.'),
  source: z.string().default('files').describe('files, or a name from info.'),
  params: z.array(z.unknown()).optional().describe('Values for ? ($1 in PostgreSQL), in order.'),
  limit: z.int().min(1).max(1000).default(100).describe('Rows at most.'),
  offset: z.int().min(0).max(1_000_000_000).default(0).describe('Rows to skip.'),
  explain: z.boolean().default(false).describe('Only show the plan.'),
});

type Question = z.output<typeof input>;

export function queryDataTool({ sources }: DataAccess): Tool {
  return defineTool({
    name: 'query_data',
    title: 'Query data',
    description: DESCRIPTION,
    scopes: ['data:read'],
    effect: 'read',
    input,
    output: pageOutput,
    aliases: {
      ...SOURCE_ALIASES,
      max_rows: 'limit',
      max_results: 'limit',
      skip: 'offset',
    },
    timeoutMs: sources.timeoutMs + GRACE_MS,
    run: (call, question) => query(sources, call, question),
  });
}

/** What the caller has said, without what it left to the defaults. */
function given({ sql, source, params, limit, offset, explain }: Question): Record<string, unknown> {
  return {
    sql,
    ...(source === 'files' ? {} : { source }),
    ...(params === undefined ? {} : { params }),
    ...(limit === 100 ? {} : { limit }),
    ...(offset === 0 ? {} : { offset }),
    ...(explain ? { explain } : {}),
  };
}

async function query(
  sources: DataAccess['sources'],
  call: ToolCall,
  question: Question,
): Promise<ToolResult> {
  const { sql, limit, offset } = question;
  const { permit } = call.principal;
  const again = (source: string): string => repeated('query_data', given({ ...question, source }));
  const { source, timeoutMs } = sources.find(permit, question.source, again);
  const asking = askingOf(call, timeoutMs, (other) =>
    callText('query_data', { ...given(question), sql: other }),
  );
  const statement = { sql, params: scalars(question.params) };
  return await advised(adviceOn(source.name, sql), async () => {
    if (question.explain) {
      return planResult(await source.explain(asking, statement), call);
    }
    const page = await source.query(asking, statement, { limit, offset });
    return await pageResult(page, { call, offset, canQueryFiles: sources.canQueryFiles(permit) });
  });
}
