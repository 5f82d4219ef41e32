import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTree } from '../fixtures/file-tools.ts';
import { type FilesBench, openFilesSource, permitWithout } from '../fixtures/files-source.ts';
import { principalOf } from '../fixtures/principal.ts';

const CSV = 'a,b\n1,x\n2,y\n';

let folder: string;
let workspace: string;
let outside: string;
let bench: FilesBench;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-attacks-'));
  [workspace, outside] = [join(folder, 'workspace'), join(folder, 'outside')];
  await writeTree(outside, { 'secret.csv': 'secret\nSECRET\n' });
  await writeTree(workspace, { 'a.csv': CSV, 'keys/.env': 'SECRET=1\n', 'keys/b.csv': CSV });
  await symlink(outside, join(workspace, 'out'));
  await symlink(join(outside, 'secret.csv'), join(workspace, 'link.csv'));
  bench = await openFilesSource(workspace, { engine: { processes: 1, memoryMb: 256 } });
});

afterAll(async () => {
  await bench.close();
  await rm(folder, { recursive: true, force: true });
});

/** `<x>` stands for a file that must not come into being, `<o>` for the folder outside. */
const filled = (sql: string): string => sql.replaceAll('<x>', join(folder, 'x')).replaceAll('<o>', outside);

const WRITES = [
  "COPY (SELECT 1) TO '<x>'",
  "COPY (FROM 'a.csv') TO 'a.csv'",
  "EXPORT DATABASE '<x>'",
  "IMPORT DATABASE '<x>'",
  "ATTACH '<x>'",
  "ATTACH '<x>' AS y; CREATE TABLE y.t AS SELECT 1",
  'CREATE TABLE t AS SELECT 1',
  "CREATE VIEW v AS FROM 'a.csv'",
  'CREATE SECRET s (TYPE http)',
  'CREATE MACRO m() AS 1',
  'INSERT INTO t VALUES (1)',
  '/* c */ -- x\nDELETE FROM t',
  'UPDATE t SET a = 1',
  'DROP TABLE t',
  'SELECT 1; DROP TABLE t',
  'SELECT 1; SELECT 2',
  'BEGIN; SELECT 1; COMMIT',
  "EXPLAIN ANALYZE COPY (SELECT 1) TO '<x>'",
  'INSTALL httpfs',
  'LOAD httpfs',
  'VACUUM',
  'CHECKPOINT',
  'SET threads = 99',
  "SET GLOBAL memory_limit = '100GB'",
  'RESET lock_configuration',
  'PRAGMA database_list',
  "PRAGMA import_database('<x>')",
  'CALL enable_logging()',
  'PREPARE p AS SELECT 1',
  'USE memory',
  "SELECT * FROM enable_logging(storage = 'file', storage_config = {'path': '<x>'})",
  "FROM (FROM enable_logging(storage = 'file', storage_config = {'path': '<x>'}))",
  'SELECT (SELECT count(*) FROM enable_logging())',
  'WITH a AS (FROM enable_logging()) SELECT 1',
  'SELECT list_transform([1], x -> (SELECT count(*) FROM enable_logging()))',
  "SELECT 1 FROM 'a.csv' QUALIFY (SELECT true FROM enable_logging())",
  "SELECT write_log('x')",
  "SELECT main.write_log('x')",
  "SELECT b.write_log() FROM 'a.csv'",
  'SELECT * FROM force_checkpoint()',
  'SELECT * FROM checkpoint()',
  "SELECT * FROM query('COPY (SELECT 1) TO ''<x>''')",
  "SELECT * FROM query_table('a')",
  "SELECT * FROM json_execute_serialized_sql('x')",
  "PIVOT 'a.csv' ON b USING sum(a)",
  "SELECT nextval('s')",
  'SELECT setseed(0.5)',
  'SHOW TABLES',
  'SHOW ALL TABLES',
  '',
  ';',
];

const READS = [
  "SELECT * FROM '/etc/passwd'",
  "SELECT * FROM '<o>/secret.csv'",
  "SELECT * FROM '../outside/secret.csv'",
  "SELECT * FROM '/out/secret.csv'",
  "SELECT * FROM '/link.csv'",
  "SELECT * FROM read_csv('/out/*.csv')",
  "SELECT * FROM read_csv('<o>/*.csv')",
  "SELECT * FROM read_csv('/../outside/*.csv')",
  "SELECT * FROM '/keys/.env'",
  "SELECT * FROM read_text('/keys/.env')",
  "SELECT * FROM read_text('/keys/*env')",
  'SELECT * FROM "read_text"(\'/etc/passwd\')',
  "SELECT * FROM read_text(E'\\x2fetc\\x2fpasswd')",
  "SELECT * FROM read_blob('/proc/self/environ')",
  "SELECT * FROM read_csv('/etc/' || 'passwd')",
  "SELECT * FROM read_csv((SELECT '/etc/passwd'))",
  "SELECT * FROM read_csv(['a.csv', getvariable('x')])",
  "SELECT * FROM read_csv(['a.csv', '/etc/passwd'])",
  "SELECT * FROM read_csv('a.csv', '/etc/passwd')",
  "SELECT list_transform(['/etc/passwd'], x -> (SELECT content FROM read_text(x)))",
  "SELECT * FROM (VALUES ('/etc/passwd')) v(f), LATERAL (SELECT * FROM read_text(v.f))",
  "SELECT * FROM glob('/etc/*')",
  "SELECT * FROM read_duckdb('<o>/secret.csv')",
  "SELECT * FROM sniff_csv('/etc/passwd')",
  "SELECT * FROM parquet_metadata('<o>/secret.csv')",
  "SELECT * FROM read_csv('a.csv', store_rejects = true)",
  "SELECT * FROM read_csv('a.csv', rejects_table = 't')",
  "SELECT * FROM read_csv('a.csv', header := (store_rejects = true))",
  // To the engine, a Kelvin sign is no k.
  'WITH "<o>/\u212a.csv" AS (SELECT 1) SELECT * FROM \'<o>/k.csv\'',
  "SELECT * FROM 'file://<o>/secret.csv'",
  "SELECT * FROM read_csv('https://example.com/a.csv')",
  "SELECT * FROM 's3://bucket/a.parquet'",
  "SELECT * FROM read_text('/proc/self/fd/17')",
  'SELECT * FROM duckdb_settings()',
  'SELECT * FROM duckdb_settings',
  'SELECT * FROM duckdb_secrets()',
  'SELECT * FROM duckdb_logs',
  'SELECT * FROM information_schema.tables',
  'SELECT * FROM pg_catalog.pg_settings',
  'SELECT * FROM sqlite_master',
  'WITH duckdb_tables AS (FROM duckdb_tables) FROM duckdb_tables',
  'WITH a AS (FROM duckdb_views), duckdb_views AS (SELECT 1) FROM a',
  'SELECT * FROM (WITH pg_settings AS (SELECT 1) FROM pg_settings), pg_settings',
  "SELECT current_setting('home_directory')",
  "SELECT getenv('PATH')",
  "SELECT getvariable('x')",
  "SELECT * FROM which_secret('a', 'b')",
  "SELECT * FROM seq_scan('a')",
  'SELECT * FROM arrow_scan(1, 2, 3)',
  "SELECT * FROM histogram('duckdb_settings', name)",
];

const HOLDS = [
  ["SELECT repeat('x', 3000000000)", 'MEMORY_LIMIT'],
  ["SELECT length(repeat('x', 3000000000))", 'MEMORY_LIMIT'],
  ['SELECT list(i) FROM range(1000000000) t(i)', 'MEMORY_LIMIT'],
  ["SELECT string_agg(i::VARCHAR, ',') FROM range(1000000000) t(i)", 'MEMORY_LIMIT'],
  ['SELECT i, i::VARCHAR FROM range(100000000) t(i) ORDER BY hash(i)', 'MEMORY_LIMIT'],
  ['SELECT range(1000000000)', 'MEMORY_LIMIT'],
  ["SELECT repeat('x', 60000) FROM range(1000)", 'MEMORY_LIMIT'],
  ['SELECT reservoir_quantile(range, 0.5, 1000000000) FROM range(10)', 'MEMORY_LIMIT'],
  ['SELECT count(*) FROM range(100000000000) t(i) WHERE i % 7 = 3', 'TIMEOUT'],
  ['WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT max(x) FROM t', 'TIMEOUT'],
  ['SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3', 'TIMEOUT'],
  [
    "SELECT count(*) FROM range(100000000) t(i) WHERE regexp_matches(repeat('a', 1000) || i, '(a|aa)*(b|c)*z')",
    'TIMEOUT',
  ],
  ["SELECT sum(levenshtein(repeat('a', 20000), repeat('b', 20000) || i)) FROM range(1000) t(i)", 'TIMEOUT'],
  ['SELECT sleep_ms(100000)', 'SQL_NOT_READ_ONLY'],
  ['SELECT pg_sleep(100)', 'SQL_NOT_READ_ONLY'],
] as const;

const READ_CODES = /^(PATH_NOT_FOUND|OUTSIDE_WORKSPACE|SQL_NOT_READ_ONLY|SQL_ERROR|INVALID_ARGUMENT)$/;

async function expectPeace(): Promise<void> {
  expect(await bench.rows("SELECT sum(a) FROM '/a.csv'")).toEqual([[3]]);
  expect(bench.processes.running).toBeLessThanOrEqual(1);
  expect((await readdir(folder)).sort()).toEqual(['outside', 'workspace']);
  expect((await readdir(workspace)).sort()).toEqual(['a.csv', 'keys', 'link.csv', 'out']);
  expect(await readFile(join(workspace, 'a.csv'), 'utf8')).toBe(CSV);
}

describe('a statement that would change something', () => {
  it.each(WRITES)('is refused: %s', async (sql) => {
    const { code, message, next } = await bench.failure(filled(sql));
    // What is no SELECT is refused as such; a PIVOT without values is one of those.
    expect({ code, message }).toMatchObject({ code: 'SQL_NOT_READ_ONLY' });
    expect(next).toBeTruthy();
  });

  it('leaves everything as it was', expectPeace);
});

describe('a statement that would read what it must not', () => {
  it.each(READS)('is refused: %s', async (sql) => {
    const { code, message } = await bench.failure(filled(sql));
    expect(code).toMatch(READ_CODES);
    expect(message).not.toMatch(/SECRET|root:/);
    expect(message.replaceAll(filled(sql), '')).not.toMatch(/fairlead-engine|\/proc\/\d/);
    // It is the first wall that holds, not the last one.
    expect(message).not.toMatch(/disabled by configuration/);
  });

  it('finds nothing denied by a glob that fits everything', async () => {
    expect(await bench.rows("SELECT DISTINCT filename FROM read_text('/**/*') ORDER BY 1")).toEqual([
      ['a.csv'],
      ['keys/b.csv'],
    ]);
    const named = "SELECT filename FROM read_text('/keys/{.env,b.csv}')";
    expect(await bench.rows(named)).toEqual([['keys/b.csv']]);
  });

  it('reads a file in a folder that is called like a scheme, not what its path would lead to', async () => {
    const schemed = join(folder, 'schemed');
    await writeTree(join(schemed, 'file:', outside), { 'secret.csv': 'decoy\n1\n' });
    const other = await openFilesSource(schemed, { engine: { processes: 1 } });
    try {
      const spelling = `file:${outside}/secret.csv`;
      expect(await other.rows(`FROM '${spelling}'`)).toEqual([[1]]);
      expect(await other.rows(`SELECT content FROM read_text('/file:${outside}/*')`)).toEqual([
        ['decoy\n1\n'],
      ]);
    } finally {
      await other.close();
      await rm(schemed, { recursive: true });
    }
  });

  it('leaves the service in peace', expectPeace);
});

describe('a statement that would take everything', () => {
  it.each(HOLDS)('is ended: %s', async (sql, code) => {
    const started = performance.now();
    expect(
      await bench.failure(sql, { limit: 1000, timeoutMs: code === 'TIMEOUT' ? 700 : 20_000 }),
    ).toMatchObject({
      code,
    });
    expect(performance.now() - started).toBeLessThan(18_000);
  });

  it('is refused where it is too long or too deep', async () => {
    expect(await bench.failure(`SELECT '${'x'.repeat(100_000)}'`)).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    const deep = `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`;
    expect(await bench.failure(deep)).toMatchObject({ code: 'SQL_ERROR' });
    const wide = `SELECT ${'1+'.repeat(40_000)}1`;
    expect((await bench.failure(wide)).code).toMatch(/^(SQL_ERROR|MEMORY_LIMIT|SOURCE_UNAVAILABLE)$/);
  });

  it('leaves the service in peace', expectPeace);
});

describe('a principal', () => {
  it('to whom the source is not open finds none', async () => {
    const principal = principalOf({ permit: permitWithout('files') });
    expect(await bench.failure("FROM '/a.csv'", { principal })).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('cannot query what is kept for another', async () => {
    const [alice, bob] = ['alice', 'bob'].map((subject) => principalOf({ subject }));
    if (alice === undefined) throw new Error('Nobody');
    const kept = { name: 'kept.csv', mimeType: 'text/csv', content: 'a\n5\n' };
    const { path } = await bench.scratch.keep(alice, kept);
    expect(await bench.rows(`FROM '${path}'`, { principal: alice })).toEqual([[5]]);
    const foreign = bob === undefined ? {} : { principal: bob };
    expect(await bench.failure(`FROM '${path}'`, foreign)).toMatchObject({ code: 'PATH_NOT_FOUND' });
    const all = "SELECT count(*) FROM read_text('/.scratch/**/*.csv')";
    expect(await bench.failure(all, foreign)).toMatchObject({ code: 'PATH_NOT_FOUND' });
  });

  it('finds nothing of what another has asked', async () => {
    await bench.rows("SELECT 'mine', a FROM '/a.csv'", { principal: principalOf({ subject: 'alice' }) });
    const bob = { principal: principalOf({ subject: 'bob' }) };
    for (const sql of [
      'FROM duckdb_logs',
      'FROM duckdb_external_file_cache()',
      'FROM duckdb_prepared_statements()',
    ]) {
      expect((await bench.failure(sql, bob)).message).not.toContain('a.csv');
    }
  });
});
