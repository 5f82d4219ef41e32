import { randomBytes } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { openRawSession } from '../fixtures/raw-mcp.ts';
import { recordTelemetry } from '../fixtures/recorded-telemetry.ts';
import { openStore } from '../../src/store/index.ts';

const store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
const endpoint = await startMcpEndpoint({ store });
afterAll(async () => {
  await endpoint.close();
  await store.close();
});

it('answers to questions that were never asked are not kept', async () => {
  const session = await openRawSession(endpoint.url);
  for (let round = 0; round < 5; round++) {
    const id = `ask-${randomBytes(12).toString('base64url')}`;
    expect((await session.answer(id, { filler: 'x'.repeat(100_000) })).status).toBe(202);
  }
  expect((await store.scan('mcp:answer:', 100)).keys).toEqual([]);
});
