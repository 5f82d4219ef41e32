import { oneStatement, refuseOtherThanQuery, type Token } from '../databases/sql-text.ts';
import type { Purpose } from '../databases/transactions.ts';
import { refuseDeniedFunctions } from './denied-functions.ts';

const LOCK_MS = 5000;
/** Beyond our own deadline, which ends a statement first. */
const GRACE_MS = 2000;

/** How a transaction begins; what it sets ends with it. */
export function beginning(purpose: Purpose, timeoutMs: number): string {
  const patience = Math.ceil(timeoutMs) + GRACE_MS;
  return [
    `BEGIN TRANSACTION READ ${purpose === 'read' ? 'ONLY' : 'WRITE'}`,
    `SET LOCAL statement_timeout = ${patience}`,
    `SET LOCAL lock_timeout = ${LOCK_MS}`,
    `SET LOCAL idle_in_transaction_session_timeout = ${patience}`,
    // What values look like as text, and that a backslash in a string is one.
    `SET LOCAL DateStyle = 'ISO, YMD'`,
    `SET LOCAL IntervalStyle = 'postgres'`,
    `SET LOCAL extra_float_digits = 3`,
    `SET LOCAL bytea_output = 'hex'`,
    `SET LOCAL standard_conforming_strings = on`,
  ].join('; ');
}

/** A statement that begins as a query and calls nothing that is denied; the cursor refuses what is none. */
export function guardedQuery(sql: string): { readonly text: string; readonly tokens: readonly Token[] } {
  const statement = oneStatement(sql, 'postgres');
  refuseOtherThanQuery(statement.tokens);
  refuseDeniedFunctions(statement.tokens);
  return statement;
}
