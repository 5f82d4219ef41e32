import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RedisAnswers } from '../../../src/store/redis-answers.ts';

let silences: number;
let answers: RedisAnswers;

beforeEach(() => {
  vi.useFakeTimers();
  silences = 0;
  answers = new RedisAnswers(2000, () => silences++);
});

afterEach(() => {
  vi.useRealTimers();
});

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

test('what is answered in time is no silence', async () => {
  expect(await answers.expect(Promise.resolve('x'))).toBe('x');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(silences).toBe(0);
});

test('an answer that does not come is noticed after the limit', async () => {
  void answers.expect(new Promise(() => undefined));
  await vi.advanceTimersByTimeAsync(1990);
  expect(silences).toBe(0);
  await vi.advanceTimersByTimeAsync(20);
  expect(silences).toBe(1);
});

test('a long queue is no silence as long as answers come', async () => {
  void answers.expect(new Promise(() => undefined));
  for (let second = 0; second < 10; second++) {
    const answer = answers.expect(after(1000));
    await vi.advanceTimersByTimeAsync(1000);
    await answer;
  }
  expect(silences).toBe(0);
  await vi.advanceTimersByTimeAsync(2010);
  expect(silences).toBe(1);
});

test('idle time does not count', async () => {
  await answers.expect(Promise.resolve());
  await vi.advanceTimersByTimeAsync(60_000);
  void answers.expect(new Promise(() => undefined));
  await vi.advanceTimersByTimeAsync(1000);
  expect(silences).toBe(0);
});

test('settled waits for what is owed, failed or not', async () => {
  const failing = answers
    .expect(
      after(1000).then(() => {
        throw new Error('lost');
      }),
    )
    .catch(() => 'failed');
  let isSettled = false;
  const settled = answers.settled().then(() => {
    isSettled = true;
  });
  await vi.advanceTimersByTimeAsync(999);
  expect(isSettled).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await settled;
  expect(await failing).toBe('failed');
});
