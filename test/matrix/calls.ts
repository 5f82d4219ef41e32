import { expect } from 'vitest';
import type { Progress } from './clients.ts';
import {
  begin,
  type Cell,
  eventually,
  expectAnswer,
  hasSession,
  passageOf,
  responsesTo,
  takeForm,
} from './stage.ts';

/** A call is answered, in the form that it takes. */
export async function call(cell: Cell): Promise<void> {
  const begun = await begin(cell);
  await takeForm(cell, begun);
  begun.work.finish(`done ${cell.key}`);
  expect(await begun.answering).toMatchObject({ content: [{ type: 'text', text: `done ${cell.key}` }] });
  expect(await begun.answering).not.toHaveProperty('isError', true);
  expectAnswer(cell, cell.stage.able, cell.form === 'SSE' ? ['notifications/message'] : []);
}

const STEPS: readonly Progress[] = [
  { progress: 1, total: 4, message: 'first' },
  { progress: 2, total: 4, message: 'second' },
  { progress: 2.5, total: 4 },
  { progress: 4 },
];

/**
 * Who asks for progress is told each step once, in order, ahead of the answer, which therefore is a stream;
 * who does not ask is told nothing, and the answer may be plain.
 */
export async function progress(cell: Cell): Promise<void> {
  const told: Progress[] = [];
  const asked = cell.form === 'SSE';
  const options = asked ? { onprogress: (step: Progress) => told.push(step) } : {};
  const { answering, work } = await begin(cell, options);
  for (const step of STEPS) work.call.progress(step.progress, step.total, step.message);
  // The SDK handles a response at once and drops what it has not yet handled of the progress before it.
  await eventually(() => {
    expect(told).toHaveLength(asked ? STEPS.length : 0);
  });
  work.finish();
  expect(await answering).toMatchObject({ content: [{ text: 'done' }] });
  expect(told).toEqual(asked ? STEPS : []);
  expectAnswer(cell, cell.stage.able, asked ? STEPS.map(() => 'notifications/progress') : []);
}

/** Cancelling ends the work, and nothing answers any more. */
export async function cancel(cell: Cell): Promise<void> {
  const { row, able } = cell.stage;
  const cancelling = new AbortController();
  const begun = await begin(cell, { signal: cancelling.signal });
  await takeForm(cell, begun);
  cancelling.abort('no longer wanted');
  await expect(begun.answering).rejects.toThrow('no longer wanted');
  await begun.work.aborted;
  const passage = passageOf(cell, able);
  await eventually(() => {
    expect(passage.isOpen).toBe(false);
  });
  expect(responsesTo(passage, able)).toEqual([]);
  const { passages } = able.proxy;
  // Revision 2026-07-28 cancels by closing the connection (basic/patterns/cancellation).
  const sent = hasSession(row) ? [['notifications/cancelled', 202]] : [];
  await eventually(() => {
    const others = passages.filter((other) => other.sent?.params?.['requestId'] === passage.sent?.id);
    expect(others.map((other) => [other.sent?.method, other.status])).toEqual(sent);
  });
  // Without an event there is nothing to resume from.
  if (cell.form === 'JSON' || !passage.isStream || !hasSession(row)) return;
  // The SDK takes a stream that ends without a response for one that was cut, and is told that it was not.
  await eventually(() => {
    const resumed = passages.filter(({ lastEventId }) => lastEventId !== undefined);
    expect(resumed.map(({ status }) => status)).toContain(400);
  });
}
