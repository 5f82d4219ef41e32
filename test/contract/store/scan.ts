import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/core/store.ts';
import type { StoreSubject } from './subject.ts';

async function allKeys(store: Store, prefix: string, limit: number): Promise<string[]> {
  const found: string[] = [];
  let after: string | undefined;
  do {
    const page = await store.scan(prefix, limit, after);
    expect(page.keys.length).toBeLessThanOrEqual(limit);
    found.push(...page.keys);
    after = page.next;
  } while (after !== undefined);
  return found;
}

export function describeScan(subject: StoreSubject): void {
  describe('scan', () => {
    const keys = [
      't:p:1',
      't:p:10',
      't:p:2',
      't:p_x:1',
      't:p%x:1',
      't:P:1',
      't:pé:1',
      't:p🧵:1',
      't:p\u{10ffff}:1',
      't:p\ue000:1',
      't:p*[a-z]?:1',
      't:q',
      'u:p:1',
    ];

    test.each([
      '',
      't:',
      't:p',
      't:p:',
      't:p_',
      't:p%',
      't:p*',
      't:pé',
      't:p🧵',
      't:p\u{10ffff}',
      't:p\ue000',
      't:q',
      't:qq',
      'v',
      '\u{10ffff}',
    ])(
      'finds under "%s" exactly the keys that start with it, each once, over any page size',
      async (prefix) => {
        for (const key of keys) await subject.store.put(key, 'x', 60);
        const expected = keys.filter((key) => key.startsWith(prefix)).sort();
        for (const limit of [1, 3, 100])
          expect((await allKeys(subject.store, prefix, limit)).sort()).toEqual(expected);
      },
    );

    test('a page that ends with the last key says so', async () => {
      for (const key of ['t:1', 't:2', 't:3', 't:4']) await subject.store.put(key, 'x', 60);
      expect((await subject.store.scan('t:', 4)).next).toBeUndefined();
      const { next } = await subject.store.scan('t:', 2);
      expect((await subject.store.scan('t:', 2, next)).next).toBeUndefined();
    });

    test('keys that stay are found once although others come and go between the pages', async () => {
      for (let index = 0; index < 20; index++) await subject.store.put(`t:stay:${index}`, 'x', 60);
      const found: string[] = [];
      let after: string | undefined;
      for (let page = 0; page === 0 || after !== undefined; page++) {
        const { keys: some, next } = await subject.store.scan('t:', 3, after);
        found.push(...some.filter((key) => key.startsWith('t:stay:')));
        await subject.store.put(`t:come:${page}`, 'x', 60);
        if (page > 0) await subject.store.take(`t:come:${page - 1}`);
        after = next;
      }
      expect(found.sort()).toEqual(Array.from({ length: 20 }, (_, index) => `t:stay:${index}`).sort());
    });
  });
}
