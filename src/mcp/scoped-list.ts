import { ByHolder, type Holder } from '../core/by-holder.ts';
import { type Guarded, mayUse } from './admission.ts';
import { foreignCursor, readCursor, writeCursor } from './cursor.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

interface Entry<T> {
  /** Names the entry among all, whatever else is in the list. */
  readonly key: string;
  /** A principal that may not use it does not see it. */
  readonly target: Guarded;
  readonly item: T;
}

type Narrow<T> = (visible: readonly Entry<T>[]) => readonly Entry<T>[];

/**
 * A fixed list in pages. What a principal sees of it depends on its permit and its scopes alone, so each pair
 * of them has its list made once. A cursor names the last entry that was shown rather than a number, so that it goes on
 * at the right place where another process, after an update, has entries more or fewer.
 */
export class ScopedList<T> {
  readonly #method: string;
  readonly #entries: readonly Entry<T>[];
  readonly #pageSize: number;
  readonly #narrow: Narrow<T>;
  readonly #visible = new ByHolder<readonly Entry<T>[]>();

  /**
   * @param narrow What of the entries that a principal may use is shown to it. Default: all.
   * @throws TypeError when two entries share a key
   */
  constructor(method: string, entries: readonly Entry<T>[], pageSize: number, narrow?: Narrow<T>) {
    const keys = new Set(entries.map(({ key }) => key));
    if (keys.size !== entries.length) throw new TypeError(`${method}: two entries have the same name`);
    this.#method = method;
    this.#entries = entries;
    this.#pageSize = pageSize;
    this.#narrow = narrow ?? ((visible) => visible);
  }

  /** @throws AppError `INVALID_ARGUMENT` for a cursor that no page has given. */
  page(holder: Holder, cursor: string | undefined): Page<T> {
    const visible = this.#visibleTo(holder);
    const start = cursor === undefined ? 0 : this.#after(visible, cursor);
    const shown = visible.slice(start, start + this.#pageSize);
    const items = shown.map(({ item }) => item);
    const last = shown.at(-1);
    return last === undefined || last === visible.at(-1)
      ? { items }
      : { items, nextCursor: writeCursor(this.#method, last.key) };
  }

  #after(visible: readonly Entry<T>[], cursor: string): number {
    const [key, ...rest] = readCursor(this.#method, cursor);
    const index = visible.findIndex((entry) => entry.key === key);
    if (index < 0 || rest.length > 0) throw foreignCursor();
    return index + 1;
  }

  #visibleTo(holder: Holder): readonly Entry<T>[] {
    return this.#visible.get(holder, () =>
      this.#narrow(this.#entries.filter(({ target }) => mayUse(holder, target))),
    );
  }
}
