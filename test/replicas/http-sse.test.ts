import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSseSession } from '../fixtures/sse-client.ts';
import { deploy, type Deployment } from './deployment.ts';
import { SHARED_STORES } from './shared-stores.ts';

let deployment: Deployment;

describe.each(SHARED_STORES)('processes that share %s', (_name, openStore) => {
  beforeAll(async () => {
    deployment = await deploy(2, await openStore());
  });
  afterAll(() => deployment.stop());

  it('bring messages to a stream that another one holds, each once and in order', async () => {
    const [holder = '', other = ''] = deployment.urls;
    const client = await openSseSession(holder);
    const ids = Array.from({ length: 20 }, (_, index) => `ping-${index}`);
    for (const [index, id] of ids.entries()) {
      const at = index % 2 === 0 ? other : holder;
      expect((await client.post({ jsonrpc: '2.0', id, method: 'ping' }, { at })).status).toBe(202);
    }
    await client.stream.message(({ id }) => id === ids.at(-1));
    const answered = client.stream.messages.map(({ id }) => id).filter((id) => ids.includes(String(id)));
    expect(answered).toEqual(ids);
  });

  it('refuse messages to a stream whose process has died', async () => {
    const [holder = '', other = ''] = deployment.urls;
    const client = await openSseSession(holder);
    const ping = { jsonrpc: '2.0', id: 'p', method: 'ping' };
    await deployment.kill(0);
    await expect
      .poll(async () => (await client.post(ping, { at: other })).status, { timeout: 15_000, interval: 200 })
      .toBe(404);
    const again = await openSseSession(other);
    expect((await again.request('ping')).result).toEqual({});
  });
});
