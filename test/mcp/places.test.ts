import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Prompt } from '../../src/core/prompt.ts';
import type { ResourceProvider } from '../../src/core/resource.ts';
import { mcpDefaults, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { ERAS, type RawAnswer, type RawClient } from '../fixtures/raw-mcp.ts';

/** The signals of what has begun and only ends when it is aborted. */
const begun: AbortSignal[] = [];

async function stuck({ signal }: { readonly signal: AbortSignal }): Promise<never> {
  begun.push(signal);
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}

const family: ResourceProvider = {
  prefix: 'test://notes/',
  scopes: ['files:read'],
  templates: [{ uriTemplate: 'test://notes/{id}', name: 'note' }],
  list: stuck,
  read: stuck,
  complete: stuck,
};

const prompt: Prompt = {
  name: 'sum_up',
  title: 'Sum up',
  description: 'Never comes to an end.',
  scopes: [],
  arguments: [{ name: 'topic', description: 'Of the notes.', required: false }],
  get: stuck,
  complete: stuck,
};

const defaults = mcpDefaults();
const setup = { resources: [family], prompts: [prompt] };
const concurrency = { ...defaults.concurrency, perPrincipal: 1, queuePerPrincipal: 0 };
const narrow = await startMcpEndpoint({ ...setup, options: { concurrency } });
const hasty = await startMcpEndpoint({ ...setup, options: { maxCallMs: 20 } });
afterAll(async () => {
  await narrow.close();
  await hasty.close();
});
beforeEach(() => {
  begun.splice(0);
});

const WORK: readonly (readonly [string, Record<string, unknown>])[] = [
  ['resources/list', {}],
  ['resources/read', { uri: 'test://notes/1' }],
  ['prompts/get', { name: 'sum_up' }],
  [
    'completion/complete',
    { ref: { type: 'ref/prompt', name: 'sum_up' }, argument: { name: 'topic', value: '' } },
  ],
  [
    'completion/complete',
    {
      ref: { type: 'ref/resource', uri: 'test://notes/{id}' },
      argument: { name: 'id', value: '' },
    },
  ],
];

async function errorOf(answer: Promise<RawAnswer>): Promise<string> {
  return (await (await answer).response()).error?.message ?? 'no error';
}

describe.each(ERAS)('in revision %s', (_revision, open) => {
  it.each(WORK)('%s is stopped at its deadline', async (method, params) => {
    const client: RawClient = await open(hasty.url);
    expect(await errorOf(client.request(method, params))).toContain('TIMEOUT');
    expect(begun.map(({ aborted }) => aborted)).toEqual([true]);
    await expect.poll(() => hasty.mcp.runningCalls).toBe(0);
  });

  it.each(WORK)('%s takes a place, and ends with its authority', async (method, params) => {
    const headers = { 'x-authority': 'a-stolen-grant' };
    const client: RawClient = await open(narrow.url, { headers });
    const running = client.request(method, params);
    await expect.poll(() => begun.length).toBe(1);
    expect(narrow.mcp.runningCalls).toBe(1);
    expect(await errorOf(client.request('resources/read', { uri: 'test://notes/2' }))).toContain('BUSY');
    narrow.mcp.revoked('a-stolen-grant');
    expect(await errorOf(running)).toContain('was revoked');
    await expect.poll(() => narrow.mcp.runningCalls).toBe(0);
  });
});
