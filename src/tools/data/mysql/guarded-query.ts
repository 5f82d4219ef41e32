import {
  notReadOnly,
  oneStatement,
  placeholderCount,
  refuseOtherThanQuery,
  type Token,
} from '../databases/sql-text.ts';
import { sqlError } from '../databases/sql-error.ts';
import type { Value } from '../source.ts';

/** What no transaction takes back: waiting, locks that reach others, files, sequences, programs. */
const DENIED =
  /^(?:sleep|benchmark|get_lock|release_lock|release_all_locks|load_file|master_pos_wait|master_gtid_wait|source_pos_wait|wait_for_executed_gtid_set|wait_until_sql_thread_after_gtids|nextval|setval|sys_exec|sys_eval|sys_set|sys_get)$/;

export interface GuardedStatement {
  readonly text: string;
  readonly tokens: readonly Token[];
}

/** A statement that begins as a query, locks nothing and calls nothing that is denied. */
export function guardedQuery(sql: string, params: readonly Value[]): GuardedStatement {
  const statement = oneStatement(sql, 'mysql');
  refuseOtherThanQuery(statement.tokens);
  refuseDenied(statement.tokens, params);
  return statement;
}

/** @throws AppError `SQL_NOT_READ_ONLY`, `SQL_ERROR` */
export function refuseDenied(tokens: readonly Token[], params: readonly Value[]): void {
  for (const [index, token] of tokens.entries()) {
    const denied = deniedAt(token, tokens[index + 1]?.text.toLowerCase() ?? '');
    if (denied !== undefined) throw notReadOnly(`${denied} not allowed.`);
  }
  const places = placeholderCount(tokens);
  if (places !== params.length) {
    throw sqlError({
      message: `The statement has ${places} placeholders (?), and ${params.length} params came`,
    });
  }
}

/** Two words that lock rows, or take a number of a sequence. */
const PAIRS: Readonly<Record<string, string>> = {
  'for update': 'Locking rows is',
  'for share': 'Locking rows is',
  'lock in': 'Locking rows is',
  'next value': 'NEXT VALUE is',
};

function deniedAt({ kind, text }: Token, next: string): string | undefined {
  if (kind === 'hidden') return 'Comments that are executed are';
  if (kind !== 'word' && kind !== 'name') return undefined;
  const name = text.toLowerCase();
  if (next === '(' && DENIED.test(name)) return `The function ${name}() is`;
  return PAIRS[`${name} ${next}`];
}

const PROOF = ['SELECT EXISTS (\n', '\n)'] as const;

/** Where only a query can stand; it is prepared and not run. */
export function proofOf(text: string): string {
  return PROOF.join(text);
}
