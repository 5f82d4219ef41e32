import { describe, expect, it } from 'vitest';
import { Slots } from '../../../src/core/slots.ts';

const never = new AbortController().signal;

describe('slots', () => {
  it('let in as many as there are, and the next in the order of arrival', async () => {
    const slots = new Slots(1);
    const order: string[] = [];
    const first = await slots.acquire(never);
    const others = ['second', 'third'].map(async (name) => {
      const release = await slots.acquire(never);
      order.push(name);
      release();
    });
    expect(order).toEqual([]);
    first();
    await Promise.all(others);
    expect(order).toEqual(['second', 'third']);
  });

  it('free one place only, however often it is given back', async () => {
    const slots = new Slots(1, 0);
    const release = await slots.acquire(never);
    release();
    release();
    await slots.acquire(never);
    await expect(slots.acquire(never)).rejects.toMatchObject({ code: 'BUSY', retryAfter: 2 });
  });

  it('forget who stops waiting', async () => {
    const slots = new Slots(1, 1);
    const release = await slots.acquire(never);
    const controller = new AbortController();
    const waiting = slots.acquire(controller.signal);
    controller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    const next = slots.acquire(never);
    release();
    (await next)();
    await expect(slots.acquire(AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
  });
});
