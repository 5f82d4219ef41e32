import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/core/errors.ts';
import { RecordWriter } from '../../../../src/mcp/tasks/record-writer.ts';
import type { TaskRecord } from '../../../../src/mcp/tasks/task-record.ts';
import type { TaskStore } from '../../../../src/mcp/tasks/task-store.ts';
import { recordTelemetry } from '../../../fixtures/recorded-telemetry.ts';

const FIRST: TaskRecord = {
  id: 'a',
  runner: 'p',
  permit: 'scopes',
  scopes: [],
  createdAt: 0,
  updatedAt: 0,
  state: { status: 'working' },
};

type Attempt = Parameters<TaskStore['replace']>;

/** A writer whose store answers as told, attempt by attempt, when it is let. */
function setUp(...outcomes: (boolean | AppError)[]) {
  const attempts: Attempt[] = [];
  const events: string[] = [];
  const { lines, logger } = recordTelemetry();
  const store: Pick<TaskStore, 'replace'> = {
    replace: async (...attempt) => {
      attempts.push(attempt);
      await Promise.resolve();
      const outcome = outcomes.shift() ?? true;
      if (outcome instanceof AppError) throw outcome;
      return outcome;
    },
  };
  const writer = new RecordWriter(store, FIRST, logger, {
    stateStored: () => events.push('state'),
    lost: () => events.push('lost'),
  });
  return { writer, attempts, events, lines };
}

const later = (changes: Partial<TaskRecord>): TaskRecord => ({ ...FIRST, ...changes });
const unavailable = new AppError('UNAVAILABLE', 'The store is away.');

describe('writing the record of a running task', () => {
  it('replaces what was stored before, one write at a time, and skips what is out of date', async () => {
    const { writer, attempts } = setUp();
    const [one, two, three] = [1, 2, 3].map((updatedAt) => later({ updatedAt }));
    if (one === undefined || two === undefined || three === undefined) throw new Error('Three');
    await Promise.all([writer.write(one), writer.write(two), writer.write(three)]);
    expect(attempts).toEqual([
      [FIRST, one],
      [one, three],
    ]);
    const four = later({ updatedAt: 4 });
    await writer.write(four);
    expect(attempts.at(-1)).toEqual([three, four]);
  });

  it('tries again what the store did not take', async () => {
    const { writer, attempts, lines } = setUp(unavailable);
    const next = later({ updatedAt: 1 });
    await writer.write(next);
    expect(attempts).toEqual([
      [FIRST, next],
      [FIRST, next],
    ]);
    expect(lines).toMatchObject([{ level: 'warn' }]);
  });

  it('tries once when the process is about to end', async () => {
    const { writer, attempts } = setUp(unavailable, unavailable);
    writer.close();
    await writer.write(later({ updatedAt: 1 }));
    expect(attempts).toHaveLength(1);
  });

  it('tells when another state is stored', async () => {
    const { writer, events } = setUp();
    await writer.write(later({ message: '1 of 2' }));
    expect(events).toEqual([]);
    await writer.write(later({ state: { status: 'cancelled' } }));
    expect(events).toEqual(['state']);
  });

  it('stops when somebody else has written', async () => {
    const { writer, attempts, events } = setUp(false);
    await writer.write(later({ updatedAt: 1 }));
    await writer.write(later({ updatedAt: 2 }));
    expect(events).toEqual(['lost']);
    expect(attempts).toHaveLength(1);
  });
});
