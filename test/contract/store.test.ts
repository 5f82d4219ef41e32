import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { drivers, openStore } from '../../src/store/index.ts';
import { storeOptions } from '../../src/store/options.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { type RecordedTelemetry, recordTelemetry } from '../fixtures/recorded-telemetry.ts';
import { type RedisServer, startRedis } from '../fixtures/redis-server.ts';
import { describeChannels } from './store/channels.ts';
import { describeEdges } from './store/edges.ts';
import { describeRecords } from './store/records.ts';
import { RedisTime } from './store/redis-time.ts';
import { describeScan } from './store/scan.ts';
import { describeStreams } from './store/streams.ts';
import type { StoreSubject } from './store/subject.ts';

describe.each(Object.keys(drivers))('a store of kind %s', (kind) => {
  let store: Store;
  let clock: ManualClock;
  let telemetry: RecordedTelemetry;
  let folder: string;
  let redis: { readonly server: RedisServer; readonly time: RedisTime } | undefined;

  const subject: StoreSubject = {
    get store() {
      return store;
    },
    get clock() {
      return clock;
    },
    get lines() {
      return telemetry.lines;
    },
    pass: async (seconds) => {
      clock.advance(seconds * 1000);
      await redis?.time.pass(seconds);
    },
  };

  beforeAll(async () => {
    if (kind !== 'redis') return;
    const server = await startRedis();
    redis = { server, time: await RedisTime.of(server.url) };
  });

  afterAll(async () => {
    await redis?.time.close();
    await redis?.server.stop();
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'store-contract-'));
    clock = new ManualClock();
    telemetry = recordTelemetry();
    const { logger } = telemetry;
    if (redis === undefined) {
      store = await openStore(storeOptions.parse({ url: kind }), { dataDir: folder, logger, clock });
    } else {
      const options = storeOptions.parse({ url: redis.server.url });
      store = redis.time.slowed(await openStore(options, { dataDir: folder, logger }), clock);
    }
  });

  afterEach(async () => {
    await store.close();
    await redis?.time.forgetAll();
    await rm(folder, { recursive: true, force: true });
  });

  describeRecords(subject);
  describeStreams(subject);
  describeChannels(subject);
  describeScan(subject);
  describeEdges(subject);
});

test('a store of a kind that no driver has is a configuration error', async () => {
  const { logger } = recordTelemetry();
  await expect(openStore({ url: 'etcd://host' }, { dataDir: tmpdir(), logger })).rejects.toMatchObject({
    code: 'CONFIGURATION_INVALID',
  });
  expect(storeOptions.safeParse({ url: 'etcd://host' }).success).toBe(false);
});
