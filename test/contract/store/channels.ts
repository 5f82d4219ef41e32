import { describe, expect, test } from 'vitest';
import type { StoreSubject } from './subject.ts';

export function describeChannels(subject: StoreSubject): void {
  describe('publish and subscribe', () => {
    test('every subscriber of the channel gets every message, in order', async () => {
      const first: string[] = [];
      const second: string[] = [];
      await subject.store.subscribe('t:c', (message) => first.push(message));
      await subject.store.subscribe('t:c', (message) => second.push(message));
      const sent = Array.from({ length: 50 }, (_, index) => `m${index}`);
      await Promise.all(sent.map((message) => subject.store.publish('t:c', message)));
      await expect.poll(() => first).toEqual(sent);
      await expect.poll(() => second).toEqual(sent);
    });

    test('a message goes to its own channel and to those who listen when it is sent', async () => {
      const heard: string[] = [];
      await subject.store.publish('t:c', 'too early');
      await subject.store.subscribe('t:c', (message) => heard.push(message));
      await subject.store.publish('t:other', 'elsewhere');
      await subject.store.publish('t:c', 'mine');
      await expect.poll(() => heard).toEqual(['mine']);
    });

    test('who comes to a channel that others listen to hears nothing of before', async () => {
      const first: string[] = [];
      const second: string[] = [];
      await subject.store.subscribe('t:c', (message) => first.push(message));
      const early = Array.from({ length: 200 }, (_, index) => `${index} ${'x'.repeat(10_000)}`);
      await Promise.all(early.map((message) => subject.store.publish('t:c', message)));
      await subject.store.subscribe('t:c', (message) => second.push(message));
      await subject.store.publish('t:c', 'mine');
      await expect.poll(() => first).toEqual([...early, 'mine']);
      await expect.poll(() => second).toEqual(['mine']);
    });

    test('nothing comes after unsubscribing, which can be done twice and ends one subscription only', async () => {
      const left: string[] = [];
      const stayed: string[] = [];
      const listener = (message: string) => void left.push(message);
      const unsubscribe = await subject.store.subscribe('t:c', listener);
      await subject.store.subscribe('t:c', (message) => stayed.push(message));
      await unsubscribe();
      await unsubscribe();
      await subject.store.publish('t:c', 'x');
      await expect.poll(() => stayed).toEqual(['x']);
      expect(left).toEqual([]);
    });

    test('a listener that throws is reported and keeps no other from its message', async () => {
      const heard: string[] = [];
      await subject.store.subscribe('t:c', () => {
        throw new Error('listener');
      });
      await subject.store.subscribe('t:c', (message) => heard.push(message));
      await subject.store.publish('t:c', 'x');
      await expect.poll(() => heard).toEqual(['x']);
      expect(subject.lines.map(({ level }) => level)).toEqual(['error']);
    });

    test('a listener may subscribe and publish in turn', async () => {
      const heard: string[] = [];
      await subject.store.subscribe('t:answer', (message) => heard.push(message));
      await subject.store.subscribe(
        't:ask',
        (message) => void subject.store.publish('t:answer', `re: ${message}`),
      );
      await subject.store.publish('t:ask', 'x');
      await expect.poll(() => heard).toEqual(['re: x']);
    });

    test('a message of 1 MB arrives whole', async () => {
      const heard: string[] = [];
      await subject.store.subscribe('t:c', (message) => heard.push(message));
      const message = '🧵'.repeat(256 * 1024);
      await subject.store.publish('t:c', message);
      await expect.poll(() => heard.length).toBe(1);
      expect(heard[0] === message).toBe(true);
    });
  });
}
