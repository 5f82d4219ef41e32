import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Sweeper } from '../../../src/store/sweeper.ts';
import { recordTelemetry } from '../../fixtures/recorded-telemetry.ts';

const HOUR_MS = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

test('sweeps batch after batch while more is left, once per round', async () => {
  const more = [true, true, true, false];
  const sweep = vi.fn(() => Promise.resolve(more.shift() ?? false));
  const sweeper = new Sweeper(sweep, HOUR_MS, recordTelemetry().logger);
  expect(sweep).not.toHaveBeenCalled();
  vi.advanceTimersByTime(HOUR_MS);
  await vi.waitFor(() => {
    expect(sweep).toHaveBeenCalledTimes(4);
  });
  vi.advanceTimersByTime(HOUR_MS);
  await vi.waitFor(() => {
    expect(sweep).toHaveBeenCalledTimes(5);
  });
  sweeper.close();
});

test('a round that fails is reported and the next one comes', async () => {
  const telemetry = recordTelemetry();
  const sweep = vi.fn(() => Promise.reject(new Error('disk')));
  const sweeper = new Sweeper(sweep, HOUR_MS, telemetry.logger);
  for (const rounds of [1, 2]) {
    vi.advanceTimersByTime(HOUR_MS);
    await vi.waitFor(() => {
      expect(telemetry.lines.map(({ level }) => level)).toEqual(Array(rounds).fill('warn'));
    });
  }
  sweeper.close();
});

test('closing ends it in the middle of a round', async () => {
  const sweep = vi.fn(() => {
    sweeper.close();
    return Promise.resolve(true);
  });
  const sweeper: Sweeper = new Sweeper(sweep, HOUR_MS, recordTelemetry().logger);
  vi.advanceTimersByTime(HOUR_MS);
  await new Promise(setImmediate);
  vi.advanceTimersByTime(HOUR_MS);
  await new Promise(setImmediate);
  expect(sweep).toHaveBeenCalledTimes(1);
});
