import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { openStore } from '../../src/store/index.ts';
import { storeOptions } from '../../src/store/options.ts';
import { recordTelemetry } from '../fixtures/recorded-telemetry.ts';
import { type RedisServer, startRedis } from '../fixtures/redis-server.ts';

/** Generous, as machines are busy: nothing waits for it that comes sooner. */
const PATIENCE = { timeout: 15_000 };
let folder: string;
let file: string;
let opened: Store[];
let processes: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-processes-'));
  file = join(folder, 'fairlead.sqlite');
  opened = [];
  processes = [];
});

afterEach(async () => {
  for (const child of processes) child.kill('SIGKILL');
  for (const store of opened) await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(url = 'sqlite'): Promise<Store> {
  const store = await openStore(storeOptions.parse({ url }), {
    dataDir: folder,
    logger: recordTelemetry().logger,
  });
  opened.push(store);
  return store;
}

async function startProcess(url = 'sqlite') {
  const child = fork(new URL('./store/process.ts', import.meta.url), [folder, url], { execArgv: [] });
  processes.push(child);
  const heard: string[] = [];
  const answers = new Map<number, (result: unknown) => void>();
  child.on('message', (message: { id?: number; result?: unknown; heard?: string }) => {
    if (message.heard !== undefined) heard.push(message.heard);
    if (message.id !== undefined) answers.get(message.id)?.(message.result);
  });
  await once(child, 'message');
  return {
    heard,
    ask: (verb: string, ...args: string[]) =>
      new Promise<unknown>((resolve) => {
        const id = answers.size;
        answers.set(id, resolve);
        child.send({ id, verb, args });
      }),
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe.each(['sqlite', 'redis'])('processes that share a store of kind %s', (kind) => {
  let redis: RedisServer | undefined;
  let url: string;

  beforeAll(async () => {
    if (kind === 'redis') redis = await startRedis();
    url = redis?.url ?? kind;
  });

  afterAll(async () => {
    await redis?.stop();
  });

  test('each value that all of them take at once goes to one of them', async () => {
    const store = await open(url);
    const all = await Promise.all([startProcess(url), startProcess(url)]);
    const values = Array.from({ length: 400 }, (_, index) => `value ${index}`);
    await Promise.all(values.map((value, index) => store.put(`t:${index}`, value, 'permanent')));
    const taken = await Promise.all([
      ...all.map((child) => child.ask('takeAll', 't:', '400')),
      Promise.all(values.map((_, index) => store.take(`t:${index}`))),
    ]);
    const found = (taken as (string | undefined)[][]).flat().filter((value) => value !== undefined);
    expect(found.sort()).toEqual([...values].sort());
  });

  test('counting loses nothing', async () => {
    const all = await Promise.all([startProcess(url), startProcess(url), startProcess(url)]);
    await Promise.all(all.map((child) => child.ask('count', 't:n', '200')));
    expect(await (await open(url)).get('t:n')).toBe('600');
  });

  test('a message of one is heard in the others, in order and once', async () => {
    const store = await open(url);
    const [speaker, listener] = await Promise.all([startProcess(url), startProcess(url)]);
    const here: string[] = [];
    await store.subscribe('t:c', (message) => here.push(message));
    await listener.ask('subscribe', 't:c');
    await speaker.ask('publish', 't:other', 'elsewhere');
    const sent = Array.from({ length: 600 }, (_, index) => `m${index}`);
    await speaker.ask('publish', 't:c', ...sent);
    await expect.poll(() => here, PATIENCE).toEqual(sent);
    await expect.poll(() => listener.heard, PATIENCE).toEqual(sent);
    await store.publish('t:c', 'from here');
    await expect.poll(() => listener.heard.at(-1), PATIENCE).toBe('from here');
    await speaker.ask('publish', 't:c', 'last');
    await expect.poll(() => here.at(-1), PATIENCE).toBe('last');
    expect(here).toEqual([...sent, 'from here', 'last']);
  });

  test('one that is killed takes nothing with it that it had answered', async () => {
    const child = await startProcess(url);
    await child.ask('put', 't:a', 'written');
    await child.kill();
    const store = await open(url);
    expect(await store.get('t:a')).toBe('written');
    await expect(store.put('t:a', 'again', 60)).resolves.toBeUndefined();
  });
});

test('a write waits for the one that another process holds, without holding the event loop', async () => {
  const store = await open();
  const other = new DatabaseSync(file);
  try {
    other.exec('BEGIN IMMEDIATE');
    let done = false;
    const writing = store.put('t:a', 'x', 60).then(() => {
      done = true;
    });
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(await store.get('t:a')).toBeUndefined();
    expect(done).toBe(false);
    other.exec('ROLLBACK');
    await writing;
    expect(await store.get('t:a')).toBe('x');
  } finally {
    other.close();
  }
});

test('who subscribes late does not hear what another process had sent before', async () => {
  const store = await open();
  await store.subscribe('t:other', () => undefined);
  const heard: string[] = [];
  const other = new DatabaseSync(file);
  try {
    const send = other.prepare(
      `INSERT INTO messages (sender, channel, message, published_at) VALUES ('other', 't:c', ?, ?)`,
    );
    send.run('early', Date.now());
    await store.subscribe('t:c', (message) => heard.push(message));
    send.run('in time', Date.now());
    await expect.poll(() => heard, PATIENCE).toEqual(['in time']);
  } finally {
    other.close();
  }
});

test('messages keep their order although they had to wait for another process', async () => {
  const store = await open();
  const heard: string[] = [];
  await store.subscribe('t:c', (message) => heard.push(message));
  const sent = Array.from({ length: 10 }, (_, index) => `m${index}`);
  const other = new DatabaseSync(file);
  try {
    other.exec('BEGIN IMMEDIATE');
    const publishing = Promise.all(sent.map((message) => store.publish('t:c', message)));
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    other.exec('ROLLBACK');
    await publishing;
    expect(heard).toEqual(sent);
  } finally {
    other.close();
  }
});
