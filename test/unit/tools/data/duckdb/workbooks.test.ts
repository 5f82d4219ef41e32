import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTree } from '../../../../fixtures/file-tools.ts';
import { type FilesBench, openFilesSource } from '../../../../fixtures/files-source.ts';
import { workbookOf } from '../../../../fixtures/workbook.ts';

let folder: string;
let bench: FilesBench;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-workbooks-'));
  await writeTree(folder, {
    'plan.xlsx': workbookOf({
      Sales: [
        ['region', 'amount', 'note'],
        ['north', 10.5, 'a, "b"'],
        ['south', 20, 'line'],
      ],
      'Prices 2024': [
        ['region', 'price'],
        ['north', 2],
      ],
    }),
    'broken.xlsx': 'no workbook',
  });
  bench = await openFilesSource(folder, { engine: { processes: 1 } });
});

afterAll(async () => {
  await bench.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a workbook', () => {
  it('is read as a table of its first sheet, with types', async () => {
    expect(await bench.query("FROM '/plan.xlsx'")).toEqual({
      columns: [
        { name: 'region', type: 'VARCHAR' },
        { name: 'amount', type: 'DOUBLE' },
        { name: 'note', type: 'VARCHAR' },
      ],
      rows: [
        ['north', 10.5, 'a, "b"'],
        ['south', 20, 'line'],
      ],
      more: false,
    });
  });

  it('is joined with another of its sheets', async () => {
    const sql = `SELECT plan.amount * p.price FROM '/plan.xlsx'
      JOIN read_xlsx('/plan.xlsx', sheet = 'Prices 2024') p USING (region)`;
    expect(await bench.rows(sql)).toEqual([[21]]);
  });

  it('tells the sheets there are when one does not exist', async () => {
    const error = await bench.failure("FROM read_xlsx('/plan.xlsx', sheet := 'prices')");
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(error.message).toContain('There are: "Sales", "Prices 2024".');
  });

  it('that is none is said to be damaged', async () => {
    expect(await bench.failure("FROM '/broken.xlsx'")).toMatchObject({ code: 'NOT_TEXT' });
  });

  it('takes no option that reaches the engine unseen', async () => {
    for (const sql of [
      "FROM read_xlsx('/plan.xlsx', range = 'A1')",
      "FROM read_xlsx('/plan.xlsx', sheet = lower('x'))",
    ])
      expect(await bench.failure(sql)).toMatchObject({ code: 'SQL_ERROR' });
  });

  it('leaves nothing where it was written as CSV', async () => {
    expect((await readdir(bench.dataDir)).filter((name) => name.startsWith('rows-'))).toEqual([]);
  });
});
