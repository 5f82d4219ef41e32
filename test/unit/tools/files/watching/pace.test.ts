import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pace } from '../../../../../src/tools/files/watching/pace.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function setUp(work: () => Promise<void> = () => Promise.resolve()) {
  const done: number[] = [];
  const start = performance.now();
  const pace = new Pace(
    () => {
      done.push(performance.now() - start);
      return work();
    },
    { quietMs: 100, intervalMs: 1000 },
  );
  return { pace, done };
}

describe('the pace of looking', () => {
  it('is once for a burst, when it is over', async () => {
    const { pace, done } = setUp();
    for (let burst = 0; burst < 5; burst++) {
      pace.ask();
      await vi.advanceTimersByTimeAsync(50);
    }
    await vi.advanceTimersByTimeAsync(5000);
    expect(done).toEqual([300]);
  });

  it('is kept up while asking never ends, and looks once more after its end', async () => {
    const { pace, done } = setUp();
    for (let elapsed = 0; elapsed < 3500; elapsed += 50) {
      pace.ask();
      await vi.advanceTimersByTimeAsync(50);
    }
    await vi.advanceTimersByTimeAsync(5000);
    expect(done).toEqual([1000, 2000, 3000, 4000]);
  });

  it('does not start a second look beside the first, and looks again for what came meanwhile', async () => {
    const waiting: (() => void)[] = [];
    const { pace, done } = setUp(() => new Promise((resolve) => waiting.push(resolve)));
    pace.ask();
    await vi.advanceTimersByTimeAsync(100);
    pace.ask();
    await vi.advanceTimersByTimeAsync(3000);
    expect(done).toEqual([100]);
    waiting.pop()?.();
    await vi.advanceTimersByTimeAsync(1000);
    expect(done).toEqual([100, 4100]);
  });

  it('waits when closed for the look that is under way, and looks no more', async () => {
    const waiting: (() => void)[] = [];
    const { pace, done } = setUp(() => new Promise((resolve) => waiting.push(resolve)));
    pace.ask();
    await vi.advanceTimersByTimeAsync(100);
    pace.ask();
    const closing = pace.close();
    waiting.pop()?.();
    await closing;
    pace.ask();
    await vi.advanceTimersByTimeAsync(5000);
    expect(done).toHaveLength(1);
  });
});
