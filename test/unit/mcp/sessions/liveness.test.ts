import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AppError } from '../../../../src/core/errors.ts';
import type { Store } from '../../../../src/core/store.ts';
import { Liveness } from '../../../../src/mcp/sessions/liveness.ts';
import { recordTelemetry } from '../../../fixtures/recorded-telemetry.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A store that can be taken away, whose records live by the test's clock; `a` shows itself, `b` looks. */
function setUp() {
  const records = new Map<string, number>();
  const state = { isAway: false };
  const reach = (): void => {
    if (state.isAway) throw new AppError('UNAVAILABLE', 'The store cannot be reached.');
  };
  const store = {
    put: async (key: string, _value: string, lifetime: number) => {
      await Promise.resolve();
      reach();
      records.set(key, Date.now() + lifetime * 1000);
    },
    get: async (key: string) => {
      await Promise.resolve();
      reach();
      return (records.get(key) ?? 0) > Date.now() ? '1' : undefined;
    },
  } as unknown as Store; // the two verbs that are used
  const { logger } = recordTelemetry();
  return { state, a: new Liveness(store, 'a', logger), b: new Liveness(store, 'b', logger) };
}

it('a process that lives is not taken for dead when the store comes back after 5 seconds', async () => {
  const { state, a, b } = setUp();
  await a.hold();
  await vi.advanceTimersByTimeAsync(1499);
  state.isAway = true;
  await vi.advanceTimersByTimeAsync(5000);
  state.isAway = false;
  const isAlive = b.isAlive('a');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await isAlive).toBe(true);
});

it('a process that lives is not taken for dead when the store has lost everything', async () => {
  const { a, b } = setUp();
  const isAlive = b.isAlive('a');
  await vi.advanceTimersByTimeAsync(1000);
  await a.hold();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await isAlive).toBe(true);
});

it('a process that has let go is dead to the others within 8 seconds', async () => {
  const { a, b } = setUp();
  const release = await a.hold();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await b.isAlive('a')).toBe(true);
  release();
  await vi.advanceTimersByTimeAsync(5001);
  const isAlive = b.isAlive('a');
  await vi.advanceTimersByTimeAsync(2500);
  expect(await isAlive).toBe(false);
});
