import { describe, expect, test } from 'vitest';
import type { StoreSubject } from './subject.ts';

export function describeEdges(subject: StoreSubject): void {
  describe('what is refused', () => {
    const long = 'k'.repeat(513);
    const wide = 'é'.repeat(257);
    const bounds = { lifetime: 60, maxLength: 10 };

    test.each([
      ['empty', ''],
      ['of 513 bytes', long],
      ['of 257 characters that take two bytes', wide],
      ['with half a character', 't:\ud83e'],
    ])('a key %s, by every verb', async (_, key) => {
      const verbs: (() => Promise<unknown>)[] = [
        () => subject.store.get(key),
        () => subject.store.put(key, 'x', 60),
        () => subject.store.swap(key, undefined, 'x', 60),
        () => subject.store.swap(key, 'x', undefined, 60),
        () => subject.store.take(key),
        () => subject.store.increment(key, 1, 60),
        () => subject.store.append(key, 'x', bounds),
        () => subject.store.readAfter(key, undefined, 10),
        () => subject.store.publish(key, 'x'),
        () => subject.store.subscribe(key, () => undefined),
      ];
      for (const verb of verbs) await expect(verb()).rejects.toThrow(RangeError);
    });

    test('a key of 512 bytes is taken', async () => {
      await subject.store.put('é'.repeat(256), 'x', 60);
      expect(await subject.store.get('é'.repeat(256))).toBe('x');
    });

    test.each([Number.NaN, Number.POSITIVE_INFINITY])('a lifetime of %s', async (lifetime) => {
      await expect(subject.store.put('t:a', 'x', lifetime)).rejects.toThrow(RangeError);
      await expect(subject.store.increment('t:a', 1, lifetime)).rejects.toThrow(RangeError);
      await expect(subject.store.append('t:a', 'x', { lifetime, maxLength: 1 })).rejects.toThrow(RangeError);
    });

    test('a value with half a character, and a count that is none', async () => {
      await expect(subject.store.put('t:a', '\ud83e', 60)).rejects.toThrow(RangeError);
      await expect(subject.store.publish('t:a', '\ud83e')).rejects.toThrow(RangeError);
      await expect(subject.store.scan('t:', 0)).rejects.toThrow(RangeError);
      await expect(subject.store.readAfter('t:a', undefined, -1)).rejects.toThrow(RangeError);
      await expect(subject.store.append('t:a', 'x', { lifetime: 1, maxLength: 0 })).rejects.toThrow(
        RangeError,
      );
    });

    test('a verb that refuses leaves the next ones as they were', async () => {
      await Promise.allSettled([subject.store.put('', 'x', 60), subject.store.put('t:a', 'x', 60)]);
      expect(await subject.store.get('t:a')).toBe('x');
    });
  });

  describe('ping and close', () => {
    test('an open store can be pinged', async () => {
      await expect(subject.store.ping()).resolves.toBeUndefined();
    });

    test('closing twice is no error, and every verb of a closed store answers UNAVAILABLE', async () => {
      await subject.store.close();
      await subject.store.close();
      const verbs: (() => Promise<unknown>)[] = [
        () => subject.store.get('t:a'),
        () => subject.store.put('t:a', 'x', 60),
        () => subject.store.swap('t:a', undefined, 'x', 60),
        () => subject.store.take('t:a'),
        () => subject.store.increment('t:a', 1, 60),
        () => subject.store.append('t:a', 'x', { lifetime: 60, maxLength: 10 }),
        () => subject.store.readAfter('t:a', undefined, 10),
        () => subject.store.publish('t:a', 'x'),
        () => subject.store.subscribe('t:a', () => undefined),
        () => subject.store.scan('t:', 10),
        () => subject.store.ping(),
      ];
      for (const verb of verbs) await expect(verb()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    });

    test('a subscription can be ended after closing', async () => {
      const unsubscribe = await subject.store.subscribe('t:c', () => undefined);
      await subject.store.close();
      await expect(unsubscribe()).resolves.toBeUndefined();
    });
  });
}
