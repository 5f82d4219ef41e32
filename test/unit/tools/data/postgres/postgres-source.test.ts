import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { databaseSource } from '../../../../../src/tools/data/options/databases.ts';
import { openPostgres } from '../../../../../src/tools/data/postgres/index.ts';
import type { DataSource } from '../../../../../src/tools/data/source.ts';
import { ask, asking, failureOf, statement } from '../../../../fixtures/data-source.ts';
import { POSTGRES_SHOP, POSTGRES_VALUES } from '../../../../fixtures/shop-databases.ts';
import { type PostgresServer, startPostgres } from '../../../../fixtures/postgres-server.ts';
import { silentServer } from '../../../../fixtures/silent-server.ts';

const FIRST = { limit: 100, offset: 0 };

let server: PostgresServer;
let source: DataSource;
const opened: DataSource[] = [];

function openSource(changes: Record<string, unknown> = {}): DataSource {
  const url = server.url('reader', 'read only');
  const options = databaseSource.parse({ name: 'sales', kind: 'postgres', url, ...changes });
  if (options.kind !== 'postgres') throw new Error('No PostgreSQL');
  const one = openPostgres(options);
  opened.push(one);
  return one;
}

beforeAll(async () => {
  server = await startPostgres();
  await server.run(POSTGRES_SHOP);
  source = openSource({ writable: true, writeUrl: server.url('writer', 'and write') });
});

afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await server.stop();
});

describe('query', () => {
  test('answers columns with their types, and rows', async () => {
    expect(await ask(source, 'SELECT id, name, email FROM customers WHERE id >= $1 ORDER BY id', 1)).toEqual({
      columns: [
        { name: 'id', type: 'integer' },
        { name: 'name', type: 'text' },
        { name: 'email', type: 'text' },
      ],
      rows: [
        [1, 'Ada', null],
        [2, 'Grace', 'grace@example.com'],
      ],
      more: false,
    });
    expect(source.dialect).toMatch(/^PostgreSQL \d+$/);
  });

  test.each(POSTGRES_VALUES)('answers %s as JSON', async (expression, value) => {
    expect((await ask(source, `SELECT ${expression} AS v`)).rows).toEqual([[value]]);
  });

  test('keeps the offset of a time with its zone', async () => {
    const { rows } = await ask(source, "SELECT '2026-03-01 10:00:00+00'::timestamptz");
    expect(Date.parse(rows[0]?.[0] as string)).toBe(Date.parse('2026-03-01T10:00:00Z'));
    expect(rows[0]?.[0]).toMatch(/^2026-03-01T\d\d:00:00(Z|[+-]\d\d:\d\d)$/);
  });

  test('tells types by which an export keeps numbers', async () => {
    const { columns } = await ask(source, 'SELECT id, amount, sum(amount) FROM orders GROUP BY id');
    expect(columns.map(({ type }) => type)).toEqual(['bigint', 'numeric(10,2)', 'numeric']);
  });

  test('takes parameters of every kind', async () => {
    const sql = 'SELECT $1::int + 1, $2::bool, $3::text, $4::int[], $5::jsonb';
    const { rows } = await ask(source, sql, 1, true, null, [1, 2], { a: 1 });
    expect(rows).toEqual([[2, true, null, [1, 2], { a: 1 }]]);
  });

  test.each([
    'SELECT 1;',
    'SELECT 1 -- one',
    '/* /* nested */ */ SELECT 1;;',
    'VALUES (1)',
    'WITH a AS (SELECT 1) TABLE a',
    '(SELECT 1)',
  ])('takes %j', async (sql) => {
    expect((await ask(source, sql)).rows).toEqual([[1]]);
  });

  test('says exactly whether there is more, over more rows than are fetched at once', async () => {
    const page = (limit: number, offset: number) =>
      source.query(asking(), statement('SELECT generate_series(1, 2500)'), { limit, offset });
    const whole = await page(1000, 0);
    expect(whole).toMatchObject({ more: true });
    expect(whole.rows).toHaveLength(1000);
    expect(await page(2, 2498)).toMatchObject({ rows: [[2499], [2500]], more: false });
    expect(await page(2, 2497)).toMatchObject({ rows: [[2498], [2499]], more: true });
    expect(await page(2, 9999)).toMatchObject({ columns: [{ type: 'integer' }], rows: [], more: false });
  });
});

describe('errors', () => {
  test.each([
    [
      'SELECT nme FROM customers',
      /^column "nme" does not exist at line 1, column 8\./,
      /use name instead of nme/,
    ],
    [
      'SELECT *\nFROM custmers',
      'relation "custmers" does not exist at line 2, column 6.',
      /use customers instead/,
    ],
    [
      "SELECT 'é😀', nix('x')",
      /^function nix\(unknown\) does not exist at line 1, column 15\. No function/,
      /^correct/,
    ],
    ['SELECT * FROM hidden', 'permission denied for table hidden.', /^correct/],
    ['SELECT 1 WHERE $1', /could not determine|bind message|argument of WHERE/, /^correct/],
    ['SELECT 1/0', 'division by zero.', /^correct/],
  ])('%j', async (sql, message, next) => {
    const error = await failureOf(ask(source, sql));
    expect(error.code).toBe('SQL_ERROR');
    expect(error.message).toMatch(message);
    expect(error.next).toMatch(next);
  });

  test('explain points into the same statement', async () => {
    const error = await failureOf(source.explain(asking(), statement('SELECT nme FROM customers')));
    expect(error.message).toMatch(/^column "nme" does not exist at line 1, column 8\./);
  });
});

describe('what cannot be used', () => {
  test.each([
    ['boss', 'super', 'its account is a superuser'],
    ['heir', 'heir', 'its account is a superuser'],
    ['filer', 'files', 'its account is a member of pg_read_server_files'],
    ['reader', 'wrong', 'its server refuses the account'],
  ])('as %s with %s', async (user, password, reason) => {
    const one = openSource({ url: server.url(user, password) });
    const report = await one.check();
    expect(report.status).toBe('degraded');
    expect(report.detail).toContain(reason);
    const error = await failureOf(ask(one, 'SELECT 1'));
    expect(error.code).toBe('SOURCE_UNAVAILABLE');
    expect(error.message).toContain(reason);
    expect(`${error.message} ${error.next ?? ''}`).not.toMatch(
      new RegExp(`127|${password}$|${server.port}|${user}`),
    );
  });

  test('a server that is not there', async () => {
    const one = openSource({ url: 'postgres://me:secret@127.0.0.1:1/db' });
    expect(await one.check()).toEqual({ status: 'degraded', detail: 'its server cannot be reached' });
  });

  test('a server that says nothing', async () => {
    const silent = await silentServer();
    const one = openSource({ url: `postgres://me:secret@127.0.0.1:${silent.port}/db` });
    const started = performance.now();
    const asked = one.query(asking({ timeoutMs: 100 }), statement('SELECT 1'), FIRST);
    expect((await failureOf(asked)).code).toBe('TIMEOUT');
    expect(performance.now() - started).toBeLessThan(3000);
    silent.close();
  });

  test('a server without TLS, where that is asked for', async () => {
    const one = openSource({ tls: 'verify' });
    expect(await one.check()).toMatchObject({ status: 'degraded' });
  });
});

describe('ending', () => {
  const ENDLESS = 'SELECT count(*) FROM generate_series(1, 1e12::bigint)';
  const active = async () =>
    (
      await server.run(
        "SELECT count(*)::int FROM pg_stat_activity WHERE usename = 'reader' AND state = 'active'",
      )
    )[0]?.[0];

  test('the deadline ends a statement on the server', async () => {
    const error = await failureOf(source.query(asking({ timeoutMs: 200 }), statement(ENDLESS), FIRST));
    expect(error.code).toBe('TIMEOUT');
    await expect.poll(active).toBe(0);
  });

  test('the signal ends it on the server at once', async () => {
    const controller = new AbortController();
    const answer = source.query(asking({ signal: controller.signal }), statement(ENDLESS), FIRST);
    answer.catch(() => undefined);
    await expect.poll(active).toBe(1);
    const started = performance.now();
    controller.abort(new Error('gone'));
    await expect(answer).rejects.toThrow('gone');
    expect(performance.now() - started).toBeLessThan(900);
    await expect.poll(active).toBe(0);
    expect((await ask(source, 'SELECT 1')).rows).toEqual([[1]]);
  });

  test('a connection that was lost meanwhile is replaced', async () => {
    await ask(source, 'SELECT 1');
    await server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'");
    expect((await ask(source, 'SELECT 1')).rows).toEqual([[1]]);
  });
});

describe('stream', () => {
  test('hands all rows over in batches that fit', async () => {
    const { columns, batches } = await source.stream(
      asking(),
      statement("SELECT i, repeat('x', 2000) AS pad FROM generate_series(1, $1::int) i", 2500),
    );
    expect(columns.map(({ name }) => name)).toEqual(['i', 'pad']);
    const sizes: number[] = [];
    for await (const rows of batches) sizes.push(rows.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2500);
    expect(Math.max(...sizes)).toBeLessThan(600);
  });

  test('ended early, gives its connection back', async () => {
    const one = openSource({ maxConnections: 1 });
    const { batches } = await one.stream(asking(), statement('SELECT generate_series(1, 1e9::bigint)'));
    for await (const rows of batches) {
      expect(rows.length).toBeGreaterThan(0);
      break;
    }
    expect((await ask(one, 'SELECT 1')).rows).toEqual([[1]]);
  });

  test('forgotten, ends with its deadline', async () => {
    const one = openSource({ maxConnections: 1 });
    await one.stream(asking({ timeoutMs: 300 }), statement('SELECT generate_series(1, 1e6::bigint)'));
    expect((await ask(one, 'SELECT 1')).rows).toEqual([[1]]);
  });

  test('tells where a statement fails half way', async () => {
    const { batches } = await source.stream(
      asking(),
      statement('SELECT 1 / (500 - i) FROM generate_series(1, 1000) i'),
    );
    const error = await failureOf(
      (async () => {
        for await (const rows of batches) expect(rows).not.toEqual([]);
      })(),
    );
    expect(error.message).toBe('division by zero.');
  });
});

test('explain tells the plan and runs nothing', async () => {
  const plan = await source.explain(asking(), statement('SELECT 1 / (id - 1) FROM orders WHERE id = $1', 1));
  expect(plan).toMatch(/Scan.* on orders/);
});

describe('catalogue', () => {
  test('names what the account can read, with comments and keys', async () => {
    const { tables, more } = await source.catalogue(asking(), { detail: 'full', limit: 10 });
    expect(more).toBe(false);
    expect(tables).toMatchObject([
      {
        name: 'customers',
        kind: 'table',
        rows: 2,
        comment: 'Who has ever bought',
        columns: [
          { name: 'id', type: 'integer', nullable: false },
          { name: 'name', type: 'text', nullable: false },
          { name: 'email', type: 'text', nullable: true, comment: 'lower case' },
        ],
        primaryKey: ['id'],
      },
      {
        name: 'orders',
        columns: [{}, {}, { type: 'numeric(10,2)' }, { type: 'timestamp with time zone' }],
        foreignKeys: [{ columns: ['customer_id'], table: 'customers', references: ['id'] }],
      },
      { name: 'totals', kind: 'view', primaryKey: [] },
      { name: '"Old Stuff"."Order"', primaryKey: ['b', 'a'] },
    ]);
  });

  test.each(['orders', 'ORDERS', 'public.orders'])('finds %s', async (table) => {
    const { tables } = await source.catalogue(asking(), { table, detail: 'columns', limit: 10 });
    expect(tables.map(({ name }) => name)).toEqual(['orders']);
  });

  test('is bounded, and by the schemas of the operator', async () => {
    expect(await source.catalogue(asking(), { detail: 'names', limit: 2 })).toMatchObject({ more: true });
    const one = openSource({ schemas: ['Old Stuff'] });
    const { tables } = await one.catalogue(asking(), { detail: 'names', limit: 10 });
    expect(tables.map(({ name }) => name)).toEqual(['"Old Stuff"."Order"']);
  });
});

describe('modify', () => {
  const change = (sql: string, changes: { dryRun?: boolean; maxAffected?: number } = {}, one = source) =>
    Promise.resolve(one.modify?.(asking(), { ...statement(sql), dryRun: false, maxAffected: 5, ...changes }));

  test('tells what it would change, and changes it when it is meant', async () => {
    const sql = 'UPDATE orders SET amount = 0 WHERE id < 4';
    const free = () => ask(source, 'SELECT count(*) FROM orders WHERE amount = 0');
    expect(await change(sql, { dryRun: true })).toEqual({ affected: 3, applied: false });
    expect((await free()).rows).toEqual([[0]]);
    expect(await change(sql)).toEqual({ affected: 3, applied: true });
    expect((await free()).rows).toEqual([[3]]);
  });

  test('takes back what changes more than it may', async () => {
    const error = await failureOf(change('DELETE FROM orders'));
    expect(error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'The statement would change 10 rows, more than max_affected=5; nothing was changed.',
    });
    expect((await ask(source, 'SELECT count(*) FROM orders')).rows).toEqual([[10]]);
  });

  test.each([
    ["INSERT INTO customers VALUES (7, 'New') RETURNING *"],
    ["WITH x AS (SELECT 7 AS id) UPDATE customers SET name = 'Newer' FROM x WHERE customers.id = x.id"],
    ['DELETE FROM customers WHERE id = 7;'],
  ])('takes %s', async (sql) => {
    expect(await change(sql)).toEqual({ affected: 1, applied: true });
  });

  test('points into the statement', async () => {
    const error = await failureOf(change("UPDATE customers SET nme = 'x'"));
    expect(error).toMatchObject({
      message: 'column "nme" of relation "customers" does not exist at line 1, column 22.',
      next: 'use name instead of nme',
    });
  });

  test('is not there where the operator has not allowed it', async () => {
    expect((await failureOf(change('DELETE FROM orders', {}, openSource()))).code).toBe('READ_ONLY');
  });
});
