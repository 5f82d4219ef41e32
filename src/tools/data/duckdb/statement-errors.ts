import { AppError } from '../../../core/errors.ts';
import { fileSize } from '../../../core/phrases.ts';
import type { Asking, Statement } from '../source.ts';
import { EngineFault, EngineGone } from './engine-errors.ts';
import { otherReading, toldWords } from './engine-words.ts';
import type { EngineOptions } from './options.ts';
import type { Fault } from './protocol.ts';

type StatementFault = Extract<Fault, { kind: 'statement' }>;

const MAX_CANDIDATES = 5;
// A longer statement is not repeated in what to do next.
const MAX_REPEATED = 1000;

interface Failed {
  readonly asking: Asking;
  /** The call with another statement. */
  readonly again: (sql: string) => string;
  readonly deadline: AbortSignal;
  /** Whether it had its place before the deadline. */
  readonly hasBegun: boolean;
  readonly statement: Statement;
  readonly options: EngineOptions;
  /** Bytes that may be written. */
  readonly maxBytes?: number;
}

/** What the caller is told of a failure of the engine's. Others are answered as they are. */
export function statementError(error: unknown, failed: Failed): unknown {
  const { asking, deadline, hasBegun } = failed;
  if (asking.signal.aborted) return asking.signal.reason;
  if (deadline.aborted) return hasBegun ? timeout(asking.timeoutMs) : busy();
  if (error instanceof EngineGone) return error.isMemory ? memory(failed, error) : gone(error);
  return error instanceof EngineFault ? faultError(error, failed) : error;
}

function faultError(error: EngineFault, failed: Failed): AppError {
  const { fault } = error;
  const { maxBytes } = failed;
  switch (fault.kind) {
    case 'refused':
      return new AppError(fault.code, fault.message, fault.next === undefined ? {} : { next: fault.next });
    case 'statement':
      return sqlError(fault, failed);
    case 'memory':
      return memory(failed, error);
    case 'rows-too-large':
      return new AppError('MEMORY_LIMIT', 'The rows are too large to be answered.', {
        next: 'select fewer columns or rows, or parts of long texts by left(column, 1000)',
      });
    case 'file-too-large':
      return new AppError('FILE_TOO_LARGE', `The result comes to more than ${fileSize(maxBytes ?? 0)}.`, {
        next: 'select fewer columns or rows, or export it in parts; parquet takes the least',
      });
    case 'broken':
      return gone(new Error(fault.detail));
  }
}

function sqlError(fault: StatementFault, { statement: { sql }, again }: Failed): AppError {
  const place = placeOf(sql, fault.position);
  const message = toldWords(fault.message);
  const where = place === undefined ? '' : ` At line ${place.line}, column ${place.column}.`;
  const candidates = (fault.candidates ?? []).slice(0, MAX_CANDIDATES);
  const listed =
    candidates.length === 0 || candidates.every((name) => message.includes(name))
      ? ''
      : ` Candidates: ${candidates.join(', ')}.`;
  return new AppError('SQL_ERROR', `${message.replace(/[\s.]*$/, '.')}${where}${listed}`, {
    next: nextOf(sql, fault, place, again),
  });
}

function nextOf(
  sql: string,
  fault: StatementFault,
  place: Place | undefined,
  again: Failed['again'],
): string {
  const statement = corrected(sql, fault, place);
  if (statement !== undefined) return again(statement);
  return otherReading(fault.message) ?? 'the same call with the statement corrected';
}

interface Place {
  /** Of UTF-16 units. */
  readonly index: number;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** @param position Bytes of UTF-8. */
function placeOf(sql: string, position: number | undefined): Place | undefined {
  if (position === undefined || position > sql.length * 3) return undefined;
  const before = Buffer.from(sql).subarray(0, position).toString();
  const line = before.split('\n').length;
  return { index: before.length, line, column: before.length - before.lastIndexOf('\n') };
}

/** The statement with the name that is not there replaced by the nearest one that is. */
function corrected(
  sql: string,
  { name, candidates }: StatementFault,
  place: Place | undefined,
): string | undefined {
  const candidate = candidates?.[0];
  if (name === undefined || candidate === undefined || sql.length > MAX_REPEATED) return undefined;
  const at = sql.toLowerCase().indexOf(name.toLowerCase(), place?.index ?? 0);
  if (at < 0) return undefined;
  // A candidate may be told with its table, as the name may be written.
  const bare = candidate.slice(candidate.lastIndexOf('.') + 1).replaceAll('"', '');
  const isQuoted = sql[at - 1] === '"';
  const written = isQuoted || /^[a-z_]\w*$/i.test(bare) ? bare : `"${bare}"`;
  return sql.slice(0, at) + written + sql.slice(at + name.length);
}

function timeout(milliseconds: number): AppError {
  return new AppError('TIMEOUT', `The statement took longer than ${milliseconds / 1000} s and was ended.`, {
    next: 'read fewer files or rows: filter early, aggregate, or take a sample by USING SAMPLE 10%',
  });
}

function busy(): AppError {
  return new AppError(
    'BUSY',
    'The server was busy with other statements for all of the time that there is.',
    {
      next: 'make the same call again in a moment',
      retryAfter: 2,
    },
  );
}

function memory({ options: { memoryMb }, statement: { sql } }: Failed, cause: unknown): AppError {
  // Each thread takes room for two thousand values of every column that is read.
  const wide = /\b[ct]sv\b/i.test(sql)
    ? '; of a CSV file with thousands of columns, name those that are needed, or read it by read_csv(…, parallel = false)'
    : '';
  return new AppError('MEMORY_LIMIT', `The statement needs more than the ${memoryMb} MB that it may take.`, {
    cause,
    next: `select fewer columns, filter before joining and sorting, or aggregate in steps${wide}`,
  });
}

function gone(cause: unknown): AppError {
  return new AppError('SOURCE_UNAVAILABLE', 'The engine ended while it worked on the statement.', {
    cause,
    next: 'send the statement once more, in a simpler form where it fails again; a new engine is started for it',
  });
}
