import { expect, test } from 'vitest';
import { RowQueue } from '../../../../../src/tools/data/databases/row-queue.ts';

function queueOf() {
  const said: string[] = [];
  const flow = { pause: () => said.push('pause'), resume: () => said.push('resume') };
  return { queue: new RowQueue<string, readonly unknown[]>(flow), said };
}

test('whoever sends waits while nobody takes, by the number of rows or by their size', async () => {
  for (const [rows, value] of [
    [501, 'x'],
    [9, 'x'.repeat(1_000_000)],
  ] as const) {
    const { queue, said } = queueOf();
    for (let row = 1; row < rows; row++) queue.add([value]);
    expect(said).toEqual([]);
    queue.add([value]);
    queue.add([value]);
    expect(said).toEqual(['pause']);
    for (let left = rows + 1; left > 0;) left -= (await queue.take()).rows.length;
    expect(said).toEqual(['pause', 'resume']);
  }
});

test('rows that came before an error are handed over before it', async () => {
  const { queue } = queueOf();
  queue.begin(['a']);
  queue.add([1]);
  queue.fail(new Error('lost'));
  queue.fail(new Error('closed'));
  // As the driver tells of every statement, also of one that has failed.
  queue.end();
  expect(await queue.fields).toEqual(['a']);
  expect(await queue.take()).toEqual({ rows: [[1]], done: false });
  await expect(queue.take()).rejects.toThrow('lost');
});

test('who waits is given what comes, and the end', async () => {
  const { queue } = queueOf();
  const first = queue.take();
  queue.add([1]);
  expect(await first).toEqual({ rows: [[1]], done: false });
  const last = queue.take();
  queue.end();
  queue.fail(new Error('too late'));
  expect(await last).toEqual({ rows: [], done: true });
});
