import { AppError } from '../../../core/errors.ts';
import type { ToolCall } from '../../../core/tool.ts';
import type { FileServices } from '../services.ts';
import type { Omissions } from './omissions.ts';

/** What is searched for: everything that decides which matches there are, and their order. */
export interface SearchQuery {
  readonly pattern: string;
  readonly path: string;
  readonly glob: readonly string[];
  readonly regex: boolean;
  readonly case: 'smart' | 'yes' | 'no';
  readonly context: number;
  readonly mode: 'matches' | 'files' | 'count';
}

/** One page of a search that is to be found and told. */
export interface SearchPage {
  readonly services: FileServices;
  readonly call: ToolCall;
  readonly query: SearchQuery;
  readonly maxResults: number;
  readonly cursor: string | undefined;
  readonly omissions: Omissions;
  /** Aborts with the call, and at the search's own deadline. */
  readonly signal: AbortSignal;
}

const CASE = { smart: '--smart-case', yes: '--case-sensitive', no: '--ignore-case' } as const;

/**
 * The pattern as ripgrep's options. Joined to its option, so that it cannot be taken for one; an
 * expression is matched in linear time, by automata of bounded size.
 */
export function patternArguments(query: SearchQuery): string[] {
  return [
    '--no-mmap',
    CASE[query.case],
    ...(query.regex
      ? ['--engine=default', '--regex-size-limit=10M', '--dfa-size-limit=20M']
      : ['--fixed-strings']),
    `--regexp=${query.pattern}`,
  ];
}

/** @throws AppError `INVALID_ARGUMENT` for a pattern that no line can match */
export function checkPattern({ pattern, regex }: SearchQuery): void {
  if (pattern.includes('\0')) throw refused('It holds a NUL character.');
  if (!regex && /[\r\n]/.test(pattern)) {
    throw refused('It holds a line break, and the search goes line by line; search for one of the lines.');
  }
}

/** What ripgrep says of the expression, if that is what it complains of. */
export function patternRefusal(complaint: string): AppError | undefined {
  if (complaint.includes('is not allowed in a regex')) {
    return refused('It matches a line break, and the search goes line by line.');
  }
  if (complaint.includes('exceeds size limit'))
    return refused('The expression is too large once its repetitions are counted out.');
  const problem = /^regex parse error:.*\nerror: (.*)$/s.exec(complaint)?.[1];
  return problem === undefined ? undefined : refused(`The expression is malformed: ${problem}.`);
}

function refused(why: string): AppError {
  return new AppError('INVALID_ARGUMENT', `The pattern cannot be searched for. ${why}`, {
    next: 'call search_files with a corrected pattern; regex=false takes every character literally',
  });
}
