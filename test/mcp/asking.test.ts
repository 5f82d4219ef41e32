import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import { defineTool } from '../../src/core/tool.ts';
import { answerOf, modernMeta, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';

let runs = 0;
const question = (message: string) => ({
  method: 'elicitation/create' as const,
  params: { message, requestedSchema: { type: 'object', properties: { value: { type: 'string' } } } },
});
const asks = (name: string) =>
  defineTool({
    name,
    title: 'Ask twice',
    description: 'Asks for one thing, then for another.',
    scopes: [],
    effect: 'read',
    input: z.object({}),
    async run(call) {
      runs++;
      const { first } = await call.ask({ first: question('First?') });
      const { second } = await call.ask({ second: question('Second?') });
      return { content: [text(JSON.stringify([first, second]))] };
    },
  });

const endpoint = await startMcpEndpoint({ tools: [asks('ask_twice'), asks('ask_also')] });
afterAll(() => endpoint.close());

const meta = { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } };

interface Round {
  readonly inputResponses?: object;
  readonly requestState?: string;
}

async function call(round: Round, name = 'ask_twice', headers = {}) {
  const answer = await answerOf(
    await endpoint.modern('tools/call', { name, arguments: {}, _meta: meta, ...round }, headers),
  );
  return answer as {
    result?: {
      resultType: string;
      inputRequests?: object;
      requestState: string;
      content?: { text: string }[];
    };
    error?: { code: number; message: string };
  };
}

const stateOf = (answer: Awaited<ReturnType<typeof call>>) => answer.result?.requestState ?? '';

const accept = (value: string) => ({ action: 'accept', content: { value } });

describe('a tool that asks', () => {
  it('is run again with each answer until it has them all', async () => {
    const one = await call({});
    expect(one.result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { first: { method: 'elicitation/create', params: { message: 'First?' } } },
    });
    const two = await call({
      inputResponses: { first: accept('a') },
      requestState: stateOf(one),
    });
    expect(Object.keys(two.result?.inputRequests ?? {})).toEqual(['second']);
    const three = await call({
      inputResponses: { second: accept('b') },
      requestState: stateOf(two),
    });
    expect(three.result).toMatchObject({ resultType: 'complete' });
    expect(JSON.parse(three.result?.content?.[0]?.text ?? '')).toEqual([accept('a'), accept('b')]);
  });

  it('asks again for what was not answered', async () => {
    const one = await call({});
    const again = await call({
      inputResponses: { other: accept('x') },
      requestState: stateOf(one),
    });
    expect(Object.keys(again.result?.inputRequests ?? {})).toEqual(['first']);
  });

  it.each([
    ['changed', (state: string) => `${state.slice(0, -2)}AA`, {}, 'ask_twice'],
    ['made up', () => 'made-up', {}, 'ask_twice'],
    ['of another principal', (state: string) => state, { 'x-subject': 'mallory' }, 'ask_twice'],
    ['of another tool', (state: string) => state, {}, 'ask_also'],
  ])('refuses state that is %s, without running', async (_what, change, headers, name) => {
    const one = await call({});
    const before = runs;
    const requestState = change(stateOf(one));
    const answer = await call({ inputResponses: { first: accept('a') }, requestState }, name, headers);
    expect(answer.error?.code).toBe(-32602);
    expect(runs).toBe(before);
  });

  it('names the capability that a client lacks', async () => {
    const response = await endpoint.modern('tools/call', { name: 'ask_twice', arguments: {} });
    expect(response.status).toBe(400);
    expect(await answerOf(response)).toMatchObject({
      error: { code: -32021, data: { requiredCapabilities: { elicitation: {} } } },
    });
  });

  it('says that a client of an older revision cannot be asked', async () => {
    const answer = await answerOf(await endpoint.legacy('tools/call', { name: 'ask_twice', arguments: {} }));
    expect(answer).toMatchObject({ result: { isError: true, _meta: { code: 'CLIENT_CANNOT_ANSWER' } } });
  });
});
