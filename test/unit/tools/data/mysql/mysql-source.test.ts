import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMysql } from '../../../../../src/tools/data/mysql/index.ts';
import { databaseSource } from '../../../../../src/tools/data/options/databases.ts';
import type { DataSource } from '../../../../../src/tools/data/source.ts';
import { ask, asking, failureOf, statement } from '../../../../fixtures/data-source.ts';
import { MARIADB_ERRORS, MARIADB_SHOP, MARIADB_VALUES } from '../../../../fixtures/shop-databases.ts';
import { type MariaDbServer, startMariaDb } from '../../../../fixtures/mariadb-server.ts';
import { silentServer } from '../../../../fixtures/silent-server.ts';

const FIRST = { limit: 100, offset: 0 };

let server: MariaDbServer;
let source: DataSource;
const opened: DataSource[] = [];

function openSource(changes: Record<string, unknown> = {}): DataSource {
  const url = server.url('reader', 'read only');
  const options = databaseSource.parse({ name: 'shop', kind: 'mysql', url, ...changes });
  if (options.kind !== 'mysql') throw new Error('No MySQL');
  const one = openMysql(options);
  opened.push(one);
  return one;
}

beforeAll(async () => {
  server = await startMariaDb();
  await server.run(...MARIADB_SHOP);
  source = openSource({ writable: true, writeUrl: server.url('writer', 'and write') });
});

afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await server.stop();
});

describe('query', () => {
  test('answers columns with their types, and rows', async () => {
    expect(await ask(source, 'SELECT id, name, email FROM customers WHERE id >= ? ORDER BY id', 1)).toEqual({
      columns: [
        { name: 'id', type: 'int' },
        { name: 'name', type: 'varchar' },
        { name: 'email', type: 'text' },
      ],
      rows: [
        [1, 'Ada', null],
        [2, 'Grace', 'grace@example.com'],
      ],
      more: false,
    });
    expect(source.dialect).toMatch(/^MariaDB \d+\.\d+$/);
  });

  test.each(MARIADB_VALUES)('answers %s as JSON', async (expression, value) => {
    expect((await ask(source, `SELECT ${expression} AS v`)).rows).toEqual([[value]]);
  });

  test('tells types by which an export keeps numbers', async () => {
    const { columns } = await ask(source, 'SELECT id, amount, CAST(1 AS UNSIGNED), SUM(amount) FROM orders');
    expect(columns.map(({ type }) => type)).toEqual([
      'bigint',
      'decimal(10,2)',
      expect.stringMatching(/^(big)?int unsigned$/),
      'decimal(32,2)',
    ]);
  });

  test('takes parameters of every kind', async () => {
    const sql = 'SELECT ? DIV 2, ?, ?, JSON_EXTRACT(?, "$[1]") LIMIT ?';
    const { rows } = await ask(source, sql, 7, true, null, [1, 5], 1);
    expect(rows).toEqual([[3, 1, null, expect.anything()]]);
  });

  test.each([
    'SELECT 1;',
    'SELECT 1 -- one',
    'SELECT 1 # one',
    '/* one */ SELECT 1;;',
    'VALUES (1)',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    '(SELECT 1)',
  ])('takes %j', async (sql) => {
    expect((await ask(source, sql)).rows).toEqual([[1]]);
  });

  test('keeps columns of the same name apart', async () => {
    expect(
      await ask(source, 'SELECT c.id, o.id FROM customers c JOIN orders o ON o.id = c.id'),
    ).toMatchObject({
      columns: [{ name: 'id' }, { name: 'id' }],
      rows: [
        [1, 1],
        [2, 2],
      ],
    });
  });

  test.each(['SELECT seq FROM counting.seq_1_to_2500', 'SELECT seq FROM counting.seq_1_to_9999 LIMIT 2500'])(
    'says exactly whether there is more of %s',
    async (sql) => {
      const page = (limit: number, offset: number) =>
        source.query(asking(), statement(sql), { limit, offset });
      const whole = await page(1000, 0);
      expect(whole).toMatchObject({ more: true });
      expect(whole.rows).toHaveLength(1000);
      expect(await page(2, 2498)).toMatchObject({ rows: [[2499], [2500]], more: false });
      expect(await page(2, 2497)).toMatchObject({ rows: [[2498], [2499]], more: true });
      expect(await page(2, 9999)).toMatchObject({
        columns: [{ type: 'bigint unsigned' }],
        rows: [],
        more: false,
      });
    },
  );
});

describe('errors', () => {
  test.each(MARIADB_ERRORS)('%j', async (sql, message, next) => {
    const error = await failureOf(ask(source, sql));
    expect(error.code).toBe('SQL_ERROR');
    expect(error.message).toMatch(message);
    expect(error.next).toMatch(next);
  });
});

describe('what cannot be used', () => {
  test.each([
    ['boss', 'all', 'ALL PRIVILEGES'],
    ['filer', 'files', 'the privileges FILE'],
    ['heir', 'heir', 'the privileges CREATE'],
    ['reader', 'wrong', 'its server refuses the account'],
  ])('as %s with %s', async (user, password, reason) => {
    const one = openSource({ url: server.url(user, password) });
    const report = await one.check();
    expect(report.status).toBe('degraded');
    expect(report.detail).toContain(reason);
    const error = await failureOf(ask(one, 'SELECT 1'));
    expect(error.code).toBe('SOURCE_UNAVAILABLE');
    expect(error.message).toContain(reason);
    expect(`${error.message} ${error.next ?? ''}`).not.toMatch(new RegExp(`127|${server.port}|${user}`));
  });

  test('a server that is not there', async () => {
    const one = openSource({ url: 'mysql://me:secret@127.0.0.1:1/db' });
    expect(await one.check()).toEqual({ status: 'degraded', detail: 'its server cannot be reached' });
  });

  test('a server that says nothing', async () => {
    const silent = await silentServer();
    const one = openSource({ url: `mysql://me:secret@127.0.0.1:${silent.port}/db` });
    const started = performance.now();
    const asked = one.query(asking({ timeoutMs: 100 }), statement('SELECT 1'), FIRST);
    expect((await failureOf(asked)).code).toBe('TIMEOUT');
    expect(performance.now() - started).toBeLessThan(3000);
    silent.close();
  });
});

describe('ending', () => {
  const ENDLESS =
    'SELECT COUNT(*) FROM counting.seq_1_to_1000000 a, counting.seq_1_to_1000000 b WHERE a.seq % 7 = b.seq % 5';
  const active = async () =>
    Number(
      (
        await server.run(
          "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'reader' AND info IS NOT NULL",
        )
      )[0]?.[0],
    );

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
    await server.run('KILL USER reader');
    expect((await ask(source, 'SELECT 1')).rows).toEqual([[1]]);
  });
});

describe('stream', () => {
  test('hands all rows over in batches that fit, at the pace of who takes them', async () => {
    const { columns, batches } = await source.stream(
      asking(),
      statement("SELECT seq, REPEAT('x', 2000) AS pad FROM counting.seq_1_to_5000 WHERE seq <= ?", 2500),
    );
    expect(columns.map(({ name }) => name)).toEqual(['seq', 'pad']);
    const sizes: number[] = [];
    for await (const rows of batches) sizes.push(rows.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2500);
    expect(Math.max(...sizes)).toBeLessThan(600);
  });

  test('ended early, ends the statement and gives its place back', async () => {
    const one = openSource({ maxConnections: 1 });
    const { batches } = await one.stream(asking(), statement('SELECT seq FROM counting.seq_1_to_1000000000'));
    for await (const rows of batches) {
      expect(rows.length).toBeGreaterThan(0);
      break;
    }
    expect((await ask(one, 'SELECT 1')).rows).toEqual([[1]]);
  });

  test('goes beyond what one answer may hold', async () => {
    const sql = "SELECT seq, REPEAT('x', 500000) FROM counting.seq_1_to_140";
    const { batches } = await source.stream(asking(), statement(sql));
    let rows = 0;
    for await (const batch of batches) rows += batch.length;
    expect(rows).toBe(140);
  });

  test('whose connection is lost half way, ends at once', async () => {
    const one = openSource({ maxConnections: 1 });
    const { batches } = await one.stream(asking(), statement('SELECT seq FROM counting.seq_1_to_1000000000'));
    const taken = (async () => {
      let isFirst = true;
      for await (const batch of batches) {
        expect(batch).not.toEqual([]);
        if (isFirst) await server.run('KILL USER reader');
        isFirst = false;
      }
    })();
    expect((await failureOf(taken)).code).toBe('SOURCE_UNAVAILABLE');
  });

  test('forgotten, ends with its deadline', async () => {
    const one = openSource({ maxConnections: 1 });
    await one.stream(asking({ timeoutMs: 300 }), statement('SELECT seq FROM counting.seq_1_to_1000000000'));
    expect((await ask(one, 'SELECT 1')).rows).toEqual([[1]]);
  });
});

test('explain tells the plan', async () => {
  const plan = await source.explain(asking(), statement('SELECT * FROM orders WHERE id = ?', 1));
  expect(plan).toMatch(/^id \| select_type \| table .*\n1 \| SIMPLE \| orders \|/);
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
          { name: 'id', type: 'int(11)', nullable: false },
          { name: 'name', type: 'varchar(50)', nullable: false },
          { name: 'email', type: 'text', nullable: true, comment: 'lower case' },
        ],
        primaryKey: ['id'],
      },
      { name: '`order`', primaryKey: ['b', 'a'] },
      { name: 'orders', foreignKeys: [{ columns: ['customer_id'], table: 'customers', references: ['id'] }] },
      { name: 'totals', kind: 'view', columns: [{}, { name: 'total' }] },
    ]);
  });

  test.each(['orders', 'ORDERS', 'shop.orders', '`orders`'])('finds %s', async (table) => {
    const { tables } = await source.catalogue(asking(), { table, detail: 'columns', limit: 10 });
    expect(tables.map(({ name }) => name)).toEqual(['orders']);
  });

  test('is bounded, and by the schemas of the operator', async () => {
    expect(await source.catalogue(asking(), { detail: 'names', limit: 2 })).toMatchObject({ more: true });
    const one = openSource({ schemas: ['elsewhere'] });
    expect(await one.catalogue(asking(), { detail: 'names', limit: 10 })).toEqual({
      tables: [],
      more: false,
    });
  });
});

describe('modify', () => {
  const change = (sql: string, changes: { dryRun?: boolean; maxAffected?: number } = {}, one = source) =>
    Promise.resolve(one.modify?.(asking(), { ...statement(sql), dryRun: false, maxAffected: 5, ...changes }));

  test('tells what it would change, and changes it when it is meant', async () => {
    const sql = 'UPDATE orders SET amount = 0 WHERE id < 4';
    const free = () => ask(source, 'SELECT COUNT(*) FROM orders WHERE amount = 0');
    expect(await change(sql, { dryRun: true })).toEqual({ affected: 3, applied: false });
    expect((await free()).rows).toEqual([[0]]);
    expect(await change(sql)).toEqual({ affected: 3, applied: true });
    expect((await free()).rows).toEqual([[3]]);
  });

  test('takes back what changes more than it may', async () => {
    const error = await failureOf(change('DELETE FROM orders'));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect((await ask(source, 'SELECT COUNT(*) FROM orders')).rows).toEqual([[10]]);
  });

  test.each([
    ["INSERT INTO customers VALUES (7, 'New', NULL)", 1],
    ["REPLACE INTO customers VALUES (7, 'Newer', NULL)", 2],
    ['DELETE FROM customers WHERE id = 7;', 1],
  ])('takes %s', async (sql, affected) => {
    expect(await change(sql)).toEqual({ affected, applied: true });
  });

  test('does not touch what could not be taken back', async () => {
    await server.run(
      'CREATE TABLE lasting (a INT) ENGINE = MyISAM',
      'GRANT SELECT ON shop.lasting TO writer',
    );
    const error = await failureOf(change('DELETE FROM orders', { dryRun: true }));
    await server.run('DROP TABLE lasting');
    expect(error.code).toBe('SOURCE_UNAVAILABLE');
    expect(error.message).toContain('lasting (MyISAM) cannot be rolled back');
  });

  test('is not there where the operator has not allowed it', async () => {
    expect((await failureOf(change('DELETE FROM orders', {}, openSource()))).code).toBe('READ_ONLY');
  });
});
