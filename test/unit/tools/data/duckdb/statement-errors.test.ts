import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTree } from '../../../../fixtures/file-tools.ts';
import { type FilesBench, openFilesSource } from '../../../../fixtures/files-source.ts';

let folder: string;
let bench: FilesBench;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-sql-errors-'));
  await writeTree(folder, {
    'sales/orders.csv': 'id,region,amount\n1,north,10.50\n',
    'parts/a.csv': 'v\n1\n',
    'notes.txt': 'a;b\n1;2\n',
    'mixed.csv': `n\n${'1\n'.repeat(30_000)}many\n`,
    'ragged.csv': `a,b\n${'1,2\n'.repeat(30_000)}1,2,3\n`,
    'latin.csv': Buffer.from('a,b\n1,caf\u00e9\n', 'latin1'),
    'long.csv': `a\n${'x'.repeat(2_100_000)}\n`,
  });
  bench = await openFilesSource(folder, { engine: { processes: 1 } });
});

afterAll(async () => {
  await bench.close();
  await rm(folder, { recursive: true, force: true });
});

describe('an error in a statement', () => {
  it('says where it is and what was meant', async () => {
    const error = await bench.failure("SELECT region,\n  amout\nFROM '/sales/orders.csv'");
    expect(error).toMatchObject({ code: 'SQL_ERROR' });
    expect(error.message).toContain('"amout" not found');
    expect(error.message).toContain('At line 2, column 3.');
    expect(error.next).toBe(`query_data {"sql":"SELECT region,\\n  amount\\nFROM '/sales/orders.csv'"}`);
  });

  it('names the place of a syntax error', async () => {
    expect((await bench.failure('SELECT 1,\n FROM FROM x')).message).toMatch(/At line 2, column \d/);
  });

  it('offers the closest file', async () => {
    const error = await bench.failure("FROM '/sales/order.csv'");
    expect(error).toMatchObject({ code: 'PATH_NOT_FOUND' });
    expect(error.next).toContain("FROM '/sales/orders.csv'");
  });

  it('shows how to read a file whose name tells nothing', async () => {
    const error = await bench.failure("FROM '/notes.txt'");
    expect(error).toMatchObject({ code: 'SQL_ERROR' });
    expect(error.next).toContain("FROM read_csv('/notes.txt')");
  });

  it('holds no path of the machine', async () => {
    const error = await bench.failure("SELECT v::DATE FROM read_csv('/parts/a.csv', types = {'v': 'DATE'})");
    expect(error.message).not.toContain(folder);
    expect(error.message).not.toMatch(/\/proc\/|fairlead-engine/);
  });
});

/** What the engine advises its operator, and what the one who asks can do. */
const ADVICE: readonly (readonly [said: string, sql: string, next: string])[] = [
  ['it belongs to an extension that is not here.', 'SELECT 1::INET', ''],
  ['The currently supported encodings are', "FROM read_csv('/notes.txt', encoding = 'x')", ''],
  [
    'Take one row of it (LIMIT 1, an aggregate), or join it instead.',
    'SELECT (SELECT i FROM range(3) t(i))',
    '',
  ],
  ['ORDER BY non-integer literal has no effect.', "SELECT v FROM '/parts/a.csv' ORDER BY 'v'", ''],
  ['Nest it less deeply, or split it by WITH.', `SELECT ${'1+'.repeat(1200)}1`, ''],
  ['unrecognized coordinate system', "SELECT 'POINT(1 1)'::GEOMETRY('x')", ''],
  [
    'Could not convert string "many"',
    "FROM '/mixed.csv'",
    "FROM read_csv('/mixed.csv', sample_size = -1) looks at all rows",
  ],
  ['Found: 3', "SELECT sum(a) FROM '/ragged.csv'", "FROM read_csv('/ragged.csv', null_padding = true)"],
  ['not utf-8', "FROM '/latin.csv'", "FROM read_csv('/latin.csv', encoding = 'latin-1')"],
  ['max_line_size=', "FROM '/long.csv'", ''],
  [
    'sum(HUGEINT)',
    "SELECT sum(region) FROM '/sales/orders.csv'",
    'the same call with the statement corrected',
  ],
  ['… and ', "SELECT region + 1 FROM '/sales/orders.csv'", 'the same call with the statement corrected'],
];

describe('advice in an error', () => {
  it.each(ADVICE)('is something that can be done here: %s', async (said, sql, next) => {
    const error = await bench.failure(sql);
    expect(error).toMatchObject({ code: 'SQL_ERROR' });
    expect(error.message).toContain(said);
    expect(error.message).not.toMatch(/\b(INSTALL|LOAD|SET|PRAGMA|COPY)\b|configuration option/);
    expect(error.message.length).toBeLessThan(1500);
    expect(error.next ?? '').toContain(next);
  });
});

it('a CSV file that is too wide for the memory there is says how it can be read', async () => {
  const line = (cell: (index: number) => string) => Array.from({ length: 2000 }, (_, i) => cell(i)).join(',');
  await writeTree(folder, { 'wide.csv': `${line((i) => `c${i}`)}\n${line(() => '1')}\n` });
  const small = await openFilesSource(folder, { engine: { processes: 1, memoryMb: 64 } });
  try {
    const { code, next } = await small.failure("FROM '/wide.csv'");
    expect(code).toBe('MEMORY_LIMIT');
    expect(next).toContain('read_csv(…, parallel = false)');
    expect((await small.failure("SELECT repeat('x', 3000000000)")).next).not.toContain('read_csv');
  } finally {
    await small.close();
  }
});
