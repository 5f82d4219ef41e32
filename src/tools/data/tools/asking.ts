import { AppError } from '../../../core/errors.ts';
import { callText } from '../../../core/phrases.ts';
import type { ToolCall } from '../../../core/tool.ts';
import type { Asking, Value } from '../source.ts';
import type { DataSources } from '../sources.ts';

/** What the tools share. */
export interface DataAccess {
  readonly sources: DataSources;
}

/** Milliseconds that a call may take beyond its statement: the source tells more about a timeout than the call can. */
export const GRACE_MS = 3000;

/** Longest statement, in characters. */
export const MAX_SQL = 100_000;
/** A statement that is longer is not repeated in what is told. */
const MAX_REPEATED = 400;

export function askingOf(
  { principal, signal, logger }: ToolCall,
  timeoutMs: number,
  again?: (sql: string) => string,
): Asking {
  return { principal, signal, timeoutMs, logger, ...(again === undefined ? {} : { again }) };
}

/** The values for placeholders. @throws AppError `INVALID_ARGUMENT` for what is no scalar */
export function scalars(params: readonly unknown[] = []): Value[] {
  return params.map((value, index) => {
    if (value === null || typeof value === 'string' || typeof value === 'number') return value;
    if (typeof value === 'boolean') return value;
    throw new AppError(
      'INVALID_ARGUMENT',
      `"params.${index}" must be a text, a number, true, false or null: placeholders are filled in order, not by name.`,
      { next: 'give params as a list, ["a", 1], and lists or objects within it as JSON text' },
    );
  });
}

/** A call with its statement, where that is short enough to be repeated. */
export function repeated(tool: string, args: Readonly<Record<string, unknown>>): string {
  const { sql, ...others } = args;
  if (typeof sql !== 'string' || sql.length <= MAX_REPEATED) return callText(tool, args);
  return `the same call with ${JSON.stringify(others)}`;
}

type Advice = Partial<Record<AppError['code'], string>>;

/** Does the work; an error that does not say what to do next is told so by its code. */
export async function advised<T>(advice: Advice, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.next !== undefined) throw error;
    const next = advice[error.code];
    if (next === undefined) throw error;
    const { code, message, retryAfter, cause } = error;
    throw new AppError(code, message, { next, cause, ...(retryAfter === undefined ? {} : { retryAfter }) });
  }
}

/** What to do about a statement that failed. */
export function adviceOn(source: string, sql: string): Advice {
  const look = callText('describe_data', { source });
  return {
    SQL_ERROR: `${look} shows the tables and columns; then correct the statement`,
    SQL_NOT_READ_ONLY: 'send one SELECT statement (WITH … SELECT is one too)',
    MEMORY_LIMIT: 'select fewer columns and rows, or aggregate first',
    TIMEOUT: `filter or aggregate earlier; ${repeated('query_data', { source, sql, explain: true })} shows the plan without running it`,
    SOURCE_UNAVAILABLE: callText('info', { section: 'sources' }),
  };
}
