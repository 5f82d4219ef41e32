import { afterAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import type { ClientRequest } from '../../src/core/asker.ts';
import { text } from '../../src/core/content.ts';
import type { Prompt } from '../../src/core/prompt.ts';
import { defineTool } from '../../src/core/tool.ts';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { modernClient } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const form: ClientRequest = {
  method: 'elicitation/create',
  params: {
    mode: 'form',
    message: 'Which?',
    requestedSchema: { type: 'object', properties: { value: { type: 'string' } } },
  },
};
const sampling: ClientRequest = {
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: { type: 'text', text: 'Say.' } }], maxTokens: 10 },
};
const roots: ClientRequest = { method: 'roots/list', params: {} };

let runs = 0;
const asks = (name: string, requests: Readonly<Record<string, ClientRequest>>) =>
  defineTool({
    name,
    title: name,
    description: 'Asks back.',
    scopes: [],
    effect: 'read',
    input: z.object({ for: z.string().default('').describe('What for.') }),
    async run(call) {
      runs++;
      return { content: [text(JSON.stringify(await call.ask(requests)))] };
    },
  });

const prompt: Prompt = {
  name: 'ask_first',
  title: 'Ask first',
  description: 'Asks back.',
  scopes: [],
  arguments: [],
  async get(context) {
    const answers = await context.ask({ form });
    return [{ role: 'user', content: text(JSON.stringify(answers)) }];
  },
  complete: () => Promise.resolve([]),
};

const endpoint = await startMcpEndpoint({
  tools: [
    asks('ask_form', { form }),
    asks('ask_all', { form, sampling, roots }),
    asks('ask_roots', { roots }),
  ],
  prompts: [prompt],
});
afterAll(() => endpoint.close());

const EVERYTHING = { elicitation: {}, sampling: {}, roots: {} };
const accepted = (value: string) => ({ action: 'accept', content: { value } });

interface Round {
  readonly inputResponses?: unknown;
  readonly requestState?: unknown;
}

const send = async (
  name: string,
  round: Round = {},
  {
    args = {},
    capabilities = EVERYTHING,
    headers = {},
  }: { args?: object; capabilities?: object; headers?: Record<string, string> } = {},
) => {
  const client = modernClient(endpoint.url, { capabilities, headers });
  return client.request('tools/call', { name, arguments: args, ...round });
};

const resultOf = async (...sent: Parameters<typeof send>) =>
  (await (await send(...sent)).response()).result ?? {};

describe('a call that needs more of the client', () => {
  it(
    cites(
      [
        '2026-07-28/mrtr/by-rounds',
        '2026-07-28/mrtr/request-kinds',
        '2026-07-28/mrtr/keys-unique',
        '2026-07-28/mrtr/inputs-or-state',
        '2026-07-28/patterns/no-requests',
        '2026-07-28/streamable-http/no-requests',
      ],
      'says so in its result, under keys of its own, and sends no request by itself',
    ),
    async () => {
      const answer = await send('ask_all', {}, { args: {} });
      const response = await answer.response();
      expect(response.result).toMatchObject({
        resultType: 'input_required',
        inputRequests: {
          form: { method: 'elicitation/create' },
          sampling: { method: 'sampling/createMessage' },
          roots: { method: 'roots/list' },
        },
        requestState: expect.any(String) as string,
      });
      const messages = answer.stream?.messages ?? [response];
      expect(messages.filter(({ method }) => method !== undefined)).toEqual([]);
    },
  );

  it('goes on when it gets everything, also when that is a prompt', async () => {
    const client = modernClient(endpoint.url, { capabilities: EVERYTHING });
    const first = (await (await client.request('prompts/get', { name: 'ask_first' })).response()).result;
    expect(first).toMatchObject({ resultType: 'input_required', inputRequests: { form: {} } });
    const round = { inputResponses: { form: accepted('x') }, requestState: first?.['requestState'] };
    const second = await (await client.request('prompts/get', { name: 'ask_first', ...round })).response();
    expect(second.result).toMatchObject({
      resultType: 'complete',
      messages: [{ content: { text: JSON.stringify({ form: accepted('x') }) } }],
    });
  });

  it(
    cites(
      ['2026-07-28/mrtr/supported-methods-only'],
      'is one of the three kinds that may ask: nothing else is answered so',
    ),
    async () => {
      const client = modernClient(endpoint.url, { capabilities: EVERYTHING });
      const others = [
        'server/discover',
        'tools/list',
        'prompts/list',
        'completion/complete',
        'resources/list',
      ];
      for (const method of others) {
        const ref = { type: 'ref/prompt', name: 'ask_first' };
        const params = method === 'completion/complete' ? { ref, argument: { name: 'a', value: '' } } : {};
        const { result } = await (await client.request(method, params)).response();
        expect(result?.['resultType'] ?? 'complete', method).toBe('complete');
      }
    },
  );

  it(
    cites(
      [
        '2026-07-28/mrtr/declared-kinds-only',
        '2026-07-28/basic/undeclared-capabilities',
        '2026-07-28/basic/missing-capability',
        '2026-07-28/basic/missing-capability-400',
        '2026-07-28/basic/reserved-codes-meaning',
      ],
      'asks for nothing that this request does not declare: 400, -32021 and what is missing',
    ),
    async () => {
      for (const [name, capabilities, missing] of [
        ['ask_form', {}, ['elicitation']],
        ['ask_roots', { elicitation: {}, sampling: {} }, ['roots']],
        ['ask_all', { elicitation: {} }, ['roots', 'sampling']],
      ] as const) {
        // A request before this one that declares it counts for nothing.
        await send(name);
        const answer = await send(name, {}, { capabilities });
        expect(answer.status).toBe(400);
        const { error } = await answer.response();
        expect(error?.code).toBe(-32021);
        const { requiredCapabilities } = error?.data as { requiredCapabilities: object };
        expect(Object.keys(requiredCapabilities).sort()).toEqual(missing);
      }
    },
  );

  it(
    cites(
      ['2026-07-28/mrtr/missing-asked-again', '2026-07-28/mrtr/unexpected-ignored'],
      'asks again for what is missing, and takes no notice of what it has not asked for',
    ),
    async () => {
      const { requestState } = await resultOf('ask_all');
      const partly = { form: accepted('kept'), other: accepted('x'), __proto__: { polluted: true } };
      const again = await resultOf('ask_all', { inputResponses: partly, requestState });
      expect(again['resultType']).toBe('input_required');
      expect(Object.keys(again['inputRequests'] as object).sort()).toEqual(['roots', 'sampling']);
      const rest = {
        roots: { roots: [] },
        sampling: { role: 'assistant', content: { type: 'text', text: 'said' }, model: 'm' },
      };
      const done = await resultOf('ask_all', { inputResponses: rest, requestState: again['requestState'] });
      expect(done['resultType']).toBe('complete');
      expect(JSON.stringify(done['content'])).toMatch(/kept/);
    },
  );

  it(
    cites(
      ['2026-07-28/mrtr/responses-validated', '2026-07-28/mrtr/protocol-errors'],
      'takes nothing for an answer that is none, and refuses state that is no text',
    ),
    async () => {
      const { requestState } = await resultOf('ask_form');
      const again = { resultType: 'input_required', inputRequests: { form: {} } };
      for (const inputResponses of [
        'text',
        [accepted('x')],
        { form: 'text' },
        { form: null },
        { form: [] },
      ]) {
        const result = await resultOf('ask_form', { inputResponses, requestState });
        expect(result, JSON.stringify(inputResponses)).toMatchObject(again);
      }
      for (const wrong of [7, {}, null]) {
        const round = { inputResponses: { form: accepted('x') }, requestState: wrong };
        const { error } = await (await send('ask_form', round)).response();
        expect(error?.code, JSON.stringify(wrong)).toBe(-32602);
      }
    },
  );

  it(
    cites(
      ['2026-07-28/mrtr/nothing-assumed', '2026-07-28/basic/explicit-identifier'],
      'holds nothing for a client that does not come back',
    ),
    async () => {
      for (let count = 0; count < 50; count++) await resultOf('ask_form');
      expect(endpoint.mcp.runningCalls).toBe(0);
      await expect.poll(() => endpoint.telemetry.openStreams).toBe(0);
    },
  );
});

describe('the state between two rounds', () => {
  const refused = async (round: Round, options: Parameters<typeof send>[2] = {}, name = 'ask_form') => {
    const before = runs;
    const { error } = await (await send(name, round, options)).response();
    expect(error?.code).toBe(-32602);
    expect(runs).toBe(before);
  };
  const inputResponses = { form: accepted('x') };

  it(
    cites(
      [
        '2026-07-28/mrtr/state-untrusted',
        '2026-07-28/mrtr/state-integrity',
        '2026-07-28/mrtr/state-verified',
        '2026-07-28/mrtr/state-validated',
      ],
      'is refused wherever it was changed, and tells nothing',
    ),
    async () => {
      const { requestState } = await resultOf('ask_form', {}, { args: { for: 'confidential' } });
      const state = String(requestState);
      expect(Buffer.from(state, 'base64').toString('latin1')).not.toMatch(/confidential|alice/);
      for (const index of [0, Math.floor(state.length / 3), Math.floor(state.length / 2), state.length - 3]) {
        const changed = state.slice(0, index) + (state[index] === 'A' ? 'B' : 'A') + state.slice(index + 1);
        await refused({ inputResponses, requestState: changed }, { args: { for: 'confidential' } });
      }
      for (const changed of ['', 'made-up', state.slice(1), `${state}A`, 'A'.repeat(100_000)]) {
        await refused({ inputResponses, requestState: changed }, { args: { for: 'confidential' } });
      }
    },
  );

  it(cites(['2026-07-28/mrtr/state-principal'], 'of one principal is refused from another'), async () => {
    const { requestState } = await resultOf('ask_form');
    await refused({ inputResponses, requestState }, { headers: { 'x-subject': 'mallory' } });
  });

  it(
    cites(
      ['2026-07-28/mrtr/state-request'],
      'of one call is refused with another tool, and with other arguments',
    ),
    async () => {
      const { requestState } = await resultOf('ask_form', {}, { args: { for: 'one' } });
      await refused({ inputResponses, requestState }, { args: { for: 'another' } });
      await refused({ inputResponses, requestState }, { args: { for: 'one' } }, 'ask_all');
    },
  );

  it(cites(['2026-07-28/mrtr/state-expiry'], 'is refused when it is old'), async () => {
    const { requestState } = await resultOf('ask_form');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    try {
      await refused({ inputResponses, requestState });
    } finally {
      vi.useRealTimers();
    }
    expect((await resultOf('ask_form', { inputResponses, requestState }))['resultType']).toBe('complete');
  });
});
