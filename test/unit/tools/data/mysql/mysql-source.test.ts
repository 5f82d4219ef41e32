import { describe, expect, test } from 'vitest';
import { ask, asking, failureOf, statement } from '../../../../fixtures/data-source.ts';
import { startMariaDb } from '../../../../fixtures/mariadb-server.ts';
import { change, describeServerSource } from '../../../../fixtures/server-source-suite.ts';
import { serverBench } from '../../../../fixtures/server-source.ts';
import { MARIADB_ERRORS, MARIADB_SHOP, MARIADB_VALUES } from '../../../../fixtures/shop-databases.ts';

const bench = serverBench({
  start: startMariaDb,
  fill: (server) => server.run(...MARIADB_SHOP),
  url: (server) => server.url('reader', 'read only'),
  writeUrl: (server) => server.url('writer', 'and write'),
  options: { name: 'shop', kind: 'mysql' },
});

describeServerSource({
  bench,
  scheme: 'mysql',
  dialect: /^MariaDB \d+\.\d+$/,
  placeholder: '?',
  wholeNumber: 'int',
  values: MARIADB_VALUES,
  ones: [
    ...['SELECT 1;', 'SELECT 1 -- one', 'SELECT 1 # one', '/* one */ SELECT 1;;', 'VALUES (1)'],
    ...['WITH a AS (SELECT 1) SELECT * FROM a', '(SELECT 1)'],
  ],
  errors: MARIADB_ERRORS,
  accounts: [
    ['boss', 'all', 'ALL PRIVILEGES'],
    ['filer', 'files', 'the privileges FILE'],
    ['heir', 'heir', 'the privileges CREATE'],
    ['reader', 'wrong', 'its server refuses the account'],
  ],
  number: 'seq',
  series: (last, ...others) => `SELECT ${['seq', ...others].join(', ')} FROM counting.seq_1_to_${last}`,
  endless:
    'SELECT COUNT(*) FROM counting.seq_1_to_1000000 a, counting.seq_1_to_1000000 b WHERE a.seq % 7 = b.seq % 5',
  active: "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'reader' AND info IS NOT NULL",
  disconnect: 'KILL USER reader',
  newPassword: (password) => `ALTER USER reader IDENTIFIED BY '${password}'`,
  isEncrypted:
    "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'",
  spellings: ['orders', 'ORDERS', 'shop.orders', '`orders`'],
  changes: [
    ["INSERT INTO customers VALUES (7, 'New', NULL)", 1],
    ["REPLACE INTO customers VALUES (7, 'Newer', NULL)", 2],
    ['DELETE FROM customers WHERE id = 7;', 1],
  ],
});

describe('query', () => {
  test('tells types by which an export keeps numbers', async () => {
    const sql =
      'SELECT id, amount, CAST(1 AS UNSIGNED), SUM(amount), name FROM orders, (SELECT name FROM customers) c';
    const { columns } = await ask(bench.source, sql);
    expect(columns.map(({ type }) => type)).toEqual([
      'bigint',
      'decimal(10,2)',
      expect.stringMatching(/^(big)?int unsigned$/),
      'decimal(32,2)',
      'varchar',
    ]);
  });

  test('takes parameters of every kind', async () => {
    const sql = 'SELECT ? DIV 2, ?, ?, JSON_EXTRACT(?, "$[1]") LIMIT ?';
    const { rows } = await ask(bench.source, sql, 7, true, null, [1, 5], 1);
    expect(rows).toEqual([[3, 1, null, expect.anything()]]);
  });
});

test('an account that cannot be inspected leaves no connection', async () => {
  await bench.server.run(
    "CREATE USER limited IDENTIFIED BY 'few' WITH MAX_QUERIES_PER_HOUR 1",
    'GRANT SELECT ON shop.* TO limited',
  );
  const one = bench.open({ url: bench.server.url('limited', 'few') });
  expect((await failureOf(ask(one, 'SELECT 1'))).code).toBe('SOURCE_UNAVAILABLE');
  const connections = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'limited'";
  await expect.poll(() => bench.server.run(connections)).toEqual([[0]]);
});

test('a stream that is given up while the server waits to send leaves no connection', async () => {
  const one = bench.open();
  const sql = "SELECT REPEAT('x', 700000) FROM counting.seq_1_to_1000";
  const writing = `SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'Writing to net'`;
  const { batches } = await one.stream(asking(), statement(sql));
  for await (const rows of batches) {
    expect(rows.length).toBeGreaterThan(0);
    let timesInARow = 0;
    const waits = async () =>
      (timesInARow = (await bench.server.run(writing))[0]?.[0] === 1 ? timesInARow + 1 : 0);
    await expect.poll(waits, { timeout: 5000 }).toBeGreaterThan(4);
    break;
  }
  await expect.poll(() => bench.server.run(writing)).toEqual([[0]]);
});

test('an account may have a role with any name', async () => {
  await bench.server.run(
    'CREATE ROLE `odd``role`',
    'GRANT SELECT ON shop.hidden TO `odd``role`',
    "CREATE USER odd IDENTIFIED BY 'odd'",
    'GRANT `odd``role` TO odd',
    'SET DEFAULT ROLE `odd``role` FOR odd',
  );
  const one = bench.open({ url: bench.server.url('odd', 'odd') });
  expect((await ask(one, 'SELECT COUNT(*) FROM hidden')).rows).toEqual([[0]]);
});

test('explain tells the plan', async () => {
  const plan = await bench.source.explain(asking(), statement('SELECT * FROM orders WHERE id = ?', 1));
  expect(plan).toMatch(/^id \| select_type \| table .*\n1 \| SIMPLE \| orders \|/);
});

test('modify does not touch what could not be taken back', async () => {
  await bench.server.run(
    'CREATE TABLE lasting (a INT) ENGINE = MyISAM',
    'GRANT SELECT ON shop.lasting TO writer',
  );
  const error = await failureOf(change(bench.source, 'DELETE FROM orders', { dryRun: true }));
  await bench.server.run('DROP TABLE lasting');
  expect(error.code).toBe('SOURCE_UNAVAILABLE');
  expect(error.message).toContain('lasting (MyISAM) cannot be rolled back');
});
