import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callTool, toolContext } from 'fairlead/testing';
import type { ToolResult } from 'fairlead/tool';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import lookUpHolidays from './look-up-holidays.ts';

let server: Server;
let endpoint: string;
let answer: RequestListener;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked.length = 0;
});

function lookUp(args: object, signal?: AbortSignal): Promise<ToolResult> {
  return callTool(lookUpHolidays(toolContext({ settings: { endpoint } })), args, signal && { signal });
}

describe('look_up_holidays', () => {
  it('answers the holidays of a country', async () => {
    answer = (_request, response) => {
      response.end('[{"date":"2026-12-25","name":"Christmas Day","localName":"Weihnachten","global":true}]');
    };
    const { structuredContent } = await lookUp({ country: 'de', year: 2026 });
    expect(asked).toEqual(['/api/v3/PublicHolidays/2026/DE']);
    expect(structuredContent).toEqual({
      country: 'DE',
      year: 2026,
      holidays: [{ date: '2026-12-25', name: 'Christmas Day', local_name: 'Weihnachten' }],
    });
  });

  it.each([
    [404, {}, 'INVALID_ARGUMENT', undefined],
    [429, { 'retry-after': '7' }, 'BUSY', 7],
    [503, {}, 'BUSY', 30],
    [500, {}, 'HTTP_STATUS', undefined],
    [302, { location: 'https://example.com/' }, 'HTTP_STATUS', undefined],
  ])('makes of status %i with %j the error %s', async (status, headers, code, retryAfter) => {
    answer = (_request, response) => {
      response.writeHead(status, headers).end('inside: db.internal');
    };
    const error: unknown = await lookUp({ country: 'XX', year: 2026 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, retryAfter });
    expect(String(error)).not.toContain('db.internal');
  });

  it.each(['<html>', '{}', '[{"date":"soon"}]'])('does not pass on %s', async (body) => {
    answer = (_request, response) => {
      response.end(body);
    };
    await expect(lookUp({ country: 'DE', year: 2026 })).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });

  it('lets nothing but two letters into the address', async () => {
    await expect(lookUp({ country: '../', year: 2026 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(asked).toEqual([]);
  });

  it('ends its request with the call', async () => {
    const controller = new AbortController();
    answer = () => {
      controller.abort(new Error('the caller has left'));
    };
    await expect(lookUp({ country: 'DE', year: 2026 }, controller.signal)).rejects.toThrow(
      'the caller has left',
    );
  });
});
