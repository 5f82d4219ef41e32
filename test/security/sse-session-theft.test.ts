import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { startFairlead } from '../fixtures/fairlead-process.ts';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { sendRaw } from '../fixtures/raw-mcp.ts';
import { recordTelemetry } from '../fixtures/recorded-telemetry.ts';
import { declareService, serviceToken } from '../fixtures/service-client.ts';
import { openSseSession } from '../fixtures/sse-client.ts';

const puppet = createPuppet();
const store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
const endpoint = await startMcpEndpoint({ tools: [puppet.tool], store });
afterAll(async () => {
  await endpoint.close();
  await store.close();
});

const theft = {
  jsonrpc: '2.0',
  id: 'theft',
  method: 'tools/call',
  params: { name: 'do_work', arguments: { key: 'theft' } },
};

describe('whoever has learnt the address of a stream', () => {
  it.each([
    ['another person', { 'x-subject': 'mallory' }],
    ['another client of the same person', { 'x-client': 'mallory' }],
  ])('and is %s, gets the answer that an unknown one gets, and nothing happens', async (_who, headers) => {
    const victim = await openSseSession(endpoint.url);
    const before = victim.stream.events.length;
    const stolen = await victim.post(theft, { headers });
    const unknown = await sendRaw(new URL(`/messages?session=${'A'.repeat(43)}`, endpoint.url).href, {
      headers,
      body: theft,
    });
    expect(stolen.status).toBe(404);
    expect(stolen.text).toBe(unknown.text);
    expect(unknown.status).toBe(404);
    // Whatever had been let through would have come before this answer.
    await victim.request('ping');
    expect(victim.stream.events).toHaveLength(before + 1);
    expect(puppet.keys).not.toContain('theft');
  });

  it.each([
    '',
    '?session=',
    '?session=x',
    `?session=${'A'.repeat(10_000)}`,
    '?session=%00',
    '?session=../../a',
  ])('gets the same for %j', async (query) => {
    const answer = await sendRaw(new URL(`/messages${query}`, endpoint.url).href, { body: theft });
    expect(answer.status).toBe(404);
  });
});

it('the state holds no address of a stream', async () => {
  const victim = await openSseSession(endpoint.url);
  const id = victim.address.slice('/messages?session='.length);
  const { keys } = await store.scan('mcp:', 1000);
  expect(keys.some((key) => key.startsWith('mcp:sse:'))).toBe(true);
  const values = await Promise.all(keys.map((key) => store.get(key)));
  expect(JSON.stringify([keys, values])).not.toContain(id);
});

it('without a token the address opens nothing, and the log holds neither', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'fairlead-theft-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const environment = { FAIRLEAD_CONFIG: await declareService(folder), LOG_LEVEL: 'trace' };
  const fairlead = await startFairlead(environment);
  onTestFinished(async () => {
    await fairlead.stop();
  });
  const token = await serviceToken(fairlead.origin);
  const headers = { authorization: `Bearer ${token}` };
  const client = await openSseSession(fairlead.mcpUrl.href, { headers });
  expect((await client.request('tools/list')).result).toBeDefined();
  const bare = await sendRaw(new URL(client.address, fairlead.origin).href, { body: theft });
  expect(bare.status).toBe(401);
  expect(bare.headers.get('www-authenticate')).toContain('/.well-known/oauth-protected-resource/sse');
  const foreign = await client.post(theft, { headers: { origin: 'https://evil.example' } });
  expect(foreign.status).toBe(403);
  client.stream.close();
  await expect.poll(() => fairlead.output()).toMatch(/"path":"\/sse".*"aborted":true/);
  expect(fairlead.output()).toContain('"path":"/messages"');
  expect(fairlead.output()).not.toContain(client.address.slice('/messages?session='.length));
  expect(fairlead.output()).not.toContain(token);
});
