import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callTool, toolContext } from 'fairlead/testing';
import type { Tool } from 'fairlead/tool';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import getBalance from './get-balance.ts';

const ADDRESS = 'So11111111111111111111111111111111111111112';
const SYSTEM = '11111111111111111111111111111111';

/** A Solana node, as far as this tool knows one. */
let node: Server;
let endpoint: string;
let status = 200;
let answer = '';
const questions: unknown[] = [];

beforeAll(async () => {
  node = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      questions.push(JSON.parse(body));
      response.writeHead(status, { 'content-type': 'application/json' }).end(answer);
    });
  });
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(node.address() as AddressInfo).port}`;
});
afterAll(() => {
  node.closeAllConnections();
  node.close();
});
beforeEach(() => {
  questions.length = 0;
  status = 200;
  answer = '{"jsonrpc":"2.0","result":{"context":{"slot":300},"value":1500000000},"id":1}';
});

function tool(): Tool {
  return getBalance(toolContext({ settings: { endpoint } }));
}

describe('get_balance', () => {
  it('asks for the confirmed balance, and answers it in lamports and SOL', async () => {
    const { structuredContent } = await callTool(tool(), { address: ADDRESS });
    expect(questions).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'getBalance', params: [ADDRESS, { commitment: 'confirmed' }] },
    ]);
    const expected = {
      address: ADDRESS,
      commitment: 'confirmed',
      lamports: '1500000000',
      sol: '1.5',
      slot: 300,
    };
    expect(structuredContent).toEqual(expected);
  });

  it.each([
    ['0', '0'],
    ['1', '0.000000001'],
    ['1000000000', '1'],
    ['18446744073709551615', '18446744073.709551615'],
  ])('keeps every digit of %s lamports', async (lamports, sol) => {
    answer = `{"jsonrpc":"2.0","result":{"context":{"slot":1},"value":${lamports}},"id":1}`;
    const { structuredContent } = await callTool(tool(), { address: ADDRESS });
    expect(structuredContent).toMatchObject({ lamports, sol });
  });

  it('asks once for what is asked again within seconds, at the same commitment', async () => {
    const balance = tool();
    await callTool(balance, { address: ADDRESS });
    await callTool(balance, { wallet: ADDRESS });
    await callTool(balance, { address: ADDRESS, commitment: 'finalized' });
    await callTool(balance, { address: SYSTEM });
    expect(questions).toHaveLength(3);
  });

  it.each(['0'.repeat(32), `${ADDRESS.slice(0, -1)}l`, 'z'.repeat(44), '1'.repeat(33), ADDRESS.slice(0, 40)])(
    'asks nobody about %s, which is no address',
    async (address) => {
      await expect(callTool(tool(), { address })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        next: `get_balance {"address":"${ADDRESS}"}`,
      });
      expect(questions).toEqual([]);
    },
  );

  it.each([
    [200, '{"jsonrpc":"2.0","error":{"code":-32602,"message":"inside"},"id":1}', 'INVALID_ARGUMENT'],
    [200, '{"jsonrpc":"2.0","error":{"code":-32005,"message":"inside"},"id":1}', 'SOURCE_UNAVAILABLE'],
    [200, '{"jsonrpc":"2.0","result":{"context":{"slot":1},"value":"inside"},"id":1}', 'SOURCE_UNAVAILABLE'],
    [200, '<html>inside', 'SOURCE_UNAVAILABLE'],
    [429, 'inside', 'BUSY'],
    [500, 'inside', 'HTTP_STATUS'],
    [302, '', 'HTTP_STATUS'],
  ])('makes of status %i with %s the error %#', async (code, body, expected) => {
    status = code;
    answer = body;
    const balance = tool();
    const error: unknown = await callTool(balance, { address: ADDRESS }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: expected });
    expect(String(error)).not.toContain('inside');
    // A failure is not kept.
    await callTool(balance, { address: ADDRESS }).catch(() => undefined);
    expect(questions).toHaveLength(2);
  });

  it('takes an endpoint with a key from the secrets', async () => {
    const hidden = getBalance(toolContext({ secrets: { endpoint } }));
    await callTool(hidden, { address: ADDRESS });
    expect(questions).toHaveLength(1);
  });

  it('refuses settings that it does not know', () => {
    expect(() => getBalance(toolContext({ settings: { endpont: endpoint } }))).toThrow();
  });
});
