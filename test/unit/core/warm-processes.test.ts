import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WarmProcesses } from '../../../src/core/warm-processes.ts';

class FakeProcess {
  isAlive = true;
  kill(): void {
    this.isAlive = false;
  }
}

const taker = (subject: string) => ({ subject, signal: new AbortController().signal });

let started: FakeProcess[];
let processes: WarmProcesses<FakeProcess>;

beforeEach(() => {
  vi.useFakeTimers();
  started = [];
  processes = new WarmProcesses(3, () => {
    const process = new FakeProcess();
    started.push(process);
    return process;
  });
});

afterEach(() => {
  vi.useRealTimers();
});

const idle = () => Promise.resolve();

describe('warm processes', () => {
  it('start when the first is needed, and serve one after the other', async () => {
    expect(started).toHaveLength(0);
    for (const subject of ['alice', 'bob']) await processes.with(taker(subject), idle);
    expect(started).toHaveLength(1);
  });

  it('are one for each that works at the same time', async () => {
    const held = await Promise.all(['alice', 'alice', 'bob'].map((who) => processes.acquire(taker(who))));
    expect(new Set(held.map(({ process }) => process)).size).toBe(3);
  });

  it('are never all for one person, and go to those who wait in turn', async () => {
    const [first] = await Promise.all(['alice', 'alice'].map((who) => processes.acquire(taker(who))));
    const order: string[] = [];
    const waiting = ['alice', 'alice', 'bob'].map(async (who) => {
      const { release } = await processes.acquire(taker(who));
      order.push(who);
      release();
    });
    await waiting[2];
    expect(order).toEqual(['bob']);
    first?.release();
    await Promise.all(waiting);
    expect(order).toEqual(['bob', 'alice', 'alice']);
  });

  it('end a minute after they were last needed, those first that are needed least', async () => {
    const [one, two] = await Promise.all(['alice', 'bob'].map((who) => processes.acquire(taker(who))));
    one?.release();
    two?.release();
    vi.advanceTimersByTime(40_000);
    await processes.with(taker('alice'), idle);
    vi.advanceTimersByTime(30_000);
    expect(started.map(({ isAlive }) => isAlive)).toEqual([false, true]);
    vi.advanceTimersByTime(30_000);
    expect(started.map(({ isAlive }) => isAlive)).toEqual([false, false]);
  });

  it('that have ended are replaced', async () => {
    await processes.with(taker('alice'), (process) => {
      process.kill();
      return Promise.resolve();
    });
    await processes.with(taker('alice'), idle);
    started[1]?.kill();
    await processes.with(taker('alice'), idle);
    expect(started.map(({ isAlive }) => isAlive)).toEqual([false, false, true]);
  });

  it('end with the service, those at work too, and none starts any more', async () => {
    await processes.with(taker('alice'), idle);
    await processes.acquire(taker('bob'));
    await processes.acquire(taker('carol'));
    processes.close();
    expect(started.map(({ isAlive }) => isAlive)).toEqual([false, false]);
    await expect(processes.acquire(taker('alice'))).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
