import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LongTail, startLongTail } from '../fixtures/long-tail.ts';
import { answerOf } from '../fixtures/mcp-endpoint.ts';

interface Result {
  readonly tools?: readonly { readonly name: string; readonly annotations: object }[];
  readonly content?: readonly { readonly text: string }[];
  readonly structuredContent?: Found;
  readonly isError?: boolean;
}

interface Found {
  readonly tools: readonly {
    readonly name: string;
    readonly input_schema: object;
    readonly effect: string;
  }[];
  readonly other_names: readonly string[];
}

let endpoint: LongTail;

beforeAll(async () => {
  endpoint = await startLongTail();
});
afterAll(() => endpoint.close());
beforeEach(() => {
  endpoint.ran.length = 0;
});

const FEW = { 'x-scope': 'files:read' };

async function send(
  method: string,
  params: object = {},
  headers: Record<string, string> = {},
  way: 'modern' | 'legacy' = 'modern',
): Promise<Result> {
  return (await answerOf(await endpoint[way](method, params, headers)))['result'] ?? {};
}

async function listed(headers: Record<string, string> = {}): Promise<string[]> {
  return ((await send('tools/list', {}, headers)).tools ?? []).map(({ name }) => name);
}

async function search(args: object, headers: Record<string, string> = {}): Promise<Found> {
  const result = await send('tools/call', { name: 'search_tools', arguments: args }, headers);
  return result.structuredContent ?? { tools: [], other_names: [] };
}

describe('the list', () => {
  it('leaves the long tail out for who would see too much, and names the way to it', async () => {
    expect(await listed()).toEqual(['look_up', 'list_things', 'search_tools', 'call_tool']);
  });

  it('is whole for who sees few enough', async () => {
    expect(await listed(FEW)).toEqual(['look_up', 'list_things', 'get_invoice', 'list_customers']);
  });

  it('warns of the strongest that call_tool can do', async () => {
    const { tools = [] } = await send('tools/list');
    expect(tools.find(({ name }) => name === 'call_tool')?.annotations).toMatchObject({
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
    });
  });
});

describe('search_tools', () => {
  it('finds tools by words of what they do, best first, with all that a call needs', async () => {
    const { tools } = await search({ query: 'invoices of customer' });
    const names = tools.map(({ name }) => name);
    expect(names[0]).toBe('get_invoice');
    expect(names.toSorted()).toEqual(['drop_customer', 'get_invoice', 'list_customers', 'send_reminder']);
    expect(tools[0]).toMatchObject({
      effect: 'read',
      input_schema: { properties: { id: { description: 'Which one.' } } },
    });
  });

  it('names further matches, and everything that is not listed where nothing matches', async () => {
    const { tools, other_names: further } = await search({ query: 'customer', limit: 1 });
    expect(tools.map(({ name }) => name)).toEqual(['list_customers']);
    expect(further.toSorted()).toEqual(['drop_customer', 'get_invoice', 'send_reminder']);
    expect(await search({ query: 'spaceship' })).toEqual({
      tools: [],
      other_names: ['get_invoice', 'list_customers', 'send_reminder', 'drop_customer', 'get_weather'],
    });
  });

  it('shows nobody what is not theirs', async () => {
    const { other_names: names } = await search({ query: 'spaceship' }, { 'x-scope': 'web:fetch' });
    expect(names).toEqual(['get_invoice', 'list_customers', 'get_weather']);
    expect((await search({ query: 'weather' }, FEW)).tools).toEqual([]);
  });
});

describe('call_tool', () => {
  it.each([
    ['modern', {}],
    ['modern', { _meta: { progressToken: 'p' } }],
    ['legacy', {}],
  ] as const)('runs the tool that it names: %s %j', async (way, extra) => {
    const args = { name: 'get_invoice', arguments: { id: '7' } };
    const meta = way === 'modern' && '_meta' in extra ? { _meta: withProgress } : {};
    const { content } = await send('tools/call', { name: 'call_tool', arguments: args, ...meta }, {}, way);
    expect(content).toEqual([{ type: 'text', text: 'get_invoice of 7' }]);
    expect(endpoint.ran).toEqual(['get_invoice']);
  });

  it('is recorded as a call of that tool', async () => {
    const { toolCalls, audits } = endpoint.telemetry;
    const before = toolCalls.length;
    await send('tools/call', { name: 'call_tool', arguments: { name: 'get_weather' } });
    expect(toolCalls.slice(before)).toEqual(['get_weather:ok']);
    expect(audits.at(-1)).toMatchObject({ action: 'tool.called', details: { tool: 'get_weather' } });
  });

  it('takes what models send: other names, arguments as text', async () => {
    const { content } = await send('tools/call', {
      name: 'call_tool',
      arguments: { tool: 'get_invoice', args: '{"id": 9}' },
    });
    expect(content).toEqual([{ type: 'text', text: 'get_invoice of 9' }]);
  });

  it('answers what the tool says is wrong with its arguments', async () => {
    const { content } = await send('tools/call', {
      name: 'call_tool',
      arguments: { name: 'get_invoice', arguments: { idd: '7' } },
    });
    expect(content?.[0]?.text).toMatch(
      /^INVALID_ARGUMENT: get_invoice: unknown parameter "idd", did you mean "id"\?/,
    );
  });

  it.each([
    [
      { name: 'get_invoices' },
      /^INVALID_ARGUMENT: There is no tool "get_invoices"\. Did you mean get_invoice\? Next: search_tools \{"query":"get invoices"\}/,
    ],
    [
      { name: 'call_tool', arguments: { name: 'get_invoice' } },
      /^INVALID_ARGUMENT: There is no tool "call_tool"/,
    ],
    [{}, /^INVALID_ARGUMENT: call_tool: "name" is required/],
  ])('says what is wrong with %j', async (args, said) => {
    const { content, isError } = await send('tools/call', { name: 'call_tool', arguments: args });
    expect(isError).toBe(true);
    expect(content?.[0]?.text).toMatch(said);
    expect(endpoint.ran).toEqual([]);
  });
});

it('a tool that is not listed can be called by its own name', async () => {
  await send('tools/call', { name: 'list_customers' });
  expect(endpoint.ran).toEqual(['list_customers']);
});

const withProgress = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
  progressToken: 'p',
};
