import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import { defineTool } from '../../src/core/tool.ts';
import type { EventStream } from '../fixtures/event-stream.ts';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { openRawSession, type RawSession, sendRaw } from '../fixtures/raw-mcp.ts';

const endpoint = await startMcpEndpoint({
  tools: [
    defineTool({
      name: 'ask_secret',
      title: 'Ask',
      description: 'Asks for something, and answers it.',
      scopes: [],
      effect: 'read',
      input: z.object({}),
      async run(call) {
        const fields = z.object({ value: z.string().describe('Whatever.') });
        const answer = await call.elicit('value', { message: 'What is it?', fields });
        return { content: [text(answer.action === 'accept' ? answer.content.value : answer.action)] };
      },
    }),
  ],
});
afterAll(() => endpoint.close());

const capabilities = { elicitation: {} };
let alice: RawSession;
let mallory: RawSession;

/** What Mallory sends with Alice's session id, under her own authority. */
const stolen = (): Record<string, string> => ({ ...alice.headers, 'x-subject': 'mallory' });

beforeEach(async () => {
  alice = await openRawSession(endpoint.url, { capabilities, headers: { 'x-subject': 'alice' } });
  mallory = await openRawSession(endpoint.url, { capabilities, headers: { 'x-subject': 'mallory' } });
});

async function asked(session: RawSession): Promise<{ stream: EventStream; question: string; id: number }> {
  const { stream, id } = await session.request('tools/call', { name: 'ask_secret', arguments: {} });
  if (stream === undefined) throw new Error('No question');
  const { id: question } = await stream.of('elicitation/create');
  return { stream, question: String(question), id: Number(id) };
}

const answer = (value: string) => ({ action: 'accept', content: { value } });

describe('a session id in the hands of another subject', () => {
  it.each(['POST', 'GET', 'DELETE'] as const)('is unknown to %s', async (method) => {
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const got = await sendRaw(endpoint.url, {
      method,
      headers: stolen(),
      ...(method === 'POST' ? { body } : {}),
    });
    expect(got.status).toBe(404);
    expect(got.json).toMatchObject({ error: { code: -32001 } });
    // It has ended nothing.
    await expect(alice.result('tools/list')).resolves.toBeDefined();
  });

  it('resumes none of its streams', async () => {
    const { stream } = await asked(alice);
    const headers = { ...stolen(), 'last-event-id': stream.lastEventId ?? '' };
    const got = await sendRaw(endpoint.url, { method: 'GET', headers });
    const unknown = { ...headers, 'mcp-session-id': 'never-was' };
    const answer = await sendRaw(endpoint.url, { method: 'GET', headers: unknown });
    expect([got.status, got.text]).toEqual([404, answer.text]);
    stream.close();
  });

  it('is answered word for word as one that never was', async () => {
    const body = { jsonrpc: '2.0', id: 1, method: 'ping' };
    const foreign = await sendRaw(endpoint.url, { headers: stolen(), body });
    const headers = { ...stolen(), 'mcp-session-id': 'never-was' };
    const unknown = await sendRaw(endpoint.url, { headers, body });
    expect([foreign.status, foreign.text]).toEqual([unknown.status, unknown.text]);
  });
});

describe("a session of one's own", () => {
  it('resumes no stream of another session', async () => {
    const { stream } = await asked(alice);
    await expect(mallory.resume(stream.lastEventId ?? '')).rejects.toThrow('400');
    const foreign = await mallory.get({ 'last-event-id': stream.lastEventId ?? '' });
    const unknown = await mallory.get({ 'last-event-id': 'never-was' });
    expect([foreign.status, foreign.text]).toEqual([unknown.status, unknown.text]);
    stream.close();
  });

  it('answers no question that another session was asked', async () => {
    const { stream, question } = await asked(alice);
    await mallory.answer(question, answer('from mallory'));
    await alice.answer(question, answer('from alice'));
    const last = (await stream.end()).at(-1);
    expect(last?.message?.result).toEqual({ content: [{ type: 'text', text: 'from alice' }] });
  });

  it('cancels no call of another session, though the id is the same', async () => {
    const { stream, question, id } = await asked(alice);
    await mallory.notify('notifications/cancelled', { requestId: id });
    await alice.answer(question, answer('still there'));
    expect((await stream.end()).at(-1)?.message?.id).toBe(id);
  });
});
