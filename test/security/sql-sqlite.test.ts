import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { ask, asking } from '../fixtures/data-source.ts';
import { expectNothingLeftOf } from '../fixtures/killed-service.ts';
import { describeRefusals } from '../fixtures/refused-statements.ts';
import { sqliteBench } from '../fixtures/sqlite-bench.ts';

const COUNT = 'WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t)';

const bench = sqliteBench(`
  CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'one'), (2, 'two');
  CREATE TABLE log (a); CREATE VIRTUAL TABLE notes USING fts5(body);
  CREATE TRIGGER tell AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END`);

beforeAll(() => writeFile(join(bench.folder, 'secret.txt'), 'secret'));

/** What lies in the folder, byte for byte. */
async function fingerprint(): Promise<unknown> {
  const names = (await readdir(bench.folder)).sort();
  const hashes = names.map(async (name) =>
    createHash('sha256')
      .update(await readFile(join(bench.folder, name)))
      .digest('hex'),
  );
  return { names, hashes: await Promise.all(hashes) };
}

/** Each is refused with its code, however it is spelled. */
const ATTACKS: readonly (readonly [string, string])[] = [
  ...[
    "INSERT INTO t VALUES (3, 'x')",
    'UPDATE t SET a = 0',
    'DELETE FROM t',
    'DROP TABLE t',
    'CREATE TABLE u (a)',
    'CREATE TEMP TABLE u (a)',
    'CREATE TEMP VIEW v AS SELECT 1',
    'ALTER TABLE t RENAME TO u',
    'VACUUM',
    "VACUUM INTO '$FOLDER/copy.sqlite'",
    "ATTACH '$FOLDER/other.sqlite' AS o",
    'DETACH main',
    'REINDEX',
    'ANALYZE',
    'BEGIN; SELECT 1',
    'COMMIT',
    'SAVEPOINT s',
    'PRAGMA query_only = OFF',
    'PRAGMA journal_mode = DELETE',
    'PRAGMA writable_schema = ON',
    'PRAGMA user_version',
    'EXPLAIN DELETE FROM t',
    'SELECT 1; DELETE FROM t',
    'SELECT 1;;; DROP TABLE t',
    "SELECT ';'; DELETE FROM t",
    'SELECT 1 /* ; */ ; DELETE FROM t --',
    'SELECT * FROM pragma_database_list',
    'SELECT * FROM pragma_journal_mode',
    'SELECT * FROM pragma_optimize',
    'SELECT * FROM t, pragma_integrity_check',
    'EXPLAIN QUERY PLAN SELECT 1',
    'RELEASE s',
    'END',
    "PRAGMA temp_store_directory = '$FOLDER'",
    'PRAGMA wal_checkpoint(TRUNCATE)',
    "INSERT INTO notes(notes) VALUES ('optimize')",
    "REPLACE INTO t VALUES (1, 'x')",
    "SELECT load_extension('$FOLDER/x.so')",
    'SELECT "load_extension"(\'x\')',
    "SELECT fts3_tokenizer('simple')",
    "SELECT hex(fts3_tokenizer('porter'))",
  ].map((sql) => [sql, 'SQL_NOT_READ_ONLY'] as const),
  ...[
    '(DELETE FROM t)',
    'WITH x AS (SELECT 1) DELETE FROM t',
    "WITH x AS (SELECT 1) INSERT INTO t SELECT 1, 'x'",
    'WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x',
    'SELECT * FROM (DELETE FROM t RETURNING *)',
    'SELECT 1) UNION SELECT (2',
    'SELECT 1); DELETE FROM t; --',
    'SELECT 1 /*',
    "SELECT readfile('$FOLDER/secret.txt')",
    "SELECT writefile('$FOLDER/new.txt', 'x')",
    "SELECT edit('x')",
    "SELECT * FROM fsdir('/etc')",
    'SELECT * FROM sqlite_dbpage',
    "SELECT * FROM csv('$FOLDER/secret.txt')",
    "SELECT * FROM zipfile('$FOLDER/secret.txt')",
    "SELECT eval('DELETE FROM t')",
    "SELECT * FROM 'file:$FOLDER/other.sqlite'.t",
    'SELECT * FROM temp.t',
    'VALUES (1) RETURNING 1',
    'SELECT * FROM t RETURNING *',
    'SELECT * FROM pragma_wal_checkpoint',
    "SELECT * FROM bytecode('DELETE FROM t')",
    "SELECT sqlite_rename_table('main', 'table', 't', 't', 't', 0, 0)",
    'SELECT ?1',
  ].map((sql) => [sql, 'SQL_ERROR|SQL_NOT_READ_ONLY'] as const),
  ...[
    'SELECT zeroblob(1000000000)',
    'SELECT length(hex(zeroblob(30000000)))',
    "SELECT printf('%.*c', 900000000, 'x')",
    `${COUNT} SELECT group_concat(hex(zeroblob(100000))) FROM (SELECT 1 FROM t LIMIT 400)`,
    `${COUNT} SELECT hex(zeroblob(15000000)) FROM t ORDER BY i`,
    'SELECT zeroblob(9000000)',
    "SELECT replace(hex(zeroblob(10000000)), '0', '0123456789')",
  ].map((sql) => [sql, 'MEMORY_LIMIT'] as const),
  ...[
    `${COUNT} SELECT count(*) FROM t`,
    `${COUNT} SELECT i FROM t WHERE i < 0`,
    'SELECT count(*) FROM (SELECT 1 UNION SELECT 2), (WITH RECURSIVE t(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM t) SELECT * FROM t)',
  ].map((sql) => [sql, 'TIMEOUT'] as const),
];

describeRefusals({
  source: () => bench.source,
  refused: ATTACKS,
  changes: [
    'DROP TABLE t',
    'CREATE TABLE u (a)',
    'ALTER TABLE t ADD c',
    'SELECT 1',
    'WITH x AS (SELECT 1) SELECT * FROM x',
    'DELETE FROM t; DELETE FROM t',
    'DELETE FROM t; SELECT 1',
    "INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 1, 'x')",
    'DELETE FROM sqlite_schema',
    'PRAGMA user_version = 7',
    "ATTACH '$FOLDER/other.sqlite' AS o",
    "VACUUM INTO '$FOLDER/copy.sqlite'",
    'COMMIT',
    'EXPLAIN DELETE FROM t',
    "INSERT INTO t SELECT load_extension('x'), 1",
    "UPDATE t SET b = fts3_tokenizer('simple')",
    'UPDATE t SET b = (SELECT file FROM pragma_database_list)',
    'REPLACE INTO sqlite_sequence VALUES (1, 2)',
    'DELETE FROM notes_data',
    "UPDATE notes_config SET v = 'x'",
    'INSERT INTO temp.t VALUES (1)',
    'DELETE FROM t RETURNING load_extension(b)',
  ],
  taken: ["SELECT 'load_extension(1)', b FROM t"],
  fingerprint,
  state: async () => (await ask(bench.source, 'SELECT sum(a) FROM t')).rows,
  clean: [[3]],
  spelled: (sql) => sql.replaceAll('$FOLDER', bench.folder),
});

test('a path in a question about tables leads to no other file', async () => {
  const question = {
    detail: 'full',
    limit: 10,
    file: join(bench.folder, 'secret.txt'),
    path: '/etc/passwd',
  } as const;
  const { tables } = await bench.source.catalogue(asking(), question);
  expect(tables.map(({ name }) => name)).toContain('t');
});

test('no process is left over when the service is killed while a statement runs', async () => {
  const script = `
    const { createProcesses } = await import('${join(process.cwd(), 'src/processes/index.ts')}');
    const { openSqlite } = await import('${join(process.cwd(), 'src/tools/data/sqlite/index.ts')}');
    const log = () => undefined;
    const logger = { debug: log, info: log, warn: log, error: log };
    const processes = createProcesses({ logger });
    const start = processes.start;
    processes.start = (how) => { const one = start(how); console.log(one.child.pid); return one; };
    const source = openSqlite({ name: 's', path: ${JSON.stringify(bench.file)}, timeoutSeconds: 30, maxConnections: 1, writable: false }, { processes });
    const asking = { principal: { subject: 'ada' }, signal: new AbortController().signal, timeoutMs: 30000 };
    await source.query(asking, { sql: ${JSON.stringify(`${COUNT} SELECT count(*) FROM t`)}, params: [] }, { limit: 1, offset: 0 });`;
  await expectNothingLeftOf(script);
});
