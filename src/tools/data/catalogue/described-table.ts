import type { ForeignKey, Page, TableInfo } from '../source.ts';

export interface DescribedKey extends ForeignKey {
  /** Nobody declared it: the values say so. */
  readonly isInferred?: boolean;
}

/** A table with what was found out about it beyond what its source declares. */
export interface DescribedTable extends TableInfo {
  readonly foreignKeys: readonly DescribedKey[];
  readonly isPrimaryKeyInferred?: boolean;
  readonly sample?: Page;
}

/** The plain name behind the way a statement names a table: of `'/data/Order items.csv'` that is `Order items`. */
export function plainName(name: string): string {
  const literals = [...name.matchAll(/'((?:[^']|'')*)'/g)].map((match) =>
    (match[1] ?? '').replaceAll("''", "'"),
  );
  const [path = name, sheet] = literals;
  // A file that holds several tables is named with one of them.
  if (sheet !== undefined) return sheet;
  if (literals.length > 0)
    return path.replace(/^.*\/(?=[^/])/, '').replace(/(?<=.)(\.[a-z0-9]{1,8}){1,2}$/i, '');
  const parts = [...name.matchAll(/(["`])((?:(?!\1).|\1\1)*)\1|[^."`]+/g)];
  const last = parts.at(-1);
  const quote = last?.[1];
  return quote === undefined ? (last?.[0] ?? name) : (last?.[2] ?? '').replaceAll(quote + quote, quote);
}
