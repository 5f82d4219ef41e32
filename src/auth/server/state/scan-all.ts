import type { Store } from '../../../core/store.ts';

const PAGE = 500;

/** All keys that start with the prefix. */
export async function* scanAll(store: Store, prefix: string): AsyncGenerator<string, undefined> {
  let after: string | undefined;
  do {
    const page = await store.scan(prefix, PAGE, after);
    yield* page.keys;
    after = page.next;
  } while (after !== undefined);
}

/** How many keys start with the prefix; stops counting at `most` or a little above. */
export async function countUpTo(store: Store, prefix: string, most: number): Promise<number> {
  let count = 0;
  let after: string | undefined;
  do {
    const page = await store.scan(prefix, PAGE, after);
    count += page.keys.length;
    after = page.next;
  } while (after !== undefined && count < most);
  return count;
}
