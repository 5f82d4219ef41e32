import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import type { Prompt } from '../../src/core/prompt.ts';
import { defineTool } from '../../src/core/tool.ts';
import { openStore } from '../../src/store/index.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { answerOf, modernMeta, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { recordTelemetry } from '../fixtures/recorded-telemetry.ts';
import { openTestSealer } from '../fixtures/test-sealer.ts';

// MCP 2026-07-28, basic/patterns/mrtr, server requirements: whatever comes back through the client is under
// an attacker's control.

const INVALID_PARAMS = -32602;
const SECRET = 'the answer that only Alice gave';

let deleted: string[] = [];
const form = (message: string) => ({
  method: 'elicitation/create' as const,
  params: { message, requestedSchema: { type: 'object', properties: { value: { type: 'string' } } } },
});

/** Deletes after two questions: the first answer comes back in the state. */
const asking = (name: string) =>
  defineTool({
    name,
    title: 'Delete',
    description: 'Deletes what the person agrees to.',
    scopes: [],
    effect: 'destroy',
    input: z.object({
      path: z.string().describe('What to delete.'),
      force: z.boolean().optional().describe('Whether to insist.'),
    }),
    async run(call, { path }) {
      await call.ask({ sure: form('Sure?') });
      await call.ask({ quite: form('Quite sure?') });
      deleted.push(path);
      return { content: [text('deleted')] };
    },
  });

const prompt: Prompt = {
  name: 'delete_file',
  title: 'Delete',
  description: 'Of the same name as a tool.',
  scopes: [],
  arguments: [{ name: 'path', description: 'What to delete.', required: true }],
  async get(context) {
    await context.ask({ sure: form('Sure?') });
    await context.ask({ quite: form('Quite sure?') });
    return [{ role: 'user', content: text('done') }];
  },
  complete: () => Promise.resolve([]),
};

const clock = new ManualClock();
const sealer = await openTestSealer(clock);
const store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
const tools = [asking('delete_file'), asking('delete_other')];
const endpoint = await startMcpEndpoint({ tools, prompts: [prompt], sealer, store });
const replica = await startMcpEndpoint({ tools, prompts: [prompt], sealer, store });
const stranger = await startMcpEndpoint({ tools, prompts: [prompt] });
afterAll(async () => {
  await Promise.all([endpoint, replica, stranger].map((each) => each.close()));
  await store.close();
  await sealer.close();
});

interface Attempt {
  readonly at?: typeof endpoint;
  readonly method?: string;
  readonly name?: string;
  readonly arguments?: object;
  readonly subject?: string;
  readonly state?: unknown;
  readonly answers?: object;
}

interface Answer {
  readonly result?: { readonly resultType: string; readonly requestState: string };
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

async function attempt({ at = endpoint, method = 'tools/call', subject = 'alice', ...rest }: Attempt) {
  const response = await at.modern(
    method,
    {
      name: rest.name ?? 'delete_file',
      arguments: rest.arguments ?? { path: 'a', force: true },
      _meta: { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } },
      ...(rest.answers === undefined ? {} : { inputResponses: rest.answers }),
      ...(rest.state === undefined ? {} : { requestState: rest.state }),
    },
    { 'x-subject': subject },
  );
  return (await answerOf(response)) as Answer;
}

const yes = { action: 'accept', content: { value: SECRET } };

/** The state that comes after the first answer, which it holds. */
async function halfway(more: Attempt = {}): Promise<string> {
  const first = await attempt(more);
  const second = await attempt({ ...more, state: first.result?.requestState, answers: { sure: yes } });
  const state = second.result?.requestState;
  if (state === undefined) throw new Error(`No state: ${JSON.stringify(second)}`);
  deleted = [];
  return state;
}

describe('the state of a call between its rounds', () => {
  it('lets the call go on, at any process of the deployment', async () => {
    const state = await halfway();
    const last = await attempt({ at: replica, state, answers: { quite: yes } });
    expect(last.result?.resultType).toBe('complete');
    expect(deleted).toEqual(['a']);
  });

  it('lets it go on when the client writes the arguments in another order', async () => {
    const state = await halfway();
    await attempt({ state, answers: { quite: yes }, arguments: { force: true, path: 'a' } });
    expect(deleted).toEqual(['a']);
  });

  it('shows nothing of the answers or of whom it belongs to', async () => {
    const state = await halfway();
    const read = [
      state,
      ...state.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1')),
    ];
    for (const shown of read) {
      for (const hidden of [SECRET, 'alice', 'test-client', 'delete_file']) {
        expect(shown).not.toContain(hidden);
      }
    }
  });

  it('leaves nothing in the store where the client does not come back', async () => {
    const before = (await store.scan('', 1000)).keys;
    expect((await attempt({})).result?.resultType).toBe('input_required');
    expect((await store.scan('', 1000)).keys).toEqual(before);
  });

  it.each<[string, (state: string) => Attempt]>([
    ['made up', () => ({ state: 'bWFkZSB1cA' })],
    ['empty', () => ({ state: '' })],
    ['no text', () => ({ state: { answers: { sure: yes } } })],
    ['cut short', (state) => ({ state: state.slice(0, -1) })],
    ['changed in its last character', (state) => ({ state: state.slice(0, -1) + other(state.at(-1)) })],
    [
      'changed in the middle',
      (state) => ({ state: state.slice(0, 90) + other(state[90]) + state.slice(91) }),
    ],
    ['unsealed', () => ({ state: `e30.${Buffer.from('{"answers":{}}').toString('base64url')}.` })],
    ['of another deployment', (state) => ({ at: stranger, state })],
    ['of another principal', (state) => ({ state, subject: 'mallory' })],
    ['of another tool', (state) => ({ state, name: 'delete_other' })],
    ['of a call with other arguments', (state) => ({ state, arguments: { path: 'b', force: true } })],
    ['of a call with fewer arguments', (state) => ({ state, arguments: { path: 'a' } })],
    ['of another method', (state) => ({ state, method: 'prompts/get', arguments: { path: 'a' } })],
    ['enormous', (state) => ({ state: state + 'A'.repeat(1_000_000) })],
  ])('is refused when it is %s, without a word of why', async (_what, change) => {
    const answer = await attempt({ answers: { quite: yes }, ...change(await halfway()) });
    expect(answer.error).toEqual({
      code: INVALID_PARAMS,
      message: 'Invalid or expired requestState',
      data: { reason: 'invalid_request_state' },
    });
    expect(deleted).toEqual([]);
  });

  it('is refused for a tool when it is that of a prompt of the same name', async () => {
    const state = await halfway({ method: 'prompts/get', arguments: { path: 'a' } });
    const answer = await attempt({ state, answers: { quite: yes }, arguments: { path: 'a' } });
    expect(answer.error?.code).toBe(INVALID_PARAMS);
    expect(deleted).toEqual([]);
  });

  it('is refused after ten minutes', async () => {
    const state = await halfway();
    clock.advance(599_000);
    expect((await attempt({ state })).result?.resultType).toBe('input_required');
    clock.advance(1_000);
    expect((await attempt({ state })).error?.code).toBe(INVALID_PARAMS);
  });

  it('is refused when it was sealed for something else', async () => {
    const content = (await sealer.open('request-state', await halfway())) ?? {};
    const again = await sealer.seal('request-state', content, 600);
    expect((await attempt({ state: again })).result?.resultType).toBe('input_required');
    const state = await sealer.seal('session', content, 600);
    expect((await attempt({ state })).error?.code).toBe(INVALID_PARAMS);
  });
});

function other(character = ''): string {
  return character === 'A' ? 'B' : 'A';
}
