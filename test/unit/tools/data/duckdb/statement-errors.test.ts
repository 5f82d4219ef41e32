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
