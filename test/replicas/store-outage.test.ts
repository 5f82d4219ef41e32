import { mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openRawSession } from '../fixtures/raw-mcp.ts';
import { type RedisServer, startRedis } from '../fixtures/redis-server.ts';
import { deploy, type Deployment } from './deployment.ts';

let redis: RedisServer;
let deployment: Deployment;

beforeAll(async () => {
  redis = await startRedis();
  deployment = await deploy(1, redis);
});
afterAll(() => deployment.stop());

it(
  'a store that crashes and comes back empty ends neither sessions nor open streams',
  { timeout: 60_000 },
  async () => {
    const [url = ''] = deployment.urls;
    const folder = await mkdtemp(path.join(deployment.folder, 'steps-'));
    const session = await openRawSession(url);
    const listening = await session.listen();
    const { stream, id } = await session.request('tools/call', {
      name: 'follow_steps',
      arguments: { folder, steps: 2 },
      _meta: { progressToken: 'p' },
    });
    await writeFile(path.join(folder, '1'), '');
    await stream?.message(({ params }) => params?.['progress'] === 1);
    await redis.crash();
    // Nobody can tell whether the session was ended.
    await expect.poll(async () => (await session.request('ping')).status, { timeout: 10_000 }).toBe(503);
    await writeFile(path.join(folder, '2'), '');
    // The client is there, and so is its answer.
    expect(await stream?.response(id)).toMatchObject({ result: {} });
    await redis.restart();
    await expect.poll(async () => (await session.request('ping')).status, { timeout: 15_000 }).toBe(200);
    expect((await session.result('tools/list'))['tools']).toBeDefined();
    expect(listening.ended).toBe(false);
    listening.close();
  },
);
