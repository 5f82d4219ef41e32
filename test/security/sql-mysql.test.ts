import { expect, test } from 'vitest';
import { ask } from '../fixtures/data-source.ts';
import { startMariaDb } from '../fixtures/mariadb-server.ts';
import { describeRefusals } from '../fixtures/refused-statements.ts';
import { serverBench } from '../fixtures/server-source.ts';

const bench = serverBench({
  start: startMariaDb,
  fill: (server) =>
    server.run(
      'CREATE TABLE t (a INT, b VARCHAR(20))',
      "INSERT INTO t VALUES (1, 'one'), (2, 'two')",
      'CREATE SEQUENCE s',
      'CREATE FUNCTION writes() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM t; RETURN 1; END',
      'CREATE PROCEDURE proc() DELETE FROM t',
      "CREATE USER reader IDENTIFIED BY 'read only'",
      'GRANT SELECT ON shop.* TO reader',
      "CREATE USER writer IDENTIFIED BY 'and write'",
      'GRANT SELECT, INSERT, UPDATE, DELETE ON shop.t TO writer',
    ),
  url: (server) => server.url('reader', 'read only'),
  writeUrl: (server) => server.url('writer', 'and write'),
  options: { name: 'shop', kind: 'mysql', maxConnections: 1 },
});

/** All rows, everything there is in the catalogue, the sequence, and the accounts with their passwords. */
async function fingerprint(): Promise<unknown[][]> {
  return bench.server.run(
    `SELECT (SELECT GROUP_CONCAT(a, b ORDER BY a) FROM t), (SELECT next_not_cached_value FROM s),
       (SELECT COUNT(*) FROM information_schema.tables), (SELECT COUNT(*) FROM information_schema.routines),
       (SELECT GROUP_CONCAT(user, authentication_string ORDER BY user) FROM mysql.user), @@GLOBAL.read_only,
       (SELECT COUNT(*) FROM information_schema.innodb_trx)`,
  );
}

/** What the one connection of the source is set to, seen by an ordinary statement. */
async function connectionState(): Promise<unknown> {
  const { rows } = await ask(
    bench.source,
    `SELECT CURRENT_USER(), @@sql_mode, @@tx_read_only, @@autocommit, @@foreign_key_checks, @mark,
       IS_USED_LOCK('x'), DATABASE(), @@max_statement_time, @@character_set_client`,
  );
  return rows;
}

const CLEAN = [
  [
    ...['reader@%', 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', 0, 1, 1, null],
    ...[null, 'shop', 32, 'utf8mb4'],
  ],
];

const REFUSED: readonly (readonly [string, string])[] = [
  ...[
    "INSERT INTO t VALUES (3, 'x')",
    'UPDATE t SET a = 0',
    'DELETE FROM t',
    "REPLACE INTO t VALUES (1, 'x')",
    'TRUNCATE t',
    'DROP TABLE t',
    'CREATE TABLE u (a INT)',
    'CREATE TEMPORARY TABLE u (a INT)',
    'ALTER TABLE t ADD c INT',
    'RENAME TABLE t TO u',
    'GRANT ALL ON *.* TO reader',
    "SET PASSWORD = PASSWORD('x')",
    "ALTER USER CURRENT_USER() IDENTIFIED BY 'x'",
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE t",
    "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t",
    'COMMIT',
    'COMMIT; DELETE FROM t',
    'SELECT 1; DELETE FROM t',
    "SELECT ';'; DELETE FROM t",
    "SELECT '\\';'; DELETE FROM t",
    'SELECT 1 -- x\n; DELETE FROM t',
    'SET autocommit = 1',
    'SET SESSION TRANSACTION READ WRITE',
    "SET @mark = 'x'",
    'SET STATEMENT max_statement_time = 0 FOR SELECT 1',
    'BEGIN NOT ATOMIC DELETE FROM t; END',
    'CALL proc()',
    'DO SLEEP(10)',
    "PREPARE p FROM 'DELETE FROM t'",
    "EXECUTE IMMEDIATE 'DELETE FROM t'",
    'HANDLER t OPEN',
    'LOCK TABLES t WRITE',
    'FLUSH TABLES WITH READ LOCK',
    'KILL 1',
    'USE mysql',
    'SHOW GRANTS',
    'EXPLAIN DELETE FROM t',
    'ANALYZE SELECT 1',
    'XA START "x"',
    'OPTIMIZE TABLE t',
    "INSTALL SONAME 'x'",
    "SELECT LOAD_FILE('/etc/passwd')",
    'SELECT SLEEP(10)',
    'SELECT `sleep`(10)',
    'SELECT sleep /* x */ (10)',
    'SELECT /*!50000 SLEEP(10), */ 1',
    'SELECT /*M! SLEEP(10), */ 1',
    'SELECT 1 --\u00a0, SLEEP(10) FROM (SELECT 1 AS \u00a0) x',
    "SELECT 1 --\u0001'\n, SLEEP(10) -- '",
    "SELECT BENCHMARK(1000000000, MD5('x'))",
    "SELECT GET_LOCK('x', 10)",
    'SELECT RELEASE_ALL_LOCKS()',
    'SELECT NEXTVAL(s)',
    'SELECT NEXT VALUE FOR s',
    'SELECT SETVAL(s, 100)',
    "SELECT MASTER_POS_WAIT('x', 1)",
    'SELECT * FROM t FOR UPDATE',
    'SELECT * FROM t LOCK IN SHARE MODE',
    'SELECT * FROM t FOR /* x */ UPDATE SKIP LOCKED',
    'SELECT * FROM (SELECT * FROM t FOR UPDATE) x',
    'BACKUP STAGE START',
    'BACKUP LOCK t',
    'CHECKSUM TABLE t',
    'SHUTDOWN',
    'RESET QUERY CACHE',
    "CHANGE MASTER TO MASTER_HOST = 'x'",
    "BINLOG 'x'",
    "SIGNAL SQLSTATE '45000'",
    'GET DIAGNOSTICS @mark = NUMBER',
    "HELP 'x'",
    'DESCRIBE t',
    'SAVEPOINT x',
    "SELECT name_const('x', SLEEP(10))",
    'SELECT * FROM t PARTITION (p) WHERE sleep\n(10)',
  ].map((sql) => [sql, 'SQL_NOT_READ_ONLY'] as const),
  ...[
    "SELECT 'x' INTO OUTFILE '/tmp/fairlead-out'",
    "SELECT 'x' INTO DUMPFILE '/tmp/fairlead-out'",
    "(SELECT 'x') INTO OUTFILE '/tmp/fairlead-out'",
    "SELECT 1 UNION SELECT 'x' INTO OUTFILE '/tmp/fairlead-out'",
    "SELECT 'x' INTO @mark",
    'SELECT * FROM t PROCEDURE ANALYSE()',
    'SELECT 1) OR EXISTS (SELECT 2',
    'SELECT 1) ; DELETE FROM t -- ',
    'WITH x AS (SELECT 1) DELETE FROM t',
    '(DELETE FROM t)',
    'SELECT writes()',
    'SELECT * FROM t WHERE writes() = 1',
    'SELECT * FROM mysql.user',
    'SELECT * FROM mysql.global_priv',
    "SELECT sys_exec('id') FROM t",
    'SELECT "sleep"(10)',
    'SELECT 1 /* unfinished',
    "(SELECT 'x') LIMIT 1 INTO @mark",
    "WITH x AS (SELECT 'x') SELECT * FROM x INTO OUTFILE '/tmp/fairlead-out'",
    'VALUES (1) INTO @mark',
    'SELECT @@GLOBAL.max_connections := 1',
    'SELECT 1 FROM t PROCEDURE sleep',
    'TABLE t',
    'SELECT * FROM information_schema.innodb_trx, mysql.db',
    "SELECT * FROM JSON_TABLE('[]', '$[*]' COLUMNS (a INT PATH '$')) x, mysql.user",
    'SELECT 1 -- \0\n, SLEEP(10)',
  ].map((sql) => [sql, 'SQL_NOT_READ_ONLY|SQL_ERROR'] as const),
  ["SELECT REPEAT('x', 9000000)", 'MEMORY_LIMIT'],
  ...[
    'SELECT COUNT(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b WHERE a.seq % 7 = b.seq % 5',
    'WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 4000000000) SELECT COUNT(*) FROM r, seq_1_to_1000000 x',
  ].map((sql) => [sql, 'TIMEOUT'] as const),
];

describeRefusals({
  source: () => bench.source,
  refused: REFUSED,
  changes: [
    'DROP TABLE t',
    'TRUNCATE t',
    'SELECT 1',
    'WITH x AS (SELECT 1) SELECT * FROM x',
    'DELETE FROM t; DELETE FROM t',
    'DELETE FROM t; COMMIT',
    '/*!50000 DROP */ TABLE t',
    'DELETE /*!50000 QUICK */ FROM t',
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE t",
    'CALL proc()',
    'COMMIT',
    "SET PASSWORD = PASSWORD('x')",
    'UPDATE t SET a = SLEEP(10)',
    "INSERT INTO t SELECT 1, LOAD_FILE('/etc/passwd')",
    "INSERT INTO t SELECT 1, GET_LOCK('x', 1)",
    "INSERT INTO t VALUES (1, 'x') ON DUPLICATE KEY UPDATE a = SLEEP(10)",
    'INSERT INTO t SELECT NEXT VALUE FOR s, 1',
    'DELETE FROM mysql.user',
    'UPDATE t SET a = writes()',
    "REPLACE INTO t SELECT 1, 'x' FOR UPDATE",
  ],
  taken: ["SELECT 'sleep(1)', b FROM t", 'SELECT COUNT(*) AS `sleep` FROM t', 'SELECT 1 -- SLEEP(1)'],
  fingerprint,
  state: connectionState,
  clean: CLEAN,
});

test('what a statement sets is gone for the next one', async () => {
  expect((await ask(bench.source, "SELECT @mark := 'x'")).rows).toEqual([['x']]);
  expect(await connectionState()).toEqual(CLEAN);
});
