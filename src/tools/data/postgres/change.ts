import { COMMIT_MS, tooManyAffected, unknownOutcome } from '../databases/change.ts';
import { noChange, oneStatement, refuseOtherThanChange } from '../databases/sql-text.ts';
import type { Change, ChangeRequest } from '../source.ts';
import type { PostgresConnection } from './connection.ts';
import { refuseDeniedFunctions } from './denied-functions.ts';
import { isDatabaseError } from './postgres-error.ts';

export const EXPLAIN_CHANGE = 'EXPLAIN (FORMAT JSON) ';

interface Plan {
  readonly 'Node Type'?: string;
  readonly Plans?: readonly Plan[];
}

/** @throws AppError for what is no single statement that changes rows */
export function guardedChange(sql: string): string {
  const { text, tokens } = oneStatement(sql, 'postgres');
  refuseOtherThanChange(tokens);
  refuseDeniedFunctions(tokens);
  return text;
}

/** Whether the statement does nothing but change the rows of one table: its plan tells. */
export function refuseOtherPlans(plan: string): void {
  const plans = JSON.parse(plan) as readonly { readonly Plan: Plan }[];
  const [only] = plans;
  const isChange = only?.Plan['Node Type'] === 'ModifyTable';
  if (plans.length !== 1 || !isChange || changesIn(only.Plan) !== 1) throw noChange();
}

function changesIn(plan: Plan): number {
  const below = (plan.Plans ?? []).reduce((sum, one) => sum + changesIn(one), 0);
  return below + (plan['Node Type'] === 'ModifyTable' ? 1 : 0);
}

/** In a transaction that has begun; what is not committed is rolled back by who has begun it. */
export async function change(
  connection: PostgresConnection,
  text: string,
  { params, dryRun, maxAffected }: ChangeRequest,
  signal: AbortSignal,
): Promise<Change> {
  const { rowCount } = await connection.run(text, params, signal);
  if (rowCount > maxAffected) throw tooManyAffected(rowCount, maxAffected);
  // What is checked at the end otherwise shows in a dry run as well.
  await connection.run('SET CONSTRAINTS ALL IMMEDIATE', [], signal);
  if (dryRun) return { affected: rowCount, applied: false };
  await connection.own('COMMIT', [], COMMIT_MS).catch((error: unknown) => {
    throw isRefusal(error) ? error : unknownOutcome(error);
  });
  return { affected: rowCount, applied: true };
}

/** A server that ends may have committed before it said so (class 57, "Operator Intervention"). */
function isRefusal(error: unknown): boolean {
  return isDatabaseError(error) && !error.code.startsWith('57P');
}
