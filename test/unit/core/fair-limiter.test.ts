import { describe, expect, it } from 'vitest';
import { FairLimiter, type Release } from '../../../src/core/fair-limiter.ts';

const never = new AbortController().signal;

/** Whose queues are long enough. */
function limiterOf(global: number, perPrincipal: number): FairLimiter {
  return new FairLimiter({ global, perPrincipal, queuePerPrincipal: 10, queueWaitMs: 60_000 });
}

function take(limiter: FairLimiter, key: string): Release {
  const release = limiter.tryAcquire(key);
  if (release === undefined) throw new Error(`No place for ${key}`);
  return release;
}

describe('the fair limiter', () => {
  it('keeps one key from more than its share', () => {
    const limiter = limiterOf(10, 2);
    take(limiter, 'a');
    take(limiter, 'a');
    expect(limiter.tryAcquire('a')).toBeUndefined();
    expect(limiter.tryAcquire('b')).toBeDefined();
  });

  it('serves waiting keys in turn, so that a long queue does not starve a short one', async () => {
    const limiter = limiterOf(1, 1);
    const first = take(limiter, 'a');
    const served: string[] = [];
    const queue = ['a', 'a', 'a', 'a', 'b'].map(async (key) => {
      const release = await limiter.acquire(key, never);
      served.push(key);
      release();
    });
    first();
    await Promise.all(queue);
    expect(served.indexOf('b')).toBeLessThanOrEqual(1);
    expect(limiter.running).toBe(0);
  });

  it('does not let a newcomer overtake those who wait', async () => {
    const limiter = limiterOf(2, 1);
    const first = take(limiter, 'a');
    const waiting = limiter.acquire('a', never);
    first();
    expect(limiter.tryAcquire('a')).toBeUndefined();
    (await waiting)();
    expect(limiter.tryAcquire('a')).toBeDefined();
  });

  it('answers BUSY when the queue is full, and when the wait was too long', async () => {
    const limiter = new FairLimiter({ global: 1, perPrincipal: 1, queuePerPrincipal: 1, queueWaitMs: 1 });
    take(limiter, 'a');
    const waiting = limiter.acquire('a', never);
    await expect(limiter.acquire('a', never)).rejects.toMatchObject({ code: 'BUSY' });
    await expect(waiting).rejects.toMatchObject({ code: 'BUSY' });
  });

  it('lets a waiting caller leave, and gives the place to the next one', async () => {
    const limiter = limiterOf(1, 1);
    const first = take(limiter, 'a');
    const leaving = new AbortController();
    const left = limiter.acquire('a', leaving.signal);
    const next = limiter.acquire('a', never);
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    first();
    await expect(next).resolves.toBeTypeOf('function');
  });

  it('counts a place that is given back twice once', () => {
    const limiter = new FairLimiter({ global: 2, perPrincipal: 2, queuePerPrincipal: 0, queueWaitMs: 0 });
    const release = take(limiter, 'a');
    take(limiter, 'a');
    release();
    release();
    expect(limiter.running).toBe(1);
  });

  it('remembers nobody who neither runs nor waits', async () => {
    const limiter = new FairLimiter({ global: 1, perPrincipal: 1, queuePerPrincipal: 0, queueWaitMs: 0 });
    const release = take(limiter, 'a');
    for (const key of ['b', 'c', 'd']) {
      expect(limiter.tryAcquire(key)).toBeUndefined();
      await expect(limiter.acquire(key, never)).rejects.toMatchObject({ code: 'BUSY' });
    }
    expect(limiter.keys).toBe(1);
    release();
    expect(limiter.keys).toBe(0);
  });
});

describe('a limit of a caller’s own', () => {
  it('holds where it is the narrower one', () => {
    const limiter = limiterOf(10, 3);
    expect(limiter.tryAcquire('a', 1)).toBeDefined();
    expect(limiter.tryAcquire('a', 1)).toBeUndefined();
    expect(limiter.tryAcquire('a')).toBeDefined();
    expect(limiter.tryAcquire('a', 100)).toBeDefined();
    expect(limiter.tryAcquire('a', 100)).toBeUndefined();
  });

  it('holds for who waits, until enough of its calls have ended', async () => {
    const limiter = limiterOf(10, 3);
    const [one, two] = [take(limiter, 'a'), take(limiter, 'a')];
    const waiting = limiter.acquire('a', never, 1);
    one();
    expect(limiter.running).toBe(1);
    two();
    (await waiting)();
    expect(limiter.running).toBe(0);
  });
});
