import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import { defineTool } from '../../src/core/tool.ts';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { openRawSession, type RawSession } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const asks = defineTool({
  name: 'ask_back',
  title: 'Ask back',
  description: 'Asks for several things.',
  scopes: [],
  effect: 'read',
  input: z.object({}),
  async run(call) {
    const params = { mode: 'form', message: 'Which?', requestedSchema: { type: 'object', properties: {} } };
    const first = await call.ask({
      form: { method: 'elicitation/create', params },
      roots: { method: 'roots/list', params: {} },
    });
    const then = await call.ask({ again: { method: 'elicitation/create', params } });
    return { content: [text(JSON.stringify({ ...first, ...then }))] };
  },
});
const endpoint = await startMcpEndpoint({ tools: [asks] });
afterAll(() => endpoint.close());

const CALL = { name: 'ask_back', arguments: {} };
const capabilities = { elicitation: {}, roots: {} };

async function streaming(session: RawSession) {
  const { stream, id } = await session.request('tools/call', CALL);
  if (stream === undefined) throw new Error('The answer is no stream');
  return { stream, id };
}

describe('a request of the server to a client of revision 2025-11-25', () => {
  it(
    cites(
      [
        '2025-11-25/basic/request-id',
        '2025-11-25/basic/request-id-unique',
        '2025-11-25/transports/one-stream',
        '2025-11-25/transports/stream-messages-relate',
      ],
      'comes over the stream of the call alone, under an id that no other has in the session',
    ),
    async () => {
      const session = await openRawSession(endpoint.url, { capabilities });
      const listening = await session.listen();
      const ids: unknown[] = [];
      for (let round = 0; round < 3; round++) {
        for (const { stream, id } of [await streaming(session), await streaming(session)]) {
          for (let asked = 0; asked < 3; asked++) {
            const { id: requestId, method } = await stream.message(
              (message) => message.method !== undefined && 'id' in message && !ids.includes(message.id),
            );
            expect(['string', 'number']).toContain(typeof requestId);
            ids.push(requestId);
            const answer = method === 'roots/list' ? { roots: [] } : { action: 'decline' };
            expect((await session.answer(requestId ?? '', answer)).status).toBe(202);
          }
          expect((await stream.response(id)).result).toMatchObject({
            content: [
              { text: '{"form":{"action":"decline"},"roots":{"roots":[]},"again":{"action":"decline"}}' },
            ],
          });
        }
      }
      expect(new Set(ids).size).toBe(18);
      expect(listening.messages).toEqual([]);
      listening.close();
    },
  );

  it('is answered in its own session: an answer from another counts for nothing', async () => {
    const mine = await openRawSession(endpoint.url, { capabilities });
    const other = await openRawSession(endpoint.url, { capabilities });
    const stranger = await openRawSession(endpoint.url, {
      capabilities,
      headers: { 'x-subject': 'mallory' },
    });
    const { stream, id } = await streaming(mine);
    const asked = await stream.of('elicitation/create');
    const rooted = await stream.of('roots/list');
    for (const session of [other, stranger]) {
      await session.answer(String(asked.id), { action: 'accept', content: { from: 'elsewhere' } });
    }
    await mine.answer(String(rooted.id), { roots: [] });
    await mine.answer(String(asked.id), { action: 'cancel' });
    const again = await stream.message(
      (message) => message.method === 'elicitation/create' && message.id !== asked.id,
    );
    await mine.answer(String(again.id), { action: 'decline' });
    const { result } = await stream.response(id);
    expect(JSON.stringify(result)).not.toContain('elsewhere');
    expect(result).toMatchObject({ content: [{ text: expect.stringContaining('cancel') as string }] });
  });

  it('that the client refuses ends the call with what the client says', async () => {
    const session = await openRawSession(endpoint.url, { capabilities });
    const { stream, id } = await streaming(session);
    const asked = await stream.of('elicitation/create');
    const error = { code: -32601, message: 'No forms here' };
    await session.post({ jsonrpc: '2.0', id: asked.id, error });
    expect((await stream.response(id)).result).toMatchObject({
      isError: true,
      _meta: { code: 'CLIENT_CANNOT_ANSWER' },
    });
  });
});
