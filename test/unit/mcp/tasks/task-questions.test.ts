import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ClientRequest } from '../../../../src/core/asker.ts';
import { AppError } from '../../../../src/core/errors.ts';
import { Answered } from '../../../../src/mcp/answered.ts';
import { TaskQuestions } from '../../../../src/mcp/tasks/task-questions.ts';

const ask = (message: string): ClientRequest => ({
  method: 'elicitation/create',
  params: { mode: 'form', message, requestedSchema: { type: 'object', properties: {} } },
});

function setUp(changes: { timeoutMs?: number; answered?: Answered } = {}) {
  const open: string[][] = [];
  const asking = {
    capabilities: { elicitation: {} },
    answered: new Answered(),
    timeoutMs: 60_000,
    ...changes,
  };
  const questions = new TaskQuestions(asking, () => {
    open.push(Object.keys(questions.open));
  });
  return { questions, open };
}

/** Questions are open once it is known that they have no answer. */
const asked = () => setImmediate();

describe('the questions of a task', () => {
  it('are open until they are answered', async () => {
    const { questions, open } = setUp();
    const answers = questions.ask({ one: ask('1?'), two: ask('2?') });
    await asked();
    expect(questions.open).toEqual({ one: ask('1?'), two: ask('2?') });
    questions.accept({ one: 'yes' });
    questions.accept({ two: 'no', three: 'what' });
    expect(await answers).toEqual({ one: 'yes', two: 'no' });
    expect(open).toEqual([['one', 'two'], ['two'], []]);
  });

  it('of different parts of the work are open together', async () => {
    const { questions } = setUp();
    const [one, two] = [questions.ask({ one: ask('1?') }), questions.ask({ two: ask('2?') })];
    await asked();
    expect(Object.keys(questions.open)).toEqual(['one', 'two']);
    questions.accept({ one: 1, two: 2 });
    expect(await Promise.all([one, two])).toEqual([{ one: 1 }, { two: 2 }]);
  });

  it('are not asked again under a key that has its answer', async () => {
    const { questions, open } = setUp({ answered: new Answered([['before', { value: 'known' }]]) });
    expect(await questions.ask({ before: ask('?') })).toEqual({ before: 'known' });
    const first = questions.ask({ one: ask('1?') });
    await asked();
    questions.accept({ one: 'yes' });
    await first;
    questions.accept({ one: 'no' });
    expect(await questions.ask({ one: ask('1, again?') })).toEqual({ one: 'yes' });
    expect(open).toEqual([['one'], []]);
  });

  it('are withdrawn when nobody answers in time', async () => {
    const { questions, open } = setUp({ timeoutMs: 5 });
    await expect(questions.ask({ one: ask('1?') })).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(open).toEqual([['one'], []]);
  });

  it('need a client that can answer them', async () => {
    const { questions } = setUp();
    const sampling: ClientRequest = { method: 'sampling/createMessage', params: {} };
    expect(questions.canAsk('sampling/createMessage')).toBe(false);
    await expect(questions.ask({ one: sampling })).rejects.toMatchObject({ code: 'CLIENT_CANNOT_ANSWER' });
    expect(questions.open).toEqual({});
  });

  it('end with the task, those that are still to come included', async () => {
    const { questions } = setUp();
    const waiting = questions.ask({ one: ask('1?') });
    await asked();
    questions.end(new AppError('CANCELLED', 'The task was cancelled.'));
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(questions.ask({ two: ask('2?') })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(questions.open).toEqual({});
  });
});
