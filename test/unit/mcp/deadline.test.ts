import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Deadline } from '../../../src/mcp/deadline.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('ends when its time is over', () => {
  const onEnd = vi.fn();
  new Deadline(1000, onEnd);
  vi.advanceTimersByTime(999);
  expect(onEnd).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onEnd).toHaveBeenCalledOnce();
});

it('does not run while it is paused, and goes on with what was left', () => {
  const onEnd = vi.fn();
  const deadline = new Deadline(1000, onEnd);
  vi.advanceTimersByTime(600);
  deadline.pause();
  deadline.pause();
  vi.advanceTimersByTime(60_000);
  deadline.resume();
  vi.advanceTimersByTime(60_000);
  deadline.resume();
  vi.advanceTimersByTime(399);
  expect(onEnd).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onEnd).toHaveBeenCalledOnce();
});

it('never ends once it was cancelled, whatever is resumed later', () => {
  const onEnd = vi.fn();
  const deadline = new Deadline(1000, onEnd);
  deadline.pause();
  deadline.cancel();
  deadline.resume();
  vi.advanceTimersByTime(10_000);
  expect(onEnd).not.toHaveBeenCalled();
});
