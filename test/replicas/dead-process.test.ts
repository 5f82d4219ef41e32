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
  deployment = await deploy(2, redis);
});
afterAll(() => deployment.stop());

it(
  'a call whose process was killed is answered, by another, with the error that it has to be sent again',
  { timeout: 60_000 },
  async () => {
    const [first = '', second = ''] = deployment.urls;
    const folder = await mkdtemp(path.join(deployment.folder, 'steps-'));
    const session = await openRawSession(first);
    const { stream, id } = await session.request('tools/call', {
      name: 'follow_steps',
      arguments: { folder, steps: 2 },
      _meta: { progressToken: 'p' },
    });
    await writeFile(path.join(folder, '1'), '');
    await stream?.message(({ params }) => params?.['progress'] === 1);
    await deployment.kill(0);
    const resumed = await session.at(second).resume(stream?.lastEventId ?? '');
    // A process counts as dead only after it has not shown itself for some seconds.
    await expect
      .poll(() => resumed.messages.find((message) => message.id === id)?.error, { timeout: 30_000 })
      .toMatchObject({ code: -32603, message: expect.stringContaining('stopped') as string });
  },
);
