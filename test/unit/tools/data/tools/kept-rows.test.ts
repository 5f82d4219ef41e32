import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder, openTools } from '../../../../fixtures/file-tools.ts';
import { principalOf } from '../../../../fixtures/principal.ts';

const principal = principalOf();

/** A call as a text tells it. */
function callIn(text: string, tool: string): object {
  const start = text.indexOf(`${tool} {`) + tool.length + 1;
  for (let end = text.indexOf('}', start); end !== -1; end = text.indexOf('}', end + 1)) {
    try {
      return JSON.parse(text.slice(start, end + 1)) as object;
    } catch {
      // A brace within the call.
    }
  }
  throw new Error(`No call of ${tool} in: ${text}`);
}

it('rows that do not fit are reached by the calls that the answer names, of whatever source', async () => {
  const path = join(await makeFolder(), 'shop.sqlite');
  const database = new DatabaseSync(path);
  database.exec(`CREATE TABLE orders (id INTEGER PRIMARY KEY, placed TEXT, note TEXT);
    INSERT INTO orders WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
    SELECT i, date('2026-01-01', i || ' days'), 'it''s "' || i || '", – 注文' FROM n`);
  database.close();
  const bench = await openTools(await makeFolder(), {
    data: { sources: [{ name: 'shop', kind: 'sqlite', path }] },
  });
  const ask = async (tool: string, args: object) =>
    (await bench.call(tool, args, { principal })).structuredContent ?? {};

  const first = await ask('query_data', { source: 'shop', sql: 'SELECT * FROM orders', limit: 1000 });
  const shown = first['row_count'] as number;
  expect(first).toMatchObject({ truncated: true, next_offset: shown, file: { rows: 900 } });
  const note = first['note'] as string;
  const [next] = (await ask('query_data', callIn(note, 'query_data')))['rows'] as unknown[][];
  expect(next).toEqual([shown + 1, expect.stringMatching(/^202\d-/), `it's "${shown + 1}", – 注文`]);
  const text = await bench.text('read_file', callIn(note, 'read_file'), { principal });
  expect(text).toMatch(new RegExp(`^\\{"id":${shown + 1},`));
  const again = await ask('query_data', {
    source: 'shop',
    sql: 'SELECT * FROM orders',
    offset: shown,
    limit: 1,
  });
  expect(again['rows']).toEqual([next]);
  // What was kept is a table as any other, types and all.
  const file = (first['file'] as { path: string }).path;
  const sql = `SELECT count(*), max(id), min(placed) + INTERVAL 1 DAY FROM '${file}'`;
  expect((await ask('query_data', { sql }))['rows']).toEqual([
    [900, 900, expect.stringMatching(/^2026-01-03/)],
  ]);
});

it('the calls that answers and errors name keep what the caller has said, and work', async () => {
  const members = Array.from({ length: 300 }, (_, index) => `c${index}`);
  const rows = Array.from({ length: 60 }, (_, row) => members.map((_member, index) => row * index).join(','));
  const workspace = await makeFolder({
    'wide.csv': `${members.join(',')}\n${rows.join('\n')}\n`,
    'sub/orders.csv': 'id,region\n1,north\n2,south\n',
  });
  const bench = await openTools(workspace);
  const ask = async (tool: string, args: object) =>
    (await bench.call(tool, args, { principal })).structuredContent ?? {};
  const after = async (tool: string, args: object) =>
    await ask(tool, callIn((await bench.failure(tool, args, { principal })).next ?? '', tool));

  // To the engine, so many members of a line make a map.
  const { note } = await ask('query_data', { sql: "FROM '/wide.csv'" });
  const kept = callIn(note as string, 'query_data') as { readonly sql: string };
  const { rows: last } = await ask('query_data', { sql: `SELECT max(c299) FROM (${kept.sql})` });
  expect(last).toEqual([[59 * 299]]);

  const question = { sql: "SELECT reigon FROM '/sub/orders.csv' WHERE id > ?", params: [0], offset: 1 };
  expect(await after('query_data', question)).toMatchObject({ rows: [['south']] });
  const misspelt = { sql: "SELECT region FROM '/sub/order.csv' WHERE id = ?", params: [1] };
  expect(await after('query_data', misspelt)).toMatchObject({ rows: [['north']] });
  const order = { sql: "SELECT reigon FROM '/sub/orders.csv'", path: '/out.csv' };
  expect(await after('export_data', order)).toMatchObject({ path: '/out.csv', rows: 2 });
  for (const path of ['/sub', '/sub/', '/sub/*.csv', '/sub/orders.csv'])
    expect(await ask('describe_data', { source: 'files', path, table: 'orders.csv' })).toMatchObject({
      tables: [{ name: "'/sub/orders.csv'" }],
    });
});
