import { expect, test } from 'vitest';
import { ColumnType } from '../../../../../src/tools/data/duckdb/column-type.ts';
import type { Value } from '../../../../../src/tools/data/source.ts';

test.each<readonly [type: string, values: Value[], name: string]>([
  ['numeric', ['1.70', '-22.123', null], 'DECIMAL(18,3)'],
  ['numeric', ['123456789012345678.5'], 'DECIMAL(19,1)'],
  ['numeric', ['007', '-0.5'], 'DECIMAL(18,1)'],
  ['numeric', [null], 'DECIMAL(18,0)'],
  ['numeric', [], 'DECIMAL(18,0)'],
  ['numeric', ['1.70', 'NaN', '2'], 'VARCHAR'],
  ['numeric', [1e21], 'VARCHAR'],
  ['numeric', [`1.${'1'.repeat(38)}`], 'VARCHAR'],
  ['numeric(10, 2)', ['1.10'], 'DECIMAL(10,2)'],
  ['numeric(4,4)', ['0.1234'], 'DECIMAL(4,4)'],
  ['decimal(6)', ['-123456'], 'DECIMAL(6,0)'],
  ['decimal(5,2)', ['12345.678'], 'DECIMAL(8,3)'],
  ['decimal(65,30)', ['1'], 'VARCHAR'],
  ['INTEGER', [1, 2], 'BIGINT'],
  ['integer', [1.7, 9_007_199_254_740_991], 'DECIMAL(18,1)'],
  ['integer', [1, 'one', 1.7], 'VARCHAR'],
  ['integer', [['a list']], 'VARCHAR'],
  ['bigint', ['9223372036854775807'], 'BIGINT'],
  ['bigint unsigned', ['18446744073709551615'], 'UBIGINT'],
  ['double precision', ['-Infinity', 'x'], 'DOUBLE'],
  ['timestamp with time zone', ['x'], 'TIMESTAMPTZ'],
  ['uuid', ['x'], 'VARCHAR'],
])('a column of %s with %j becomes one that keeps them: %s', (type, values, name) => {
  const column = new ColumnType(type);
  column.see(
    values.map((value) => ['another', value]),
    1,
  );
  expect(column.name).toBe(name);
});
