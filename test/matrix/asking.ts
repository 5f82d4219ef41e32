import { expect } from 'vitest';
import {
  type Cell,
  expectAcceptance,
  hasOneStream,
  hasSession,
  logLines,
  methodsIn,
  passageOf,
  passagesOf,
  responsesTo,
  type Station,
} from './stage.ts';

interface Question {
  readonly tool: string;
  readonly method: string;
  /** What a client declares that can be asked. */
  readonly capability: string;
  /** The first revision that has it. */
  readonly since: string;
  /** What the client is asked, as far as it repeats the key. */
  readonly asked: (key: string) => object;
  /** What the tool makes of the answer. */
  readonly answer: string;
}

const ELICITATION: Question = {
  tool: 'ask_person',
  method: 'elicitation/create',
  capability: 'elicitation',
  since: '2025-06-18',
  asked: (message) => ({ message, requestedSchema: { properties: { name: { type: 'string' } } } }),
  answer: 'Ada',
};

const SAMPLING: Question = {
  tool: 'ask_model',
  method: 'sampling/createMessage',
  capability: 'sampling',
  since: '2024-11-05',
  asked: (text) => ({ maxTokens: 10, messages: [{ role: 'user', content: { type: 'text', text } }] }),
  answer: '{"type":"text","text":"of the model"}',
};

/** A person is asked, where the revision has that and the client can; else the call says what is missing. */
export const elicit = (cell: Cell): Promise<void> => asks(cell, ELICITATION);

/** The same of a model. */
export const sample = (cell: Cell): Promise<void> => asks(cell, SAMPLING);

async function asks(cell: Cell, question: Question): Promise<void> {
  const { row, able, unable } = cell.stage;
  if (row.revision >= question.since) await isAnswered(cell, able, question);
  else await isRefused({ ...cell, key: `${cell.key}, not in this revision` }, able, question);
  await isRefused({ ...cell, key: `${cell.key}, not declared` }, unable, question);
}

async function isAnswered(cell: Cell, station: Station, question: Question): Promise<void> {
  const { client } = station;
  const before = client.questions.length;
  const result = await ask(cell, station, question);
  expect(result).toMatchObject({ content: [{ text: question.answer }] });
  expect(client.questions.slice(before)).toMatchObject([question.asked(cell.key)]);
  const passages = passagesOf(cell, station);
  const told = cell.form === 'SSE' ? ['notifications/message'] : [];
  if (hasOneStream(cell.stage.row)) passages.forEach(expectAcceptance);
  else if (hasSession(cell.stage.row)) {
    // A question of the server's makes a stream even of what would have been answered plainly.
    expect(passages.map(({ isStream }) => isStream)).toEqual([true]);
    expect(passages.map(methodsIn)).toEqual([[...told, question.method, 'response']]);
  } else {
    const isStream = cell.form === 'SSE';
    expect(passages.map((passage) => passage.isStream)).toEqual([isStream, isStream]);
    const round = [...told, 'response'];
    expect(passages.map(methodsIn)).toEqual([round, round]);
    expect(passages.map(({ messages }) => messages.at(-1)?.result?.['resultType'])).toEqual([
      'input_required',
      'complete',
    ]);
  }
}

async function isRefused(cell: Cell, station: Station, question: Question): Promise<void> {
  const { client } = station;
  const before = client.questions.length;
  const answering = ask(cell, station, question);
  if (hasSession(cell.stage.row)) {
    expect(await answering).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining(question.capability) as string }],
      _meta: { code: 'CLIENT_CANNOT_ANSWER' },
    });
  } else {
    await expect(answering).rejects.toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { [question.capability]: expect.anything() as object } },
    });
  }
  expect(client.questions.slice(before)).toEqual([]);
  expect(responsesTo(passageOf(cell, station), station)).toHaveLength(1);
  if (hasOneStream(cell.stage.row)) expectAcceptance(passageOf(cell, station));
  else expect(passageOf(cell, station).isStream).toBe(cell.form === 'SSE');
  expect(passagesOf(cell, station).flatMap(methodsIn)).not.toContain(question.method);
}

async function ask({ form, key }: Cell, { client }: Station, { tool }: Question): Promise<unknown> {
  const isTold = form === 'SSE';
  const result = await client.call(tool, { key, isTold }, { isVerbose: isTold });
  if (isTold) expect(logLines(client)).toContain(key);
  return result;
}
