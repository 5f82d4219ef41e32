import type { DuckDBConnection } from '@duckdb/node-api';
import type { CopyOrder } from '../protocol.ts';
import { Refusal } from './faults.ts';
import { sqlLiteral } from '../../sql-literal.ts';

const MAX_VALUE = 100;

type Order = Pick<CopyOrder, 'from' | 'columns' | 'maxLineBytes'>;

/** Rows of another source with their types: they lie in a file as lines of JSON, with columns c0, c1, … */
export function passedRows(order: Order): string {
  const columns = order.columns.map(
    ({ name, type }, index) => `CAST(c${index} AS ${type}) AS "${name.replaceAll('"', '""')}"`,
  );
  return `SELECT ${columns.join(', ')} FROM ${texts(order)}`;
}

/** Which value cannot be of the type of its column; undefined where that is not what failed. */
export async function unfitValue(
  connection: DuckDBConnection,
  error: unknown,
  order: Order,
): Promise<Refusal | undefined> {
  if (!(error instanceof Error) || !error.message.includes('"exception_type":"Conversion"')) return undefined;
  const tests = order.columns.map(
    ({ type }, index) =>
      `WHEN c${index} IS NOT NULL AND TRY_CAST(c${index} AS ${type}) IS NULL THEN [${index}::VARCHAR, c${index}[:${MAX_VALUE}]]`,
  );
  const unfit = `SELECT CASE ${tests.join(' ')} END AS unfit FROM ${texts(order)}`;
  const reader = await connection.runAndReadAll(
    `SELECT unfit[1], unfit[2] FROM (${unfit}) WHERE unfit IS NOT NULL LIMIT 1`,
  );
  const [index, value] = reader.getRows()[0] ?? [];
  const column = order.columns[Number(index)];
  if (column === undefined || typeof value !== 'string') return undefined;
  return new Refusal(
    'SQL_ERROR',
    `${JSON.stringify(value)} in the column ${JSON.stringify(column.name)} cannot be written as ${column.type}.`,
    'convert the column to text in the statement, or turn such values into NULL by NULLIF or CASE',
  );
}

function texts({ from, columns, maxLineBytes }: Order): string {
  const types = columns.map((_, index) => `c${index}: 'VARCHAR'`).join(', ');
  return `read_json(${sqlLiteral(from.name)}, format = 'newline_delimited', columns = {${types}}, maximum_object_size = ${maxLineBytes})`;
}
