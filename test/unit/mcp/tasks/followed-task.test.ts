import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Hub } from '../../../../src/mcp/hub.ts';
import { FollowedTask, STATUS } from '../../../../src/mcp/tasks/followed-task.ts';
import type { DetailedTask, TaskState } from '../../../../src/mcp/tasks/task-record.ts';
import { openStore } from '../../../../src/store/index.ts';
import { recordTelemetry } from '../../../fixtures/recorded-telemetry.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function setUp() {
  const { logger } = recordTelemetry();
  const store = await openStore({ url: 'memory' }, { dataDir: '', logger });
  const hub = new Hub(store, logger);
  const told: string[] = [];
  let looks = 0;
  let now: TaskState = { status: 'working' };
  const shown = { taskId: 'a', createdAt: '', lastUpdatedAt: '', ttlMs: 1, pollIntervalMs: 1 };
  const followed = new FollowedTask('a', {
    hub,
    logger,
    look: () => {
      looks++;
      return Promise.resolve<DetailedTask>({ ...shown, ...now });
    },
    tell: ({ status }) => told.push(status),
  });
  await vi.advanceTimersByTimeAsync(0);
  return {
    hub,
    told,
    followed,
    looks: () => looks,
    become: (state: TaskState) => {
      now = state;
    },
    hint: async () => {
      hub.send({ kind: STATUS, key: 'a' });
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

const ASKING: TaskState = {
  status: 'input_required',
  inputRequests: { one: { method: 'roots/list', params: {} } },
};

describe('a task that somebody follows', () => {
  it('is shown as it is, then whenever its status has changed, and not after its end', async () => {
    const { told, looks, become, hint, hub } = await setUp();
    expect(told).toEqual(['working']);
    await hint();
    become(ASKING);
    await hint();
    become({ status: 'cancelled' });
    await hint();
    expect(told).toEqual(['working', 'input_required', 'cancelled']);
    expect(hub.hasListener(STATUS, 'a')).toBe(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks()).toBe(4);
  });

  it('is looked at when no hint comes', async () => {
    const { told, become } = await setUp();
    become(ASKING);
    await vi.advanceTimersByTimeAsync(5000);
    expect(told).toEqual(['working', 'input_required']);
  });

  it('is left alone when nobody wants to know any more', async () => {
    const { told, become, hint, followed } = await setUp();
    followed.stop();
    become(ASKING);
    await hint();
    await vi.advanceTimersByTimeAsync(5000);
    expect(told).toEqual(['working']);
  });
});
