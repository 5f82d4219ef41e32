import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { ask, asking, failureOf, statement } from '../../../../fixtures/data-source.ts';
import { SQLITE_SHOP } from '../../../../fixtures/shop-databases.ts';
import { sqliteBench } from '../../../../fixtures/sqlite-bench.ts';

const ENDLESS = 'WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t) SELECT count(*) FROM t';
const FIRST = { limit: 100, offset: 0 };

const bench = sqliteBench(SQLITE_SHOP);

describe('query', () => {
  test('answers columns with their types, and rows', async () => {
    const page = await ask(bench.source, 'SELECT id, name, email, id * 1.5 AS x FROM customers ORDER BY id');
    expect(page).toEqual({
      columns: [
        { name: 'id', type: 'INTEGER' },
        { name: 'name', type: 'TEXT' },
        { name: 'email', type: 'TEXT' },
        { name: 'x', type: 'REAL' },
      ],
      rows: [
        [1, 'Ada', null, 1.5],
        [2, 'Grace', 'grace@example.com', 3],
      ],
      more: false,
    });
  });

  test('loses no digit, and says what JSON cannot', async () => {
    const page = await ask(
      bench.source,
      `SELECT 9007199254740991, 9007199254740993, -9223372036854775807 - 1, 9e999, x'00ff', '', 0.1, '{"a":1}'`,
    );
    const whole = [9007199254740991, '9007199254740993', '-9223372036854775808'];
    expect(page.rows).toEqual([[...whole, 'Infinity', '\\x00ff', '', 0.1, '{"a":1}']]);
  });

  test('keeps columns of the same name apart by place, and their names', async () => {
    const page = await ask(bench.source, 'SELECT 1 AS id, 2 AS id');
    expect(page.columns.map(({ name }) => name)).toEqual(['id', 'id']);
    expect(page.rows).toEqual([[1, 2]]);
  });

  test('binds whole numbers as such, and lists as JSON', async () => {
    const sql = `SELECT 7 / ?, ?, ?, ?, json_extract(?, '$[1]')`;
    const page = await ask(bench.source, sql, 2, true, null, 'x', [1, 5]);
    expect(page.rows).toEqual([[3, 1, null, 'x', 5]]);
  });

  test.each([
    'SELECT 1;',
    'SELECT 1 -- one',
    'SELECT 1; -- one',
    '/* one */ SELECT 1 /* two */;;',
    'VALUES (1)',
  ])('takes %j', async (sql) => {
    expect((await ask(bench.source, sql)).rows).toEqual([[1]]);
  });

  test('says exactly whether there is more', async () => {
    const page = (limit: number, offset: number) =>
      bench.source.query(asking(), statement('SELECT id FROM orders ORDER BY id DESC'), { limit, offset });
    expect(await page(9, 0)).toMatchObject({ more: true });
    expect(await page(10, 0)).toMatchObject({ more: false });
    expect(await page(2, 8)).toMatchObject({ rows: [[2], [1]], more: false });
    expect(await page(2, 7)).toMatchObject({ rows: [[3], [2]], more: true });
    expect(await page(2, 40)).toMatchObject({ rows: [], more: false });
  });

  test('searches the full-text index', async () => {
    expect((await ask(bench.source, "SELECT body FROM notes WHERE notes MATCH 'hello'")).rows).toEqual([
      ['hello world'],
    ]);
  });

  test('answers several at once', async () => {
    const pages = await Promise.all([1, 2, 3, 4, 5, 6].map((value) => ask(bench.source, 'SELECT ?', value)));
    expect(pages.map(({ rows }) => rows)).toEqual([1, 2, 3, 4, 5, 6].map((value) => [[value]]));
  });
});

describe('errors', () => {
  test.each([
    ['SELECT nme FROM customers', 'no such column: nme at line 1, column 8.', 'use name instead of nme'],
    [
      'SELECT *\nFROM custmers',
      'no such table: custmers at line 2, column 6.',
      'use customers instead of custmers',
    ],
    ['SELEC 1', 'SELEC is not a query.', /^send one SELECT/],
    [
      'SELECT 1 FORM customers x',
      'near "customers": syntax error at line 1, column 15.',
      /^correct the statement/,
    ],
    ['SELECT (1', 'incomplete input at line 1, column 10.', /^correct/],
    ['', 'There is no statement.', undefined],
    ['SELECT ?', 'The statement has 1 placeholders (?), and 0 params came.', /^correct/],
  ])('%j', async (sql, message, next) => {
    const error = await failureOf(ask(bench.source, sql));
    expect(error.message).toBe(message);
    if (next === undefined) return;
    expect(error.next).toMatch(next);
  });

  test('a file that is missing, or no database, is out of reach without being named', async () => {
    const missing = bench.open({ path: '/nowhere/secret.sqlite' });
    expect(await missing.check()).toEqual({ status: 'degraded', detail: 'its file does not exist' });
    const error = await failureOf(ask(missing, 'SELECT 1'));
    expect(error.code).toBe('SOURCE_UNAVAILABLE');
    expect(`${error.message} ${error.next ?? ''}`).not.toContain('secret');
    const wrong = bench.open({ path: '/etc/hostname' });
    expect(await wrong.check()).toMatchObject({ status: 'degraded' });
    expect(await bench.source.check()).toEqual({ status: 'ok' });
  });
});

test('ends a page before it is too large to be held', async () => {
  const sql = 'SELECT value, zeroblob(350000) FROM json_each(?)';
  const page = await ask(
    bench.source,
    sql,
    Array.from({ length: 50 }, (_, index) => index + 1),
  );
  expect(page.rows.map(([first]) => first)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(page.more).toBe(true);
});

describe('ending', () => {
  test('the deadline ends a statement that would run for ever', async () => {
    const error = await failureOf(bench.source.query(asking({ timeoutMs: 200 }), statement(ENDLESS), FIRST));
    expect(error.code).toBe('TIMEOUT');
    await expect.poll(() => bench.processes.running).toBeLessThan(6);
    expect((await ask(bench.source, 'SELECT 1')).rows).toEqual([[1]]);
  });

  test('the signal ends it in 50 ms, with its process', async () => {
    const one = bench.open();
    await ask(one, 'SELECT 1');
    const before = bench.processes.running;
    const controller = new AbortController();
    const answer = one.query(asking({ signal: controller.signal }), statement(ENDLESS), FIRST);
    const aborted = setTimeout(() => {
      controller.abort(new Error('gone'));
    }, 100);
    const started = performance.now();
    await expect(answer).rejects.toThrow('gone');
    expect(performance.now() - started).toBeLessThan(100 + 50 + 50);
    clearTimeout(aborted);
    await expect.poll(() => bench.processes.running).toBe(before - 1);
  });

  test('closing ends what runs', async () => {
    const one = bench.open();
    const before = bench.processes.running;
    const answer = failureOf(ask(one, ENDLESS));
    await expect.poll(() => bench.processes.running).toBe(before + 1);
    await one.close();
    expect((await answer).code).toBe('CANCELLED');
    await expect.poll(() => bench.processes.running).toBe(before);
    expect((await failureOf(ask(one, 'SELECT 1'))).code).toBe('CANCELLED');
  });
});

describe('stream', () => {
  test('hands all rows over in batches', async () => {
    const { columns, batches } = await bench.source.stream(
      asking(),
      statement(
        'WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t LIMIT ?) SELECT i FROM t',
        2500,
      ),
    );
    expect(columns).toEqual([{ name: 'i', type: 'INTEGER' }]);
    const sizes: number[] = [];
    for await (const rows of batches) sizes.push(rows.length);
    expect(sizes).toEqual([1000, 1000, 500]);
  });

  test('ended early, frees the process', async () => {
    const one = bench.open({ maxConnections: 1 });
    const { batches } = await one.stream(asking(), statement(ENDLESS.replace('count(*)', 'i')));
    for await (const rows of batches) {
      expect(rows).toHaveLength(1000);
      break;
    }
    expect((await ask(one, 'SELECT 1')).rows).toEqual([[1]]);
  });

  test('forgotten, ends with its deadline', async () => {
    const one = bench.open({ maxConnections: 1 });
    await ask(one, 'SELECT 1');
    await one.stream(asking({ timeoutMs: 300 }), statement(ENDLESS.replace('count(*)', 'i')));
    expect((await ask(one, 'SELECT 1')).rows).toEqual([[1]]);
  });
});

test('explain tells the plan as a tree', async () => {
  const plan = await bench.source.explain(
    asking(),
    statement(
      'SELECT name, (SELECT count(*) FROM orders WHERE customer_id = c.id) FROM customers c WHERE id = ?',
      1,
    ),
  );
  expect(plan).toBe(
    [
      'SEARCH c USING INTEGER PRIMARY KEY (rowid=?)',
      'CORRELATED SCALAR SUBQUERY 1',
      '  SEARCH orders USING COVERING INDEX by_customer (customer_id=?)',
    ].join('\n'),
  );
});

describe('catalogue', () => {
  test('names tables and views with columns and keys', async () => {
    const { tables, more } = await bench.source.catalogue(asking(), { detail: 'full', limit: 10 });
    expect(more).toBe(false);
    expect(tables.map(({ name, kind, rows }) => [name, kind, rows])).toEqual([
      ['customers', 'table', 2],
      ['notes', 'table', undefined],
      ['"order"', 'table', undefined],
      ['orders', 'table', 10],
      ['totals', 'view', undefined],
    ]);
    expect(tables.find(({ name }) => name === 'orders')).toMatchObject({
      columns: [
        { name: 'id', type: 'INTEGER', nullable: false },
        { name: 'customer_id', type: 'INTEGER', nullable: true },
        { name: 'amount', type: 'REAL' },
        { name: 'placed', type: 'TEXT' },
        { name: 'doubled', type: 'REAL' },
      ],
      primaryKey: ['id'],
      foreignKeys: [{ columns: ['customer_id'], table: 'customers', references: ['id'] }],
    });
    expect(tables.find(({ name }) => name === '"order"')?.primaryKey).toEqual(['b', 'a']);
  });

  test.each(['orders', 'ORDERS', 'main.orders', '"orders"'])('finds %s', async (table) => {
    const { tables } = await bench.source.catalogue(asking(), { table, detail: 'columns', limit: 10 });
    expect(tables.map(({ name }) => name)).toEqual(['orders']);
  });

  test('tells of the others where a view stands on what is gone', async () => {
    const path = join(bench.folder, 'broken.sqlite');
    const database = new DatabaseSync(path);
    database.exec(
      'CREATE TABLE a (id); CREATE TABLE gone (x); CREATE VIEW v AS SELECT * FROM gone; DROP TABLE gone',
    );
    database.close();
    const one = bench.open({ path });
    const { tables } = await one.catalogue(asking(), { detail: 'full', limit: 10 });
    expect(tables).toMatchObject([
      { name: 'a', columns: [{ name: 'id' }] },
      { name: 'v', columns: [] },
    ]);
    expect((await failureOf(ask(one, 'SELECT nix FROM a'))).code).toBe('SQL_ERROR');
  });

  test('is bounded, and looks into no other file', async () => {
    const asked = { detail: 'names', limit: 2, path: '/etc/passwd' } as const;
    expect(await bench.source.catalogue(asking(), asked)).toMatchObject({
      more: true,
      tables: [{ name: 'customers', columns: [] }, { name: 'notes' }],
    });
  });
});

describe('modify', () => {
  const change = (
    sql: string,
    changes: { dryRun?: boolean; maxAffected?: number } = {},
    one = bench.source,
  ) => one.modify?.(asking(), { ...statement(sql), dryRun: false, maxAffected: 5, ...changes });

  test('tells what it would change, and changes it when it is meant', async () => {
    const sql = "UPDATE orders SET placed = '2027' WHERE id < 4";
    const placed = () => ask(bench.source, "SELECT count(*) FROM orders WHERE placed = '2027'");
    expect(await change(sql, { dryRun: true })).toEqual({ affected: 3, applied: false });
    expect((await placed()).rows).toEqual([[0]]);
    expect(await change(sql)).toEqual({ affected: 3, applied: true });
    expect((await placed()).rows).toEqual([[3]]);
  });

  test('takes back what changes more than it may', async () => {
    const error = await failureOf(Promise.resolve(change("UPDATE orders SET placed = 'x'")));
    expect(error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'The statement would change 10 rows, more than max_affected=5; nothing was changed.',
    });
    expect((await ask(bench.source, "SELECT count(*) FROM orders WHERE placed = 'x'")).rows).toEqual([[0]]);
  });

  test.each([
    ["INSERT INTO customers (name) VALUES ('New') RETURNING id", 1],
    ["REPLACE INTO customers (id, name) VALUES (77, 'Other')", 1],
    ['WITH x AS (SELECT 77 AS id) DELETE FROM customers WHERE id IN (SELECT id FROM x)', 1],
  ])('takes %s', async (sql, affected) => {
    expect(await change(sql)).toEqual({ affected, applied: true });
  });

  test('is not there where the operator has not allowed it', async () => {
    const error = await failureOf(Promise.resolve(change('DELETE FROM orders', {}, bench.open())));
    expect(error.code).toBe('READ_ONLY');
  });
});
