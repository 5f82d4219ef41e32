import type { ColumnInfo } from '../source.ts';
import { type DescribedTable, plainName } from './described-table.ts';

const KEY_NAMES: ReadonlySet<string> = new Set(['id', 'uuid', 'guid']);

/** `CustomerID`, `customerId` and `Customer id` as `customer_id`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
}

/** What one row of the table is: `customer` of customers, `category` of categories. */
export function singular(name: string): string {
  if (name.endsWith('ies')) return `${name.slice(0, -3)}y`;
  if (/(ss|x|ch|sh)es$/.test(name)) return name.slice(0, -2);
  return name.endsWith('s') && !name.endsWith('ss') ? name.slice(0, -1) : name;
}

export function rowName(table: Pick<DescribedTable, 'name'>): string {
  return singular(snakeCase(plainName(table.name)));
}

/** Columns that the name says may tell rows apart, the likeliest first. */
export function keyCandidates(table: DescribedTable): ColumnInfo[] {
  const row = rowName(table);
  const rank = ({ name }: ColumnInfo, index: number): number => {
    const plain = snakeCase(name);
    if (KEY_NAMES.has(plain)) return 0;
    if (plain.endsWith('_id') && singular(plain.slice(0, -3)) === row) return 1;
    // Any other id is as a rule one of something else, unless the table begins with it.
    return index === 0 && plain.endsWith('_id') ? 2 : Infinity;
  };
  return table.columns
    .map((column, index) => ({ column, rank: rank(column, index) }))
    .filter((candidate) => candidate.rank < Infinity)
    .sort((a, b) => a.rank - b.rank)
    .map(({ column }) => column);
}

/** Whether a column's name says that it holds keys of the table. */
export function refersTo(column: string, table: DescribedTable): boolean {
  const plain = snakeCase(column);
  if (!plain.endsWith('_id')) return false;
  const [key] = table.primaryKey;
  const base = plain.slice(0, -3);
  const row = rowName(table);
  const isSameKey = key !== undefined && snakeCase(key) === plain;
  return isSameKey || singular(base) === row || base.endsWith(`_${row}`);
}
