import { describe, expect, test } from 'vitest';
import { inParallel, type StoreSubject } from './subject.ts';

export function describeStreams(subject: StoreSubject): void {
  describe('streams', () => {
    const bounds = { lifetime: 60, maxLength: 100 };

    test('an unknown stream has no events', async () => {
      expect(await subject.store.readAfter('t:s', undefined, 10)).toEqual([]);
      expect(await subject.store.readAfter('t:s', '42', 10)).toEqual([]);
    });

    test('events come oldest first, after any of them, as many as asked for', async () => {
      const ids: string[] = [];
      for (let index = 0; index < 12; index++)
        ids.push(await subject.store.append('t:s', `e${index}`, bounds));
      const all = await subject.store.readAfter('t:s', undefined, 100);
      expect(all).toEqual(ids.map((id, index) => ({ id, value: `e${index}` })));
      expect(await subject.store.readAfter('t:s', ids[3], 2)).toEqual(all.slice(4, 6));
      expect(await subject.store.readAfter('t:s', ids.at(-1), 10)).toEqual([]);
    });

    test('ids are visible ASCII of at most 64 characters', async () => {
      expect(await subject.store.append('t:s', 'x', bounds)).toMatch(/^[\x21-\x7e]{1,64}$/);
    });

    test('streams do not see each other', async () => {
      await subject.store.append('t:s', 'mine', bounds);
      const theirs = await subject.store.append('t:other', 'theirs', bounds);
      await subject.store.append('t:s', 'mine too', bounds);
      expect((await subject.store.readAfter('t:s', undefined, 10)).map(({ value }) => value)).toEqual([
        'mine',
        'mine too',
      ]);
      expect(await subject.store.readAfter('t:other', theirs, 10)).toEqual([]);
    });

    test('the oldest events beyond the length are dropped', async () => {
      const first = await subject.store.append('t:s', 'e0', { lifetime: 60, maxLength: 3 });
      for (const value of ['e1', 'e2', 'e3', 'e4']) {
        await subject.store.append('t:s', value, { lifetime: 60, maxLength: 3 });
      }
      const kept = await subject.store.readAfter('t:s', undefined, 10);
      expect(kept.map(({ value }) => value)).toEqual(['e2', 'e3', 'e4']);
      expect(await subject.store.readAfter('t:s', first, 10)).toEqual(kept);
    });

    test('each event renews the life of the whole stream, and it ends as a whole', async () => {
      await subject.store.append('t:s', 'e0', bounds);
      await subject.pass(59);
      await subject.store.append('t:s', 'e1', bounds);
      await subject.pass(59);
      expect(await subject.store.readAfter('t:s', undefined, 10)).toHaveLength(2);
      await subject.pass(1);
      expect(await subject.store.readAfter('t:s', undefined, 10)).toEqual([]);
    });

    test('a stream that ended starts empty, and an id of before does not hide what is new', async () => {
      const old = await subject.store.append('t:s', 'old', bounds);
      await subject.pass(60);
      const id = await subject.store.append('t:s', 'new', bounds);
      expect(await subject.store.readAfter('t:s', undefined, 10)).toEqual([{ id, value: 'new' }]);
      expect(await subject.store.readAfter('t:s', old, 10)).toEqual([{ id, value: 'new' }]);
    });

    test('of 20 that append at once, each event is kept once and under an id of its own', async () => {
      const ids = await inParallel(20, (index) => subject.store.append('t:s', `e${index}`, bounds));
      const kept = await subject.store.readAfter('t:s', undefined, 100);
      expect(kept.map(({ id }) => id).sort()).toEqual([...ids].sort());
      expect(new Set(kept.map(({ value }) => value)).size).toBe(20);
    });

    test.each(['', '0', '-1', '1.5', 'abc', '99999999999999999999', '1 OR 1=1'])(
      'the id "%s", which no event has, is refused',
      async (id) => {
        await expect(subject.store.readAfter('t:s', id, 10)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
      },
    );

    test('a stream and a record of the same name do not meet', async () => {
      await subject.store.put('t:s', 'record', 60);
      await subject.store.append('t:s', 'event', bounds);
      expect(await subject.store.get('t:s')).toBe('record');
      expect(await subject.store.take('t:s')).toBe('record');
      expect(await subject.store.readAfter('t:s', undefined, 10)).toHaveLength(1);
      expect((await subject.store.scan('t:', 10)).keys).toEqual([]);
    });
  });
}
