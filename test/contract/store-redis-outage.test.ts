import { createClient } from '@redis/client';
import { describe, expect, test } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import type { Logger } from '../../src/core/telemetry.ts';
import { ask, connectionsTo, PATIENCE, RedisBench, untilBack } from './store/redis-bench.ts';

const UNAVAILABLE = { code: 'UNAVAILABLE' };
const bounds = { lifetime: 60, maxLength: 10 };
const bench = new RedisBench();

describe('an outage', () => {
  async function everyVerbFails(store: Store): Promise<void> {
    const verbs = [
      store.get('t:a'),
      store.put('t:a', 'x', 60),
      store.swap('t:a', undefined, 'x', 60),
      store.take('t:a'),
      store.increment('t:a', 1, 60),
      store.append('t:a', 'x', bounds),
      store.readAfter('t:a', undefined, 10),
      store.publish('t:c', 'x'),
      store.subscribe('t:c', () => undefined),
      store.scan('t:', 10),
      store.ping(),
    ];
    for (const verb of await Promise.allSettled(verbs)) {
      expect(verb).toMatchObject({ status: 'rejected', reason: UNAVAILABLE });
    }
  }

  test('answers UNAVAILABLE, is told once for each connection, and ends by itself', async () => {
    const server = await bench.start();
    const store = await bench.open(server.url);
    await server.crash();
    await everyVerbFails(store);
    await server.restart();
    await untilBack(store);
    await store.put('t:a', 'x', 60);
    expect(await store.get('t:a')).toBe('x');
    expect(bench.logged('warn').filter((message) => message.includes('is lost'))).toHaveLength(2);
    expect(bench.logged('info')).toEqual(Array(2).fill('The connection to Redis is back'));
    expect(await connectionsTo(server.url)).toHaveLength(2);
  });

  test('leaves subscriptions in force, without those that were ended meanwhile', async () => {
    const server = await bench.start();
    const store = await bench.open(server.url);
    const heard: string[] = [];
    await store.subscribe('t:stay', (message) => heard.push(message));
    const leave = await store.subscribe('t:leave', (message) => heard.push(message));
    await server.crash();
    await expect(store.subscribe('t:failed', () => undefined)).rejects.toMatchObject(UNAVAILABLE);
    await leave();
    await server.restart();
    await untilBack(store);
    expect(await ask(server.url, 'PUBSUB', 'CHANNELS')).toEqual(['fairlead:channel:0:t:stay']);
    await (await bench.open(server.url)).publish('t:stay', 'after');
    await expect.poll(() => heard, PATIENCE).toEqual(['after']);
  });

  test('of a server that keeps its connections but answers nothing is noticed on both of them', async () => {
    const server = await bench.start();
    const store = await bench.open(server.url);
    const heard: string[] = [];
    await store.subscribe('t:c', (message) => heard.push(message));
    server.freeze();
    await everyVerbFails(store);
    await expect
      .poll(() => bench.logged('warn').filter((line) => line.includes('lost')), PATIENCE)
      .toHaveLength(2);
    await everyVerbFails(store);
    server.thaw();
    await untilBack(store);
    await store.publish('t:c', 'after');
    await expect.poll(() => heard, PATIENCE).toEqual(['after']);
  });

  test('of a silent connection is noticed although nobody asks', async () => {
    const server = await bench.start();
    await bench.open(server.url);
    server.freeze();
    await expect.poll(() => bench.logged('warn'), PATIENCE).toHaveLength(2);
  });

  test('that took a command with it does not bring the command back', async () => {
    const { url } = await bench.start();
    const store = await bench.open(url);
    const operator = createClient({ url });
    await operator.connect();
    try {
      await operator.sendCommand(['CLIENT', 'PAUSE', '60000', 'WRITE']);
      const counting = store.increment('t:n', 1, 60).catch((error: unknown) => error);
      await expect.poll(() => operator.info('clients'), PATIENCE).toContain('blocked_clients:1');
      await operator.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
      expect(await counting).toMatchObject(UNAVAILABLE);
      await operator.sendCommand(['CLIENT', 'UNPAUSE']);
    } finally {
      operator.destroy();
    }
    await untilBack(store);
    expect(await store.get('t:n')).toBeUndefined();
  });

  test('that is over in a moment is waited for', async () => {
    const { url } = await bench.start();
    const outcomes: Promise<string>[] = [];
    const logger: Logger = {
      ...bench.telemetry.logger,
      warn: (fields) => {
        if ('purpose' in fields && fields.purpose === 'messages') return;
        outcomes.push(store.put('t:a', 'x', 60).then(() => 'kept', String));
      },
    };
    const store = await bench.open(url, logger);
    const interrupt = async () => {
      await ask(url, 'CLIENT', 'KILL', 'TYPE', 'normal');
      return await Promise.all(outcomes);
    };
    // The first one, unless the machine is busy.
    await expect.poll(interrupt, PATIENCE).toContain('kept');
  });

  test('does not keep the store from closing', async () => {
    const server = await bench.start();
    const store = await bench.open(server.url);
    const asked = store.get('t:a');
    server.freeze();
    const late = store.get('t:b').catch((error: unknown) => error);
    await store.close();
    expect([undefined]).toContain(await asked.catch(() => undefined));
    expect(await late).toMatchObject(UNAVAILABLE);
    const second = await bench.start();
    const other = await bench.open(second.url);
    await second.crash();
    await expect.poll(() => bench.logged('warn').length, PATIENCE).toBeGreaterThan(1);
    await other.close();
    await expect(other.get('t:a')).rejects.toMatchObject(UNAVAILABLE);
  });

  test('is a server that takes no writes: a full one, and one that became a replica', async () => {
    const { url } = await bench.start();
    const store = await bench.open(url);
    await store.put('t:a', 'x', 60);
    await ask(url, 'CONFIG', 'SET', 'maxmemory', '1');
    await expect(store.put('t:a', 'y', 60)).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.ping()).rejects.toMatchObject(UNAVAILABLE);
    expect(await store.get('t:a')).toBe('x');
    await ask(url, 'CONFIG', 'SET', 'maxmemory', '0');
    await expect(store.ping()).resolves.toBeUndefined();
    await ask(url, 'REPLICAOF', '127.0.0.1', '1');
    await expect(store.put('t:a', 'y', 60)).rejects.toMatchObject(UNAVAILABLE);
    await ask(url, 'REPLICAOF', 'NO', 'ONE');
    await untilBack(store);
    await expect(store.put('t:a', 'y', 60)).resolves.toBeUndefined();
  });
});
