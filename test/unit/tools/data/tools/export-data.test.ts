import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../../src/core/errors.ts';
import type { Draft, WorkspaceFiles } from '../../../../../src/core/workspace-files.ts';
import { exportDataTool } from '../../../../../src/tools/data/tools/export-data.ts';
import { failureOf, keepingCall, sourcesOf } from '../../../../fixtures/data-call.ts';
import { FakeSource } from '../../../../fixtures/fake-source.ts';
import { makeFolder, openTools, type ToolBench, type Tree } from '../../../../fixtures/file-tools.ts';

const granted = { scopes: ['data:read', 'files:write'] };

const TREE: Tree = {
  'regions.csv': 'customer_id,region\n1,north\n2,south\n3,north\n',
  'out/old.csv': 'what was there before\n',
};

/** A workspace, and a shop in a SQLite file outside of it. */
async function openShop(
  options: Record<string, unknown> = {},
): Promise<{ bench: ToolBench; workspace: string }> {
  const [workspace, elsewhere] = [await makeFolder(TREE), await makeFolder()];
  const path = join(elsewhere, 'shop.sqlite');
  const database = new DatabaseSync(path);
  database.exec(`CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, total REAL, note TEXT);
    INSERT INTO orders WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
    SELECT i, i % 3 + 1, i / 4.0, CASE i WHEN 7 THEN NULL WHEN 8 THEN 'a "b", c' ELSE 'n' END FROM n`);
  database.close();
  const data = { sources: [{ name: 'shop', kind: 'sqlite', path }], ...options };
  return { bench: await openTools(workspace, { data }), workspace };
}

async function filesIn(workspace: string): Promise<string[]> {
  const entries = await readdir(workspace, { recursive: true });
  return entries.filter((name) => name.includes('.')).sort();
}

const BEFORE = ['out/old.csv', 'regions.csv'];

describe('export_data', () => {
  it('joins a database with a file, by the calls that its description names', async () => {
    const { bench } = await openShop();
    const sql = 'SELECT id, customer_id, total, note FROM orders';
    const exported = await bench.call(
      'export_data',
      { sql, source: 'shop', path: '/out/orders.parquet' },
      granted,
    );
    expect(exported.structuredContent).toMatchObject({
      ...{ path: '/out/orders.parquet', format: 'parquet', rows: 1500 },
      preview: { columns: [{ name: 'id' }, { name: 'customer_id' }, { name: 'total' }, { name: 'note' }] },
    });
    const { preview } = exported.structuredContent as { preview: { rows: unknown[] } };
    expect(preview.rows).toHaveLength(5);
    expect(preview.rows[0]).toEqual([1, 2, 0.25, 'n']);
    const joined = await bench.call(
      'query_data',
      {
        sql: "SELECT region, count(*) AS orders, sum(total) AS total FROM '/out/orders.parquet' JOIN '/regions.csv' USING (customer_id) GROUP BY region ORDER BY region",
      },
      granted,
    );
    expect(joined.structuredContent).toMatchObject({
      rows: [
        ['north', 1000, 187750],
        ['south', 500, 93687.5],
      ],
    });
  });

  it('writes CSV and JSON of a database as the name or the format says', async () => {
    const { bench, workspace } = await openShop();
    const sql = 'SELECT id, note FROM orders WHERE id IN (?, 8) ORDER BY id';
    const csv = 'id,note\n7,\n8,"a ""b"", c"\n';
    const lines = '{"id":7,"note":null}\n{"id":8,"note":"a \\"b\\", c"}\n';
    for (const [path, format, content] of [
      ['/out/a.csv', undefined, csv],
      ['/out/a.txt', 'csv', csv],
      ['/out/a.ndjson', undefined, lines],
      [
        '/out/a.json',
        undefined,
        JSON.stringify(
          lines
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as unknown),
        ),
      ],
    ] as const) {
      const args = { sql, source: 'shop', path, params: [7], ...(format === undefined ? {} : { format }) };
      const { structuredContent } = await bench.call('export_data', args, granted);
      const written = await readFile(join(workspace, path), 'utf8');
      expect(path.endsWith('.json') ? JSON.stringify(JSON.parse(written)) : written, path).toBe(content);
      expect(structuredContent, path).toMatchObject({ rows: 2, bytes: Buffer.byteLength(written) });
    }
  });

  it('writes what a query over files answers, and answers the version that the file then has', async () => {
    const { bench, workspace } = await openShop();
    const args = { sql: "SELECT region FROM '/regions.csv' ORDER BY 1", path: '/out/r.csv' };
    const { structuredContent } = await bench.call('export_data', args, granted);
    expect(await readFile(join(workspace, 'out/r.csv'), 'utf8')).toBe('region\nnorth\nnorth\nsouth\n');
    const replaced = { path: '/out/r.csv', content: 'x', if_exists: 'overwrite' };
    await bench.call(
      'write_file',
      { ...replaced, expected_version: structuredContent?.['version'] },
      granted,
    );
  });

  it('replaces a file only when told to, by the call that its refusal names', async () => {
    const { bench, workspace } = await openShop();
    const args = { sql: "FROM '/regions.csv' LIMIT 1", path: '/out/old.csv' };
    const failure = await bench.failure('export_data', args, granted);
    expect(failure).toMatchObject({
      code: 'ALREADY_EXISTS',
      next: `export_data ${JSON.stringify({ ...args, overwrite: true })}`,
    });
    expect(await readFile(join(workspace, 'out/old.csv'), 'utf8')).toBe('what was there before\n');
    await bench.call('export_data', { ...args, overwrite: true }, granted);
    expect(await readFile(join(workspace, 'out/old.csv'), 'utf8')).toBe('customer_id,region\n1,north\n');
  });

  it('leaves nothing after an error', async () => {
    const { bench, workspace } = await openShop();
    const late =
      "SELECT CASE WHEN i = 4999 THEN error('too late') ELSE i::VARCHAR END FROM range(5000) AS t(i)";
    for (const [args, code] of [
      [{ sql: "SELECT nope FROM '/regions.csv'" }, 'SQL_ERROR'],
      [{ sql: late }, 'SQL_ERROR'],
      [{ sql: 'DROP TABLE orders', source: 'shop' }, 'SQL_NOT_READ_ONLY'],
      [{ sql: 'SELECT 1', source: 'shops' }, 'INVALID_ARGUMENT'],
      [{ sql: 'SELECT 1', path: '/out/new' }, 'INVALID_ARGUMENT'],
      [{ sql: 'SELECT 1', path: '/../new.csv' }, 'OUTSIDE_WORKSPACE'],
    ] as const) {
      const failure = await bench.failure('export_data', { path: '/out/new.csv', ...args }, granted);
      expect(failure.code, JSON.stringify(args)).toBe(code);
      expect(failure.next, JSON.stringify(args)).toBeDefined();
      expect(await filesIn(workspace)).toEqual(BEFORE);
    }
  });

  it.each([
    ['of files', { sql: 'SELECT i, repeat(i::VARCHAR, 40) FROM range(10000000) AS t(i)' }],
    [
      'of a database',
      {
        sql: 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, hex(randomblob(100)) FROM n',
        source: 'shop',
      },
    ],
  ])('leaves nothing of an export %s that grows too large', async (_what, args) => {
    const { bench, workspace } = await openShop({ maxExportBytes: 1_000_000 });
    const failure = await bench.failure('export_data', { path: '/out/big.csv', ...args }, granted);
    expect(failure.code).toBe('FILE_TOO_LARGE');
    expect(await filesIn(workspace)).toEqual(BEFORE);
  });

  it.each([
    ['of files', { sql: 'SELECT a.i, hash(b.i) FROM range(100000000) AS a(i), range(1000) AS b(i)' }],
    [
      'of a database',
      {
        sql: 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n',
        source: 'shop',
      },
    ],
  ])('leaves nothing of an export %s that is cancelled', async (_what, args) => {
    const { bench, workspace } = await openShop();
    const controller = new AbortController();
    const exporting = bench.failure(
      'export_data',
      { path: '/out/big.csv', ...args },
      { ...granted, signal: controller.signal },
    );
    // The draft lies beside the place that it is to have.
    await expect.poll(async () => (await readdir(join(workspace, 'out'))).length).toBe(2);
    controller.abort(new AppError('CANCELLED', 'The caller has gone.'));
    expect((await exporting).code).toBe('CANCELLED');
    expect(await filesIn(workspace)).toEqual(BEFORE);
  });

  it('puts no file in its place for a call that ended while the engine was done', async () => {
    const controller = new AbortController();
    const ends: string[] = [];
    const draft = {
      path: '/out/a.csv',
      // All that is asked of a file that was written.
      handle: { stat: () => Promise.resolve({ size: 0 }) } as unknown as Draft['handle'],
      commit: () => Promise.reject(new Error('committed')),
      discard: () => Promise.resolve(void ends.push('discarded')),
    };
    const engine = Object.assign(new FakeSource('files', { kind: 'files' }), {
      exportTo: () => {
        controller.abort(new AppError('CANCELLED', 'The caller has gone.'));
        return Promise.resolve({ rows: 1 });
      },
      writeRows: () => Promise.resolve({ rows: 0 }),
      engineVersion: () => Promise.resolve(undefined),
    });
    const tool = exportDataTool({
      sources: sourcesOf(engine),
      engine,
      // Whoever exports needs nothing else of the workspaces.
      files: { draft: () => Promise.resolve(draft) } as unknown as WorkspaceFiles,
      ...{ timeoutMs: 1000, maxBytes: 1000 },
    });
    const call = keepingCall({ signal: controller.signal });
    expect(await failureOf(tool, { sql: 'SELECT 1', path: '/out/a.csv' }, call)).toMatchObject({
      code: 'CANCELLED',
    });
    expect(ends).toEqual(['discarded']);
  });

  it('is not there where the files of the workspaces are no source', async () => {
    const { tools } = await openTools(await makeFolder(), { data: { files: false } });
    expect(tools.filter(({ name }) => name.endsWith('_data'))).toEqual([]);
  });
});
