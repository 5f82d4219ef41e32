import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Instance } from '../../../../../src/tools/data/duckdb/child/instance.ts';
import { Session } from '../../../../../src/tools/data/duckdb/child/session.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-sessions-'));
  await writeFile(join(folder, 'open.csv'), 'a\n1\n');
  await writeFile(join(folder, 'closed.csv'), 'a\n2\n');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** What stands behind the judge, should a statement ever pass it that must not. */
describe('a locked instance', () => {
  let instance: Instance;

  beforeAll(async () => {
    instance = await Instance.open({ memoryMb: 128, threads: 1 });
    await instance.lock([join(folder, 'open.csv')]);
  });

  afterAll(() => {
    instance.close();
  });

  it('reads the files that were opened', async () => {
    const reader = await instance.connection.runAndReadAll(`FROM '${join(folder, 'open.csv')}'`);
    expect(reader.getRows()).toEqual([[1n]]);
  });

  it.each([
    "FROM '<f>/closed.csv'",
    "FROM '<f>/*.csv'",
    "SELECT * FROM glob('<f>/*')",
    "SELECT * FROM read_text('/etc/passwd')",
    "COPY (SELECT 1) TO '<f>/new.csv'",
    "EXPORT DATABASE '<f>/new'",
    "ATTACH '<f>/new.db'",
    'INSTALL httpfs',
    'LOAD httpfs',
    "FROM 'https://example.com/a.csv'",
    'SET threads = 9',
    "SET memory_limit = '90GB'",
    'SET enable_external_access = true',
    "SET allowed_paths = ['/etc/passwd']",
    "SET temp_directory = '<f>/spill'",
    'SELECT * FROM range(20000000) a ORDER BY hash(a.range)',
  ])('does nothing else: %s', async (sql) => {
    await expect(instance.connection.run(sql.replaceAll('<f>', folder))).rejects.toThrow();
    expect((await readdir(folder)).sort()).toEqual(['closed.csv', 'open.csv']);
  });
});

describe('a session', () => {
  it('runs no statement that names another file than those it was given', async () => {
    const session = await Session.open({ memoryMb: 128, threads: 1 });
    await session.judge("FROM 'a.csv'", []);
    const order = { mode: 'rows', skip: 0, take: 1, links: [] } as const;
    await expect(session.run({ ...order, places: { 'a.csv': ['/etc/passwd'] } })).rejects.toThrow(
      'The statement cannot be run',
    );
    session.reset();
  });

  it('reads the start of a file once', async () => {
    const line = '1,some text\n';
    const bytes = 6_000_000;
    await writeFile(join(folder, 'large.csv'), line.repeat(bytes / line.length));
    const session = await Session.open({ memoryMb: 256, threads: 1 });
    await session.judge("SELECT count(*) FROM 'large.csv'", []);
    const before = await bytesRead();
    const link = { name: 'fairlead-large.csv', target: join(folder, 'large.csv') };
    const places = { 'large.csv': [link.name] };
    try {
      const answer = await session.run({ mode: 'rows', skip: 0, take: 1, links: [link], places });
      expect(answer).toMatchObject({ rows: [[bytes / line.length]] });
    } finally {
      session.reset();
    }
    // To prepare the statement and to execute it would each be a reading.
    expect((await bytesRead()) - before).toBeLessThan(1.5 * bytes);
  });

  it('knows nothing of the statement before', async () => {
    const session = await Session.open({ memoryMb: 128, threads: 1 });
    await session.judge('SELECT 1', []);
    session.reset();
    await expect(session.run({ mode: 'rows', skip: 0, take: 1, links: [], places: {} })).rejects.toThrow(
      'Nothing was judged',
    );
  });
});

/** By this process, since it started. */
async function bytesRead(): Promise<number> {
  return Number(/rchar: (\d+)/.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
}
