import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Draft } from '../../../../../src/core/workspace-files.ts';
import type { ExportTarget, RowStream, Value } from '../../../../../src/tools/data/source.ts';
import { writeTree } from '../../../../fixtures/file-tools.ts';
import { type FilesBench, openFilesSource, permitWithout } from '../../../../fixtures/files-source.ts';
import { principalOf } from '../../../../fixtures/principal.ts';

const MB = 1_000_000;

let folder: string;
let bench: FilesBench;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-writing-'));
  await writeTree(folder, {
    'a.csv': 'a,b\n1,x\n2,"y, z"\n',
    'sub/c.json': '[{"k": 1}, {"k": 2}]',
    'sub/broken.parquet': 'no parquet',
    'readme.md': '# x',
  });
  bench = await openFilesSource(folder);
});

afterAll(async () => {
  await bench.close();
  await rm(folder, { recursive: true, force: true });
});

/** A draft that is a file of the workspace already, so that the next statement can read it. */
async function targetAt(name: string, maxBytes = MB): Promise<ExportTarget & { readonly path: string }> {
  const path = join(folder, name);
  const handle = await open(path, 'w');
  const done = (): Promise<never> => Promise.reject(new Error('That is the caller’s'));
  const draft: Draft = { path: `/${name}`, handle, commit: done, discard: done };
  const format = name.endsWith('parquet') ? 'parquet' : name.endsWith('csv') ? 'csv' : 'json';
  return { draft, format, maxBytes, path };
}

async function exported(sql: string, name: string): Promise<number> {
  const target = await targetAt(name);
  const { rows } = await bench.source.exportTo(bench.asking(), { sql, params: [] }, target);
  await target.draft.handle.close();
  return rows;
}

function streamOf(columns: readonly (readonly [string, string])[], ...rows: Value[][]): RowStream {
  const batches = async function* (): RowStream['batches'] {
    yield await Promise.resolve(rows);
  };
  return { columns: columns.map(([name, type]) => ({ name, type })), batches: batches() };
}

describe('an export', () => {
  it('writes CSV, JSON, lines of JSON and Parquet', async () => {
    expect(await exported("FROM '/a.csv'", 'out.csv')).toBe(2);
    expect(await readFile(join(folder, 'out.csv'), 'utf8')).toBe('a,b\n1,x\n2,"y, z"\n');
    await exported("FROM '/a.csv'", 'out.json');
    expect(JSON.parse(await readFile(join(folder, 'out.json'), 'utf8'))).toEqual([
      { a: 1, b: 'x' },
      { a: 2, b: 'y, z' },
    ]);
    await exported("FROM '/a.csv' WHERE a = 1", 'out.jsonl');
    expect(await readFile(join(folder, 'out.jsonl'), 'utf8')).toBe('{"a":1,"b":"x"}\n');
    expect(await exported("SELECT a.*, 1.5::DECIMAL(9,2) AS d FROM '/a.csv' a", 'out.parquet')).toBe(2);
    expect(await bench.query("FROM '/out.parquet'")).toMatchObject({
      rows: [
        [1, 'x', '1.50'],
        [2, 'y, z', '1.50'],
      ],
    });
  });

  it('ends where the file would be larger than it may', async () => {
    for (const name of ['large.csv', 'large.parquet']) {
      const target = await targetAt(name, 200_000);
      const statement = { sql: 'SELECT i, uuid() AS u FROM range(200000) t(i)', params: [] };
      await expect(bench.source.exportTo(bench.asking(), statement, target)).rejects.toMatchObject({
        code: 'FILE_TOO_LARGE',
      });
      await target.draft.handle.close();
      expect((await stat(target.path)).size).toBeLessThanOrEqual(200_000);
    }
  });

  it('is refused what a query is refused', async () => {
    const target = await targetAt('never.csv');
    const write = (sql: string) => bench.source.exportTo(bench.asking(), { sql, params: [] }, target);
    await expect(write("COPY (SELECT 1) TO '/x.csv'")).rejects.toMatchObject({ code: 'SQL_NOT_READ_ONLY' });
    await expect(write("SELECT 1) TO 'x.csv'; SELECT (1")).rejects.toMatchObject({ code: 'SQL_ERROR' });
    await expect(write("FROM '/etc/passwd.csv'")).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    await target.draft.handle.close();
    expect((await stat(target.path)).size).toBe(0);
  });

  it('ends with its caller and leaves no process', async () => {
    const controller = new AbortController();
    const target = await targetAt('cancelled.csv', 1e12);
    const statement = { sql: 'SELECT count(*) FROM range(1000000000000) t(i) WHERE i % 7 = 3', params: [] };
    const idle = bench.processes.running;
    const work = bench.source.exportTo(bench.asking({ signal: controller.signal }), statement, target);
    controller.abort(new Error('gone'));
    await expect(work).rejects.toThrow('gone');
    await target.draft.handle.close();
    expect(bench.processes.running).toBeLessThanOrEqual(Math.max(1, idle));
  });
});

describe('rows of another source', () => {
  it('become a file with their types', async () => {
    const rows = streamOf(
      [
        ['n "1"', 'int8'],
        ['price', 'numeric(10,2)'],
        ['at', 'timestamptz'],
        ['tags', 'text[]'],
      ],
      ['9007199254740993', '1.10', '2024-01-02T03:04:05Z', ['a', 'b']],
      [5, null, null, null],
    );
    const target = await targetAt('rows.parquet');
    expect(await bench.source.writeRows(bench.asking(), rows, target)).toEqual({ rows: 2 });
    await target.draft.handle.close();
    const page = await bench.query("FROM '/rows.parquet'");
    expect(page.columns).toEqual([
      { name: 'n "1"', type: 'BIGINT' },
      { name: 'price', type: 'DECIMAL(10,2)' },
      { name: 'at', type: 'TIMESTAMP WITH TIME ZONE' },
      { name: 'tags', type: 'VARCHAR' },
    ]);
    expect(page.rows).toEqual([
      ['9007199254740993', '1.10', '2024-01-02T03:04:05Z', '["a","b"]'],
      [5, null, null, null],
    ]);
    expect((await readdir(bench.dataDir)).filter((name) => name.startsWith('rows-'))).toEqual([]);
  });

  it('keep every digit', async () => {
    const rows = streamOf(
      [
        ['sum', 'numeric'],
        ['odd', 'numeric'],
        ['loose', 'integer'],
        ['large', 'bigint unsigned'],
        ['real', 'double'],
      ],
      ['1.70', '1.5', 1.7, '18446744073709551615', '-Infinity'],
      ['-22.123', 'NaN', 9_007_199_254_740_991, 1, 1e-7],
    );
    const target = await targetAt('digits.parquet');
    await bench.source.writeRows(bench.asking(), rows, target);
    await target.draft.handle.close();
    expect(await bench.query("FROM '/digits.parquet'")).toMatchObject({
      columns: [
        { type: 'DECIMAL(18,3)' },
        { type: 'VARCHAR' },
        { type: 'DECIMAL(18,1)' },
        { type: 'UBIGINT' },
        { type: 'DOUBLE' },
      ],
      rows: [
        ['1.700', '1.5', '1.7', '18446744073709551615', '-Infinity'],
        ['-22.123', 'NaN', '9007199254740991.0', 1, 1e-7],
      ],
    });
  });

  it.each([
    ['born on', 'date', '0000-00-00', 'DATE'],
    ['at', 'timestamp', `0044-03-15 00:00:00 BC${' '.repeat(200)}`, 'TIMESTAMP'],
  ])('that do not fit are named: %s %s %s', async (name, type, value, engineType) => {
    const target = await targetAt('unfit.parquet');
    const columns = [
      ['id', 'int4'],
      [name, type],
    ] as const;
    const work = bench.source.writeRows(bench.asking(), streamOf(columns, [1, null], [2, value]), target);
    await expect(work).rejects.toMatchObject({
      code: 'SQL_ERROR',
      message: `${JSON.stringify(value.slice(0, 100))} in the column ${JSON.stringify(name)} cannot be written as ${engineType}.`,
      next: expect.stringContaining('NULLIF') as unknown,
    });
    await target.draft.handle.close();
  });

  it('may be long, and have at least one column', async () => {
    const target = await targetAt('long.csv', 100 * MB);
    const long = streamOf([['text', 'text']], ['x'.repeat(17 * MB)]);
    expect(await bench.source.writeRows(bench.asking(), long, target)).toEqual({ rows: 1 });
    await expect(bench.source.writeRows(bench.asking(), streamOf([], []), target)).rejects.toMatchObject({
      code: 'SQL_ERROR',
      message: 'The statement answers no columns.',
    });
    await target.draft.handle.close();
  });

  it('are written for those who may not query files too', async () => {
    const principal = principalOf({ permit: permitWithout('files') });
    const target = await targetAt('foreign.csv');
    const rows = streamOf([['a', 'int4']], [1]);
    expect(await bench.source.writeRows(bench.asking({ principal }), rows, target)).toEqual({ rows: 1 });
    await target.draft.handle.close();
    expect(await readFile(target.path, 'utf8')).toBe('a\n1\n');
  });
});

describe('the catalogue of the files', () => {
  const list = (question: Partial<Parameters<FilesBench['source']['catalogue']>[1]> = {}) =>
    bench.source.catalogue(bench.asking(), { detail: 'columns', limit: 100, ...question });

  it('lists files by the name that a statement uses', async () => {
    const { tables, more } = await list({ detail: 'names', path: '/sub' });
    expect(tables.map(({ name, kind, size }) => [name, kind, size])).toEqual([
      ["'/sub/broken.parquet'", 'file', 10],
      ["'/sub/c.json'", 'file', 20],
    ]);
    expect(more).toBe(false);
    expect((await list({ detail: 'names', path: '/sub', limit: 1 })).more).toBe(true);
  });

  it('tells columns, and of a broken file what is wrong with it', async () => {
    const { tables } = await list({ path: '/sub' });
    expect(tables[1]).toMatchObject({ columns: [{ name: 'k', type: 'BIGINT' }] });
    expect(tables[0]).toMatchObject({ columns: [], comment: expect.stringContaining('Parquet') as unknown });
    expect(tables[0]?.comment).not.toContain(folder);
  });

  it('counts the rows of Parquet files, and finds one by its name', async () => {
    await exported("FROM '/a.csv'", 'counted.parquet');
    const { tables } = await list({ table: "'/counted.parquet'", detail: 'full' });
    expect(tables).toMatchObject([{ name: "'/counted.parquet'", rows: 2, primaryKey: [], foreignKeys: [] }]);
  });

  it('is closed to who may not use the source', async () => {
    const asking = bench.asking({ principal: principalOf({ permit: permitWithout('files') }) });
    const question = { detail: 'names', limit: 10 } as const;
    await expect(bench.source.catalogue(asking, question)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
