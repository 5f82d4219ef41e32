import { OutputBudget } from '../../../core/budget.ts';
import { counted, grouped } from '../../../core/phrases.ts';
import type { ColumnInfo, Value } from '../source.ts';
import type { DescribedKey, DescribedTable } from './described-table.ts';

export type Detail = 'names' | 'columns' | 'full';

interface ToldColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable?: boolean;
  readonly comment?: string;
}

interface ToldKey {
  readonly columns: readonly string[];
  readonly table: string;
  readonly references: readonly string[];
  readonly inferred?: true;
}

export interface ToldTable {
  readonly name: string;
  readonly kind: string;
  readonly rows?: number;
  readonly bytes?: number;
  readonly comment?: string;
  readonly columns?: readonly ToldColumn[];
  readonly primary_key?: readonly string[];
  readonly primary_key_inferred?: true;
  readonly foreign_keys?: readonly ToldKey[];
  readonly sample?: readonly (readonly Value[])[];
}

const MAX_COMMENT = 300;

export interface Told {
  readonly tables: readonly ToldTable[];
  /** What is not told, in words. */
  readonly remarks: readonly string[];
  /** The first table of which the caller has not seen all. */
  readonly cutAt: string | undefined;
}

/** As many tables as the budget holds with what was asked for, the others by name as far as that goes. */
export function tellTables(tables: readonly DescribedTable[], detail: Detail, room: OutputBudget): Told {
  const isWhole = detail !== 'names';
  const whole = isWhole ? tables.map((table) => ({ ...named(table), ...inside(table, detail) })) : [];
  if (isWhole && fitsWhole(whole, room)) return { tables: whole, remarks: [], cutAt: undefined };
  const take = (table: ToldTable): boolean => room.take(`${JSON.stringify(table)},`, 'json');
  // Names come first: a table that nobody knows of is a worse loss than columns that can be asked for.
  const names = tables.map((table) => named(table));
  const known = countWhile(names, take);
  const told = names.slice(0, known);
  if (known < names.length) {
    const what = `${counted(known, 'table')} of ${grouped(names.length)} shown, by name only`;
    return { tables: told, remarks: [what], cutAt: undefined };
  }
  if (!isWhole) return { tables: told, remarks: [], cutAt: undefined };
  const shown = countWhile(whole, take);
  const first = whole[0];
  if (shown === 0 && first !== undefined) return withFirstColumns(first, told, room);
  const what = `columns of the first ${grouped(shown)} of ${counted(tables.length, 'table')} shown, the others by name`;
  return {
    tables: [...whole.slice(0, shown), ...told.slice(shown)],
    remarks: [what],
    cutAt: tables[shown]?.name,
  };
}

/** Without taking anything of the room. */
function fitsWhole(tables: readonly ToldTable[], room: OutputBudget): boolean {
  const trial = new OutputBudget(room.left);
  return tables.every((table) => trial.take(`${JSON.stringify(table)},`, 'json'));
}

/** A table that is too wide to be told whole. */
function withFirstColumns(table: ToldTable, names: readonly ToldTable[], room: OutputBudget): Told {
  const { columns = [] } = table;
  const bare: ToldTable = { ...table, columns: [], ...(table.sample === undefined ? {} : { sample: [] }) };
  const isHeld = room.take(JSON.stringify(bare), 'json');
  const shown = isHeld ? countWhile(columns, (one) => room.take(`${JSON.stringify(one)},`, 'json')) : 0;
  const what = `the first ${grouped(shown)} of ${counted(columns.length, 'column')} of ${table.name} shown`;
  const others = names.length > 1 ? ['the other tables by name'] : [];
  return {
    tables: [isHeld ? { ...bare, columns: columns.slice(0, shown) } : bare, ...names.slice(1)],
    remarks: [what, ...others],
    cutAt: names[1]?.name,
  };
}

function countWhile<T>(items: readonly T[], takes: (item: T) => boolean): number {
  const end = items.findIndex((item) => !takes(item));
  return end === -1 ? items.length : end;
}

function named({ name, kind, rows, size, comment }: DescribedTable): ToldTable {
  return {
    ...{ name, kind },
    ...(rows === undefined ? {} : { rows }),
    ...(size === undefined ? {} : { bytes: size }),
    ...told({ comment }),
  };
}

function inside(table: DescribedTable, detail: Detail): Partial<ToldTable> {
  const { columns, primaryKey, isPrimaryKeyInferred, foreignKeys, sample } = table;
  return {
    ...(columns.length === 0 ? {} : { columns: columns.map((one) => toldColumn(one, detail)) }),
    ...(primaryKey.length === 0 ? {} : { primary_key: primaryKey }),
    ...(isPrimaryKeyInferred === true ? { primary_key_inferred: true } : {}),
    ...(foreignKeys.length === 0 ? {} : { foreign_keys: foreignKeys.map(toldKey) }),
    ...(sample === undefined ? {} : { sample: sample.rows }),
  };
}

function toldColumn({ name, type, nullable, comment }: ColumnInfo, detail: Detail): ToldColumn {
  if (detail !== 'full') return { name, type };
  return { name, type, ...(nullable === undefined ? {} : { nullable }), ...told({ comment }) };
}

function toldKey({ columns, table, references, isInferred }: DescribedKey): ToldKey {
  const key = { columns, table, references };
  return isInferred === true ? { ...key, inferred: true } : key;
}

function told({ comment }: { readonly comment: string | undefined }): { comment?: string } {
  if (comment === undefined || comment === '') return {};
  return { comment: comment.length > MAX_COMMENT ? `${comment.slice(0, MAX_COMMENT)}…` : comment };
}
