import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FairleadProcess, startFairlead } from '../fixtures/fairlead-process.ts';
import { initializeMessage, modernClient, openRawSession, sendRaw } from '../fixtures/raw-mcp.ts';
import { declareService, serviceToken } from '../fixtures/service-client.ts';
import { cites } from '../requirements.ts';

const PER_MINUTE = 60;

let folder: string;
let fairlead: FairleadProcess;
let authorized: { authorization: string };

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-clauses-'));
  fairlead = await startFairlead({
    FAIRLEAD_CONFIG: await declareService(folder),
    FAIRLEAD_HTTP_RATE_LIMITS_MCP_PER_MINUTE: String(PER_MINUTE),
  });
  authorized = { authorization: `Bearer ${await serviceToken(fairlead.origin)}` };
});
afterAll(async () => {
  expect(await fairlead.stop()).toBe(0);
  await rm(folder, { recursive: true });
});

describe('the whole server', () => {
  it(
    cites(
      [
        '2025-11-25/basic/http-authorization',
        '2025-11-25/transports/authentication',
        '2026-07-28/basic/http-authorization',
        '2026-07-28/streamable-http/authentication',
      ],
      'asks every request for a token, and says where to get one',
    ),
    async () => {
      const requests = [
        { method: 'POST', body: initializeMessage() },
        { method: 'GET' },
        { method: 'DELETE' },
        { method: 'POST', headers: { authorization: 'Bearer made-up' }, body: initializeMessage() },
      ] as const;
      for (const request of requests) {
        const { status, headers } = await sendRaw(fairlead.mcpUrl.href, request);
        expect(status).toBe(401);
        expect(headers.get('www-authenticate')).toMatch(
          `resource_metadata="${fairlead.origin}/.well-known/oauth-protected-resource/mcp"`,
        );
      }
    },
  );

  it(
    cites(
      ['2025-11-25/transports/endpoint', '2026-07-28/streamable-http/endpoint'],
      'serves both eras at one address',
    ),
    async () => {
      const session = await openRawSession(fairlead.mcpUrl.href, { headers: authorized });
      expect((await session.result('tools/list'))['tools']).not.toEqual([]);
      const stream = await session.listen();
      expect(stream.status).toBe(200);
      await session.end();
      await stream.end();
      const client = modernClient(fairlead.mcpUrl.href, { headers: authorized });
      expect((await client.request('server/discover')).status).toBe(200);
    },
  );

  it(
    cites(
      [
        '2025-11-25/transports/origin-validated',
        '2025-11-25/transports/origin-403',
        '2026-07-28/streamable-http/origin-validated',
        '2026-07-28/streamable-http/origin-403',
      ],
      'refuses pages of other origins with 403, whatever they send',
    ),
    async () => {
      const headers = { ...authorized, origin: 'https://evil.example' };
      const requests = [
        { method: 'POST', body: initializeMessage() },
        { method: 'GET' },
        { method: 'DELETE' },
      ] as const;
      for (const request of requests) {
        expect((await sendRaw(fairlead.mcpUrl.href, { ...request, headers })).status).toBe(403);
      }
      const own = { ...authorized, origin: fairlead.origin };
      const { status } = await sendRaw(fairlead.mcpUrl.href, { headers: own, body: initializeMessage() });
      expect(status).toBe(200);
    },
  );

  it(
    cites(
      [
        '2025-11-25/completion/requests-limited',
        '2025-11-25/completion/rate-limited',
        '2026-07-28/completion/requests-limited',
        '2026-07-28/completion/rate-limited',
      ],
      'limits the rate of completions, as of everything else',
    ),
    async () => {
      const client = modernClient(fairlead.mcpUrl.href, { headers: authorized });
      const ref = { type: 'ref/resource', uri: 'fairlead://workspace/{+path}' };
      const statuses: number[] = [];
      for (let count = 0; count <= PER_MINUTE && statuses.at(-1) !== 429; count++) {
        const params = { ref, argument: { name: 'path', value: '' } };
        const { status, headers } = await client.request('completion/complete', params);
        statuses.push(status);
        if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect(statuses.at(0)).toBe(200);
      expect(statuses.at(-1)).toBe(429);
    },
  );
});
