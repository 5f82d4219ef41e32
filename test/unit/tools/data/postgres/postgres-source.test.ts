import { describe, expect, test } from 'vitest';
import { ask, asking, failureOf, statement } from '../../../../fixtures/data-source.ts';
import { startPostgres } from '../../../../fixtures/postgres-server.ts';
import { change, describeServerSource } from '../../../../fixtures/server-source-suite.ts';
import { serverBench } from '../../../../fixtures/server-source.ts';
import { silentServer } from '../../../../fixtures/silent-server.ts';
import { POSTGRES_ERRORS, POSTGRES_SHOP, POSTGRES_VALUES } from '../../../../fixtures/shop-databases.ts';

const bench = serverBench({
  start: startPostgres,
  fill: (server) => server.run(POSTGRES_SHOP),
  url: (server) => server.url('reader', 'read only'),
  writeUrl: (server) => server.url('writer', 'and write'),
  options: { name: 'sales', kind: 'postgres' },
});

describeServerSource({
  bench,
  scheme: 'postgres',
  dialect: /^PostgreSQL \d+$/,
  placeholder: '$1',
  wholeNumber: 'integer',
  values: POSTGRES_VALUES,
  ones: [
    ...['SELECT 1;', 'SELECT 1 -- one', '/* /* nested */ */ SELECT 1;;', 'VALUES (1)'],
    ...['WITH a AS (SELECT 1) TABLE a', '(SELECT 1)'],
  ],
  errors: POSTGRES_ERRORS,
  accounts: [
    ['boss', 'super', 'its account is a superuser'],
    ['heir', 'heir', 'its account is a superuser'],
    ['filer', 'files', 'its account is a member of pg_read_server_files'],
    ['reader', 'wrong', 'its server refuses the account'],
  ],
  number: 'i',
  series: (last, ...others) =>
    `SELECT ${['i', ...others].join(', ')} FROM (SELECT generate_series(1, ${last}) AS i) s`,
  endless: 'SELECT count(*) FROM generate_series(1, 1e12::bigint)',
  active: "SELECT count(*) FROM pg_stat_activity WHERE usename = 'reader' AND state = 'active'",
  disconnect: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'",
  newPassword: (password) => `ALTER ROLE reader PASSWORD '${password}'`,
  isEncrypted: 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
  spellings: ['orders', 'ORDERS', 'public.orders'],
  changes: [
    ["INSERT INTO customers VALUES (7, 'New') RETURNING *", 1],
    ["WITH x AS (SELECT 7 AS id) UPDATE customers SET name = 'Newer' FROM x WHERE customers.id = x.id", 1],
    ['DELETE FROM customers WHERE id = 7;', 1],
  ],
});

describe('query', () => {
  test('keeps the offset of a time with its zone', async () => {
    const { rows } = await ask(bench.source, "SELECT '2026-03-01 10:00:00+00'::timestamptz");
    expect(Date.parse(rows[0]?.[0] as string)).toBe(Date.parse('2026-03-01T10:00:00Z'));
    expect(rows[0]?.[0]).toMatch(/^2026-03-01T\d\d:00:00(Z|[+-]\d\d:\d\d)$/);
  });

  test('tells types by which an export keeps numbers', async () => {
    const { columns } = await ask(bench.source, 'SELECT id, amount, sum(amount) FROM orders GROUP BY id');
    expect(columns.map(({ type }) => type)).toEqual(['bigint', 'numeric(10,2)', 'numeric']);
  });

  test('takes parameters of every kind', async () => {
    const sql = 'SELECT $1::int + 1, $2::bool, $3::text, $4::int[], $5::jsonb';
    const { rows } = await ask(bench.source, sql, 1, true, null, [1, 2], { a: 1 });
    expect(rows).toEqual([[2, true, null, [1, 2], { a: 1 }]]);
  });
});

test('a stream tells where a statement fails half way', async () => {
  const sql = 'SELECT 1 / (500 - i) FROM generate_series(1, 1000) i';
  const { batches } = await bench.source.stream(asking(), statement(sql));
  const taken = (async () => {
    for await (const rows of batches) expect(rows).not.toEqual([]);
  })();
  expect((await failureOf(taken)).message).toBe('division by zero.');
});

describe('explain', () => {
  test('tells the plan and runs nothing', async () => {
    const sql = 'SELECT 1 / (id - 1) FROM orders WHERE id = $1';
    expect(await bench.source.explain(asking(), statement(sql, 1))).toMatch(/Scan.* on orders/);
  });

  test('points into the same statement', async () => {
    const error = await failureOf(bench.source.explain(asking(), statement('SELECT nme FROM customers')));
    expect(error.message).toMatch(/^column "nme" does not exist at line 1, column 8\./);
  });
});

test('modify points into the statement', async () => {
  expect(await failureOf(change(bench.source, "UPDATE customers SET nme = 'x'"))).toMatchObject({
    message: 'column "nme" of relation "customers" does not exist at line 1, column 22.',
    next: 'use name instead of nme',
  });
});

test('a server without TLS is refused where that is asked for', async () => {
  // It does not speak it (PostgreSQL documentation, "SSL Session Encryption").
  const { port, close } = await silentServer('N');
  const one = bench.open({ url: `postgres://me:secret@127.0.0.1:${port}/db`, tls: 'verify' });
  expect(await one.check()).toMatchObject({ status: 'degraded' });
  close();
});
