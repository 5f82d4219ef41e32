import { tmpdir } from 'node:os';
import { createClient } from '@redis/client';
import { afterEach, beforeEach, expect } from 'vitest';
import type { Store } from '../../../src/core/store.ts';
import type { Logger } from '../../../src/core/telemetry.ts';
import { openStore } from '../../../src/store/index.ts';
import { storeOptions } from '../../../src/store/options.ts';
import { type RecordedTelemetry, recordTelemetry } from '../../fixtures/recorded-telemetry.ts';
import { type RedisServer, startRedis } from '../../fixtures/redis-server.ts';

/** Generous, as machines are busy: nothing waits for it that comes sooner. */
export const PATIENCE = { timeout: 15_000 };

/** Servers and stores of one test, which end with it, and what the stores log. */
export class RedisBench {
  #telemetry: RecordedTelemetry = recordTelemetry();
  #servers: RedisServer[] = [];
  #stores: Store[] = [];

  constructor() {
    beforeEach(() => {
      this.#telemetry = recordTelemetry();
      this.#servers = [];
      this.#stores = [];
    });
    afterEach(async () => {
      for (const server of this.#servers) server.thaw();
      for (const store of this.#stores) await store.close();
      for (const server of this.#servers) await server.stop();
    });
  }

  get telemetry(): RecordedTelemetry {
    return this.#telemetry;
  }

  async start(settings?: Record<string, string>): Promise<RedisServer> {
    const server = await startRedis(settings);
    this.#servers.push(server);
    return server;
  }

  async open(url: string, logger: Logger = this.#telemetry.logger): Promise<Store> {
    const store = await openStore(storeOptions.parse({ url }), { dataDir: tmpdir(), logger });
    this.#stores.push(store);
    return store;
  }

  logged(level: string): string[] {
    return this.#telemetry.lines.filter((line) => line.level === level).map(({ message }) => message);
  }
}

/** Asks the server past the store, as an operator would. */
export async function ask(url: string, ...command: string[]): Promise<unknown> {
  const operator = createClient({ url });
  await operator.connect();
  try {
    return await operator.sendCommand(command);
  } finally {
    operator.destroy();
  }
}

export async function connectionsTo(url: string): Promise<string[]> {
  const list = String(await ask(url, 'CLIENT', 'LIST'));
  return Array.from(list.matchAll(/ name=(fairlead\S*)/g), ([, name = '']) => name).sort();
}

/** Resolves when both connections are back. */
export async function untilBack(store: Store): Promise<void> {
  await expect.poll(() => store.ping().then(() => 'back', String), PATIENCE).toBe('back');
}
