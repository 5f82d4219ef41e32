import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { AskedProcess } from '../../../src/core/asked-process.ts';
import type { SupervisedProcess } from '../../../src/core/processes.ts';

const { signal: NEVER } = new AbortController();

type End = Awaited<SupervisedProcess['ended']>;

/** A process that does nothing by itself. */
function fakeProcess() {
  const [stderr, send, kill] = [new EventEmitter(), vi.fn(), vi.fn()];
  // What is used of a child process.
  const child = Object.assign(new EventEmitter(), { send, stderr }) as unknown as ChildProcess;
  const settle: { end?: (how: End) => void; fail?: (error: Error) => void } = {};
  const ended = new Promise<End>((end, fail) => {
    Object.assign(settle, { end, fail });
  });
  return { child, ended, kill, send, stderr, ...settle };
}

describe('a process that is asked', () => {
  it('answers one question after the other', async () => {
    const fake = fakeProcess();
    const asked = new AskedProcess<{ n: number }, { m: number }>(fake);
    for (const n of [1, 2]) {
      const answer = asked.ask({ n }, NEVER);
      fake.child.emit('message', { m: n * 10 });
      expect(await answer).toEqual({ m: n * 10 });
      expect(fake.send).toHaveBeenLastCalledWith({ n }, expect.anything());
    }
    expect(asked.isAlive).toBe(true);
  });

  it('that ends says how, with its last words, then and later', async () => {
    const fake = fakeProcess();
    const asked = new AskedProcess(fake);
    const answer = asked.ask({}, NEVER);
    fake.stderr.emit('data', Buffer.from('heap out of memory'));
    fake.end?.({ exitCode: undefined, signal: 'SIGABRT' });
    const gone = { name: 'ProcessGone', signal: 'SIGABRT', wasKilled: false };
    await expect(answer).rejects.toMatchObject({
      ...gone,
      message: 'The process has ended (SIGABRT): heap out of memory',
    });
    await expect(asked.ask({}, NEVER)).rejects.toMatchObject(gone);
    expect(asked.isAlive).toBe(false);
  });

  it('that cannot be started is told as that', async () => {
    const fake = fakeProcess();
    const asked = new AskedProcess(fake);
    fake.fail?.(new Error('spawn ENOENT'));
    await expect(asked.ask({}, NEVER)).rejects.toThrow('spawn ENOENT');
  });

  it('is killed with its call, which ends when the process has, whatever it says until then', async () => {
    const fake = fakeProcess();
    const asked = new AskedProcess(fake);
    const controller = new AbortController();
    const reason = new Error('enough');
    let isOver = false;
    const answer = asked.ask({}, controller.signal).finally(() => {
      isOver = true;
    });
    controller.abort(reason);
    expect(fake.kill).toHaveBeenCalledOnce();
    fake.child.emit('message', {});
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    fake.end?.({ exitCode: undefined, signal: 'SIGKILL' });
    await expect(answer).rejects.toBe(reason);
  });

  it('does not keep what it has answered', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const fake = fakeProcess();
    const asked = new AskedProcess(fake);
    const kept: WeakRef<object>[] = [];
    for (let round = 0; round < 20; round++) {
      const answer = asked.ask({}, NEVER);
      fake.child.emit('message', { round });
      kept.push(new WeakRef(await answer));
    }
    await new Promise(setImmediate);
    collect();
    expect(kept.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(3);
  });
});
