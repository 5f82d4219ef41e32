import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProcesses, type ProcessSupervisor } from '../../src/processes/index.ts';
import { databaseSource } from '../../src/tools/data/options/databases.ts';
import type { DataSource } from '../../src/tools/data/source.ts';
import { openSqlite } from '../../src/tools/data/sqlite/index.ts';
import { ask, asking, failureOf, statement } from '../fixtures/data-source.ts';
import { recordTelemetry } from '../fixtures/recorded-telemetry.ts';

const FIRST = { limit: 100, offset: 0 };
const COUNT = 'WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t)';

let folder: string;
let file: string;
let processes: ProcessSupervisor;
let source: DataSource;
let before: unknown;

/** What lies in the folder, byte for byte. */
async function fingerprint(): Promise<unknown> {
  const names = (await readdir(folder)).sort();
  const hashes = names.map(async (name) =>
    createHash('sha256')
      .update(await readFile(join(folder, name)))
      .digest('hex'),
  );
  return { names, hashes: await Promise.all(hashes) };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-sql-'));
  file = join(folder, 'shop.sqlite');
  const database = new DatabaseSync(file);
  database.exec(
    "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'one'), (2, 'two'); CREATE TABLE log (a); CREATE VIRTUAL TABLE notes USING fts5(body)",
  );
  database.exec('CREATE TRIGGER tell AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END');
  database.close();
  await writeFile(join(folder, 'secret.txt'), 'secret');
  processes = createProcesses(recordTelemetry());
  const options = databaseSource.parse({ name: 'shop', kind: 'sqlite', path: file, writable: true });
  if (options.kind !== 'sqlite') throw new Error('No SQLite');
  source = openSqlite(options, { processes });
  before = await fingerprint();
});

afterAll(async () => {
  await source.close();
  await processes.close();
  await rm(folder, { recursive: true, force: true });
});

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

test.each(ATTACKS)('%s is refused: %s', async (sql, codes) => {
  const timeoutMs = codes === 'TIMEOUT' ? 200 : 15_000;
  const text = sql.replaceAll('$FOLDER', folder);
  const error = await failureOf(source.query(asking({ timeoutMs }), statement(text), FIRST));
  expect(error.code).toMatch(new RegExp(`^(${codes})$`));
  expect(await fingerprint()).toEqual(before);
  expect((await ask(source, 'SELECT sum(a) FROM t')).rows).toEqual([[3]]);
});

test('nothing of it passes as a plan, or as a stream', async () => {
  for (const [sql, codes] of ATTACKS.filter(([, codes]) => !/MEMORY|TIMEOUT/.test(codes))) {
    const text = statement(sql.replaceAll('$FOLDER', folder));
    expect((await failureOf(source.explain(asking(), text))).code, sql).toMatch(new RegExp(`^(${codes})$`));
    expect((await failureOf(source.stream(asking(), text))).code, sql).toMatch(new RegExp(`^(${codes})$`));
  }
  expect(await fingerprint()).toEqual(before);
});

test('a path in a question about tables leads to no other file', async () => {
  const question = {
    detail: 'full',
    limit: 10,
    file: join(folder, 'secret.txt'),
    path: '/etc/passwd',
  } as const;
  const { tables } = await source.catalogue(asking(), question);
  expect(tables.map(({ name }) => name)).toContain('t');
});

describe('a source that may be changed', () => {
  test.each([
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
  ])('takes no %s', async (sql) => {
    const text = sql.replaceAll('$FOLDER', folder);
    const request = { ...statement(text), dryRun: false, maxAffected: 100 };
    const error = await failureOf(Promise.resolve(source.modify?.(asking(), request)));
    expect(error.code).toMatch(/^(SQL_ERROR|SQL_NOT_READ_ONLY)$/);
    expect(await fingerprint()).toEqual(before);
  });

  test('tells what a dry run would do, and does nothing', async () => {
    const request = { ...statement('DELETE FROM t'), dryRun: true, maxAffected: 100 };
    expect(await source.modify?.(asking(), request)).toEqual({ affected: 2, applied: false });
    expect(await fingerprint()).toEqual(before);
  });
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
    const source = openSqlite({ name: 's', path: ${JSON.stringify(file)}, timeoutSeconds: 30, maxConnections: 1, writable: false }, { processes });
    const asking = { principal: { subject: 'ada' }, signal: new AbortController().signal, timeoutMs: 30000 };
    await source.query(asking, { sql: ${JSON.stringify(`${COUNT} SELECT count(*) FROM t`)}, params: [] }, { limit: 1, offset: 0 });`;
  const service = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(service.stdout, 'data')) as [Buffer];
  const child = Number(line.toString());
  // It works: the processor time of the statement goes up.
  await expect.poll(() => cpuTime(child), { timeout: 10_000 }).toBeGreaterThan(20);
  service.kill('SIGKILL');
  await expect.poll(() => isRunning(child), { timeout: 5000 }).toBe(false);
});

async function cpuTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return Number(stat.split(' ')[13] ?? 0);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
