import { expect, it } from 'vitest';
import { Threads } from '../../../../src/tools/files/thread.ts';

/** Answers its question once it is let go. */
const PROGRAM = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, workerData } from 'node:worker_threads';
    Atomics.wait(workerData.gate, 0, 0);
    parentPort.postMessage(workerData.name);
  `)}`,
);

it('gives threads in turn to the people who wait for one', async () => {
  const threads = new Threads(PROGRAM);
  const end = new AbortController();
  const begin = (subject: string, name: string) => {
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const answer = threads.ask<string>({ gate, name }, { subject, signal: end.signal });
    answer.catch(() => undefined);
    return {
      answer,
      letGo: () => {
        Atomics.store(gate, 0, 1);
        Atomics.notify(gate, 0);
      },
    };
  };
  const first = begin('ada', 'first');
  const second = begin('ada', 'second');
  const later = [1, 2, 3].map((index) => begin('ada', `later ${index}`));
  const others = begin('grace', 'hers');
  for (const one of [first, second, others]) one.letGo();
  // None of those that came before it has been let go.
  expect(await others.answer).toEqual({ answer: 'hers' });
  end.abort(new Error('over'));
  for (const { answer } of later) await expect(answer).rejects.toThrow('over');
});
