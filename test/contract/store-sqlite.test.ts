import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { openStore } from '../../src/store/index.ts';
import { storeOptions } from '../../src/store/options.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { recordTelemetry } from '../fixtures/recorded-telemetry.ts';

/** Generous, as machines are busy: nothing waits for it that comes sooner. */
const PATIENCE = { timeout: 15_000 };
const clock = new ManualClock();
const { logger } = recordTelemetry();
let folder: string;
let file: string;
let opened: Store[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-sqlite-'));
  file = join(folder, 'fairlead.sqlite');
  opened = [];
});

afterEach(async () => {
  for (const store of opened) await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(url = 'sqlite', dataDir = folder, sweepEveryMs = 30_000): Promise<Store> {
  const store = await openStore(storeOptions.parse({ url }), { dataDir, logger, clock, sweepEveryMs });
  opened.push(store);
  return store;
}

/** The file as another tool sees it. */
function inspect<T>(look: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file);
  try {
    return look(database);
  } finally {
    database.close();
  }
}

function rowsIn(table: string): number {
  return inspect((database) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']));
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

describe('the file', () => {
  test('keeps what it was given when it is opened again', async () => {
    const before = await open();
    await before.put('t:a', 'kept', 'permanent');
    await before.increment('t:n', 41, 60);
    const id = await before.append('t:s', 'event', { lifetime: 60, maxLength: 10 });
    await before.close();
    const after = await open();
    expect(await after.get('t:a')).toBe('kept');
    expect((await after.increment('t:n', 1, 60)).value).toBe(42);
    expect(await after.readAfter('t:s', undefined, 10)).toEqual([{ id, value: 'event' }]);
  });

  test('is readable by its owner only, as are its log and a folder made for it', async () => {
    const dataDir = join(folder, 'deep', 'data');
    const store = await open('sqlite', dataDir);
    await store.put('t:a', 'x', 60);
    expect(await modeOf(dataDir)).toBe(0o700);
    for (const suffix of ['', '-wal', '-shm']) {
      expect(await modeOf(join(dataDir, `fairlead.sqlite${suffix}`))).toBe(0o600);
    }
  });

  test('is closed to others where it was open to them', async () => {
    await (await open()).close();
    await chmod(file, 0o644);
    await open();
    expect(await modeOf(file)).toBe(0o600);
  });

  test('lies where the setting says, from the data directory on', async () => {
    await open('sqlite:state/my.db');
    await open(`sqlite:${join(folder, 'elsewhere.db')}`);
    expect((await stat(join(folder, 'state', 'my.db'))).isFile()).toBe(true);
    expect((await stat(join(folder, 'elsewhere.db'))).isFile()).toBe(true);
  });

  test('that is removed or replaced while it is open fails the ping', async () => {
    const store = await open();
    await rm(file);
    await expect(store.ping()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await writeFile(file, '');
    await expect(store.ping()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('a file that cannot serve is refused with its reason', () => {
  async function refusal(url?: string): Promise<unknown> {
    return open(url).catch((error: unknown) => error);
  }

  test('no database', async () => {
    await writeFile(file, 'This is a letter, not a database.\n'.repeat(100));
    expect(await refusal()).toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining('damaged or not a SQLite database') as string,
      next: expect.stringContaining('backup') as string,
    });
    expect((await readFile(file, 'utf8')).startsWith('This is a letter')).toBe(true);
  });

  test('a damaged database', async () => {
    await (await open()).close();
    const bytes = await readFile(file);
    bytes.fill(0xa5, 100, 4096);
    await writeFile(file, bytes);
    expect(await refusal()).toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining('damaged') as string,
    });
  });

  test('a schema of a newer version, which stays untouched', async () => {
    await (await open()).close();
    inspect((database) => {
      database.exec('PRAGMA user_version = 99');
    });
    expect(await refusal()).toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining('newer version (schema 99') as string,
    });
    expect(inspect((database) => database.prepare('PRAGMA user_version').get())).toEqual({
      user_version: 99,
    });
  });

  test(`another application's database`, async () => {
    inspect((database) => {
      database.exec('CREATE TABLE invoices (id INTEGER)');
    });
    expect(await refusal()).toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining('another application') as string,
    });
  });

  test('a folder in the place of the file', async () => {
    await mkdir(file);
    expect(await refusal()).toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining('not a regular file') as string,
    });
  });

  test('a data directory that cannot be made', async () => {
    await writeFile(join(folder, 'occupied'), '');
    expect(await refusal('sqlite:occupied/data/state.db')).toMatchObject({
      code: 'CONFIGURATION_INVALID',
      next: expect.stringContaining('FAIRLEAD_DATA_DIR') as string,
    });
  });

  test('a link to nowhere', async () => {
    await symlink(join(folder, 'gone', 'state.db'), file);
    expect(await refusal()).toMatchObject({ code: 'CONFIGURATION_INVALID' });
  });
});

describe('sweeping', () => {
  test('removes what has expired, more of it than one batch, and nothing else', async () => {
    const store = await open('sqlite', folder, 1);
    const keys = Array.from({ length: 1200 }, (_, index) => `t:${index}`);
    await Promise.all(keys.map((key) => store.put(key, 'x', 60)));
    await store.put('t:longer', 'x', 3600);
    await store.put('t:permanent', 'x', 'permanent');
    await store.append('t:s', 'x', { lifetime: 60, maxLength: 10 });
    await store.append('t:longer', 'x', { lifetime: 3600, maxLength: 10 });
    await store.publish('t:c', 'x');
    expect(rowsIn('records')).toBe(1202);
    clock.advance(60_000);
    await expect.poll(() => rowsIn('records'), PATIENCE).toBe(2);
    await expect.poll(() => rowsIn('streams'), PATIENCE).toBe(1);
    await expect.poll(() => rowsIn('messages'), PATIENCE).toBe(0);
    expect(rowsIn('events')).toBe(1);
  });

  test('a channel without end keeps a bounded number of messages', async () => {
    const store = await open();
    await Promise.all(Array.from({ length: 5000 }, () => store.publish('t:c', 'x')));
    expect(rowsIn('messages')).toBe(4096);
  });
});
