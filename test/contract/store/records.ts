import { describe, expect, test } from 'vitest';
import { inParallel, type StoreSubject } from './subject.ts';

export function describeRecords(subject: StoreSubject): void {
  describe('get and put', () => {
    test('an unknown key has no value', async () => {
      expect(await subject.store.get('t:unknown')).toBeUndefined();
    });

    test('put creates, and replaces value and lifetime together', async () => {
      await subject.store.put('t:a', 'one', 10);
      await subject.store.put('t:a', 'two', 100);
      await subject.pass(50);
      expect(await subject.store.get('t:a')).toBe('two');
    });

    test('a permanent record outlives any lifetime, until it gets one', async () => {
      await subject.store.put('t:a', 'kept', 'permanent');
      await subject.pass(1e9);
      expect(await subject.store.get('t:a')).toBe('kept');
      await subject.store.put('t:a', 'short', 1);
      await subject.pass(1);
      expect(await subject.store.get('t:a')).toBeUndefined();
    });

    test.each([
      ['empty', ''],
      ['with quotes and markup', `'"; DROP TABLE records; -- <b>`],
      ['with NUL and line ends', 'a\u0000b\r\nc'],
      ['of many scripts', 'naïve 日本語 🧵 \u{10ffff} \ue000'],
      ['of 1 MB', 'é'.repeat(512 * 1024)],
    ])('a value %s comes back as it was put', async (_, value) => {
      await subject.store.put('t:a', value, 60);
      expect(await subject.store.get('t:a')).toBe(value);
    });

    test('keys that differ only in case, width or normal form are different records', async () => {
      const keys = ['t:a', 't:A', 't:é', 't:e\u0301', 't:ａ', 't:a\u0000', 't:a '];
      for (const key of keys) await subject.store.put(key, `of ${key}`, 60);
      for (const key of keys) expect(await subject.store.get(key)).toBe(`of ${key}`);
    });
  });

  describe('lifetimes', () => {
    test('a record ends exactly with its lifetime', async () => {
      await subject.store.put('t:a', 'x', 10);
      await subject.pass(9.999);
      expect(await subject.store.get('t:a')).toBe('x');
      await subject.pass(0.001);
      expect(await subject.store.get('t:a')).toBeUndefined();
    });

    test('an expired record is found by no verb', async () => {
      await subject.store.put('t:a', '7', 10);
      await subject.pass(10);
      expect(await subject.store.take('t:a')).toBeUndefined();
      expect((await subject.store.scan('t:', 10)).keys).toEqual([]);
      await subject.store.put('t:b', '7', 10);
      await subject.pass(10);
      expect(await subject.store.swap('t:b', '7', 'next', 10)).toBe(false);
      expect(await subject.store.swap('t:b', '7', undefined, 10)).toBe(false);
      expect((await subject.store.increment('t:b', 1, 10)).value).toBe(1);
    });

    test('a lifetime that is over at once leaves nothing', async () => {
      await subject.store.put('t:a', 'before', 60);
      await subject.store.put('t:a', 'x', 0);
      expect(await subject.store.get('t:a')).toBeUndefined();
    });
  });

  describe('swap', () => {
    test('creates only where nothing is', async () => {
      expect(await subject.store.swap('t:a', undefined, 'one', 10)).toBe(true);
      expect(await subject.store.swap('t:a', undefined, 'two', 10)).toBe(false);
      expect(await subject.store.get('t:a')).toBe('one');
    });

    test('creates over an expired record', async () => {
      await subject.store.put('t:a', 'old', 10);
      await subject.pass(10);
      expect(await subject.store.swap('t:a', undefined, 'new', 10)).toBe(true);
      expect(await subject.store.get('t:a')).toBe('new');
    });

    test('replaces only what it expects, with a new lifetime', async () => {
      await subject.store.put('t:a', 'one', 10);
      expect(await subject.store.swap('t:a', 'other', 'two', 100)).toBe(false);
      expect(await subject.store.swap('t:a', 'one', 'two', 100)).toBe(true);
      await subject.pass(50);
      expect(await subject.store.get('t:a')).toBe('two');
    });

    test('removes only what it expects', async () => {
      await subject.store.put('t:a', 'one', 10);
      expect(await subject.store.swap('t:a', 'other', undefined, 10)).toBe(false);
      expect(await subject.store.get('t:a')).toBe('one');
      expect(await subject.store.swap('t:a', 'one', undefined, 10)).toBe(true);
      expect(await subject.store.get('t:a')).toBeUndefined();
    });

    test('tells whether a key is free when it neither expects nor sets anything', async () => {
      expect(await subject.store.swap('t:a', undefined, undefined, 10)).toBe(true);
      await subject.store.put('t:a', 'one', 10);
      expect(await subject.store.swap('t:a', undefined, undefined, 10)).toBe(false);
    });

    test('of 20 that create at once, one does', async () => {
      const made = await inParallel(20, (index) => subject.store.swap('t:a', undefined, String(index), 10));
      expect(made.filter(Boolean)).toHaveLength(1);
      expect(await subject.store.get('t:a')).toBe(String(made.indexOf(true)));
    });

    test('20 that retry until they get through lose no change', async () => {
      await subject.store.put('t:a', '0', 'permanent');
      await inParallel(20, async () => {
        for (;;) {
          const seen = await subject.store.get('t:a');
          if (await subject.store.swap('t:a', seen, String(Number(seen) + 1), 'permanent')) return;
        }
      });
      expect(await subject.store.get('t:a')).toBe('20');
    });
  });

  describe('take', () => {
    test('answers the value and removes it', async () => {
      await subject.store.put('t:a', 'x', 10);
      expect(await subject.store.take('t:a')).toBe('x');
      expect(await subject.store.take('t:a')).toBeUndefined();
      expect(await subject.store.get('t:a')).toBeUndefined();
    });

    test('of 20 at once, one gets the value', async () => {
      await subject.store.put('t:a', 'x', 10);
      const taken = await inParallel(20, () => subject.store.take('t:a'));
      expect(taken.filter((value) => value === 'x')).toHaveLength(1);
      expect(taken.filter((value) => value === undefined)).toHaveLength(19);
    });
  });

  describe('increment', () => {
    test('counts from nothing, up and down, and tells when the counter ends', async () => {
      const expiresAt = subject.clock.now() + 60_000;
      expect(await subject.store.increment('t:n', 5, 60)).toEqual({ value: 5, expiresAt });
      await subject.pass(10);
      expect(await subject.store.increment('t:n', -7, 60)).toEqual({ value: -2, expiresAt });
      expect(await subject.store.get('t:n')).toBe('-2');
    });

    test('a counter ends with the lifetime of its first increment and then starts anew', async () => {
      await subject.store.increment('t:n', 3, 60);
      await subject.pass(59);
      await subject.store.increment('t:n', 3, 60);
      await subject.pass(1);
      expect(await subject.store.increment('t:n', 3, 60)).toEqual({
        value: 3,
        expiresAt: subject.clock.now() + 60_000,
      });
    });

    test('20 at once lose none, and each sees a number of its own', async () => {
      const counts = await inParallel(20, () => subject.store.increment('t:n', 1, 60));
      expect(new Set(counts.map(({ value }) => value)).size).toBe(20);
      expect(await subject.store.get('t:n')).toBe('20');
    });

    test('refuses a record that is no counter and leaves it as it is', async () => {
      await subject.store.put('t:a', '12 apples', 60);
      await expect(subject.store.increment('t:a', 1, 60)).rejects.toThrow(RangeError);
      expect(await subject.store.get('t:a')).toBe('12 apples');
      await subject.store.put('t:b', '12', 'permanent');
      await expect(subject.store.increment('t:b', 1, 60)).rejects.toThrow(RangeError);
      await expect(subject.store.increment('t:c', 0.5, 60)).rejects.toThrow(RangeError);
    });
  });
}
