import * as z from 'zod';
import { AppError } from '../../../core/errors.ts';
import { defineTool, type Tool, type ToolCall, type ToolResult } from '../../../core/tool.ts';
import { dataResult } from '../result/page-result.ts';
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

const DESCRIPTION = `Changes rows of a database that the operator opened for it, by one INSERT, UPDATE or DELETE. By default it is a dry run: the statement is executed and rolled back, and the answer tells how many rows it would change and the call that applies it. Nothing is changed where more rows than max_affected would be.`;

const input = z.object({
  source: z.string().describe('The database, a name from info.'),
  sql: z.string().max(MAX_SQL).describe('One INSERT, UPDATE or DELETE.'),
  params: z.array(z.unknown()).optional().describe('As for query_data.'),
  dry_run: z.boolean().default(true).describe('false applies the change.'),
  max_affected: z.int().min(1).max(1_000_000).default(1000).describe('Rows that it may change.'),
});

const output = z.looseObject({
  affected: z.number().describe('Rows changed, or that would be.'),
  applied: z.boolean().describe('Whether the change was made.'),
});

interface Outcome {
  readonly source: string;
  readonly affected: number;
  readonly applied: boolean;
  /** After a dry run: the call that applies it. */
  readonly next?: string;
}

type Order = z.output<typeof input>;

export function modifyDataTool({ sources }: DataAccess): Tool {
  return defineTool({
    name: 'modify_data',
    title: 'Change data',
    description: DESCRIPTION,
    scopes: ['data:write'],
    effect: 'destroy',
    input,
    output,
    aliases: { ...SOURCE_ALIASES, max_rows: 'max_affected' },
    timeoutMs: sources.timeoutMs + GRACE_MS,
    run: (call, order) => modify(sources, call, order),
  });
}

async function modify(sources: DataAccess['sources'], call: ToolCall, order: Order): Promise<ToolResult> {
  const { sql, dry_run: dryRun, max_affected: maxAffected } = order;
  const again = (change: object): string => repeated('modify_data', { ...given(order), ...change });
  const params = scalars(order.params);
  const { source, timeoutMs } = sources.findWritable(call.principal.permit, order.source, (name) =>
    again({ source: name }),
  );
  const advice = {
    ...adviceOn(source.name, sql),
    SQL_NOT_READ_ONLY: 'send one INSERT, UPDATE or DELETE statement; query_data answers SELECT',
    TIMEOUT: 'change fewer rows at a time',
  };
  const change = await advised(advice, async () => {
    if (source.modify === undefined)
      throw new AppError('READ_ONLY', `The source "${source.name}" cannot be changed.`);
    return await source.modify(askingOf(call, timeoutMs), { sql, params, dryRun, maxAffected });
  });
  const { affected, applied } = change;
  const result: Outcome = {
    ...{ source: source.name, affected, applied },
    ...(applied ? {} : { next: again({ dry_run: false }) }),
  };
  return dataResult(result, call);
}

/** What the caller has said, without what it left to the defaults. */
function given({ source, sql, params, max_affected: maxAffected }: Order): Record<string, unknown> {
  return {
    ...{ source, sql },
    ...(params === undefined ? {} : { params }),
    ...(maxAffected === 1000 ? {} : { max_affected: maxAffected }),
  };
}
