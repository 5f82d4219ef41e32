import type { Request } from 'express';
import type { Store } from '../../../core/store.ts';
import { scanAll } from '../state/scan-all.ts';

/** Rows on one page, or a few more. */
const ROWS = 50;
/** Records that are read at the same time. */
export const READ_AT_ONCE = 50;
/** Records that are looked at for one page, before it is shown with what was found. */
const MAX_READ = 5000;

/** Which part of a list is asked for. */
export interface ListQuery {
  readonly search: string;
  /** How many records lie before this page. */
  readonly from: number;
}

export interface Collected<T> {
  readonly rows: readonly T[];
  /** How many records lie before the next page; undefined on the last. */
  readonly next: number | undefined;
}

export function listQuery({ query }: Request): ListQuery {
  const { q, from } = query;
  const position = typeof from === 'string' && /^\d{1,9}$/.test(from) ? Number(from) : 0;
  return { search: typeof q === 'string' ? q.slice(0, 200) : '', from: position };
}

/** One page of what the keys with a prefix lead to: `read` answers none for what is not searched for. */
export async function collect<T>(
  store: Store,
  { prefix, from }: { readonly prefix: string; readonly from: number },
  read: (rest: string) => Promise<readonly T[]>,
): Promise<Collected<T>> {
  const keys: string[] = [];
  for await (const key of scanAll(store, prefix)) keys.push(key.slice(prefix.length));
  keys.sort();
  const rows: T[] = [];
  let position = from;
  while (position < keys.length && rows.length < ROWS && position < from + MAX_READ) {
    const part = keys.slice(position, position + READ_AT_ONCE);
    rows.push(...(await Promise.all(part.map(read))).flat());
    position += READ_AT_ONCE;
  }
  return { rows, next: position < keys.length ? position : undefined };
}

/** One page of a list that is at hand. */
export function pageOf<T>(all: readonly T[], { from }: ListQuery): Collected<T> {
  const next = from + ROWS;
  return { rows: all.slice(from, next), next: next < all.length ? next : undefined };
}

/** Whether one of the texts contains what is searched for. */
export function matches(search: string, texts: readonly (string | undefined)[]): boolean {
  const wanted = search.trim().toLowerCase();
  return wanted === '' || texts.some((text) => text?.toLowerCase().includes(wanted) === true);
}

/** The address of the next page of a list. */
export function moreAt(path: string, search: string, next: number | undefined): string | undefined {
  if (next === undefined) return undefined;
  return `${path}?${new URLSearchParams({ q: search, from: String(next) }).toString()}`;
}
