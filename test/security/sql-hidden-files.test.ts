import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Value } from '../../src/tools/data/source.ts';
import { writeTree } from '../fixtures/file-tools.ts';
import { type FilesBench, openFilesSource } from '../fixtures/files-source.ts';

let folder: string;
let outside: string;
let bench: FilesBench;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-hidden-'));
  outside = join(folder, 'outside');
  const workspace = join(folder, 'workspace');
  await writeTree(outside, { 'secret.csv': 'secret\nSECRET\n' });
  await writeTree(workspace, { 'a.csv': 'a,b\n1,x\n' });
  await symlink(join(outside, 'secret.csv'), join(workspace, 'link.csv'));
  bench = await openFilesSource(workspace, { engine: { processes: 1 } });
});

afterAll(async () => {
  await bench.close();
  await rm(folder, { recursive: true, force: true });
});

/** `<s>` stands for a file outside, `<r>` for a call that reads it. */
const PLACES: readonly string[] = [
  "FROM 'a.csv' POSITIONAL JOIN <r>",
  "FROM 'a.csv' SEMI JOIN <r> ON true",
  "FROM 'a.csv' x ASOF JOIN <r> y ON x.a >= y.size",
  "FROM 'a.csv' x JOIN 'a.csv' y ON (SELECT count(*) > 0 FROM <r>)",
  'PIVOT <r> ON content IN (1) USING count(*)',
  'UNPIVOT (FROM <r>) ON content',
  'FROM (FROM (FROM <r>))',
  'FROM <r> SELECT content',
  "TABLE '<s>'",
  "DESCRIBE '<s>'",
  "FROM (SUMMARIZE '<s>')",
  'VALUES ((SELECT content FROM <r>))',
  'WITH t AS MATERIALIZED (FROM <r>) FROM t',
  'WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT length(content) FROM t, <r>) FROM t',
  "SELECT COLUMNS(c -> (SELECT count(*) > 0 FROM <r>)) FROM 'a.csv'",
  "SELECT * REPLACE ((SELECT content FROM <r>) AS a) FROM 'a.csv'",
  "SELECT DISTINCT ON ((SELECT content FROM <r>)) a FROM 'a.csv'",
  "SELECT a FROM 'a.csv' GROUP BY GROUPING SETS ((a), ((SELECT content FROM <r>)))",
  "SELECT a FROM 'a.csv' ORDER BY (SELECT content FROM <r>)",
  "SELECT a FROM 'a.csv' LIMIT (SELECT size FROM <r>)",
  "SELECT a FROM 'a.csv' OFFSET (SELECT size FROM <r>)",
  "SELECT sum(a) FILTER (EXISTS (FROM <r>)) FROM 'a.csv'",
  "SELECT sum(a) OVER w FROM 'a.csv' WINDOW w AS (PARTITION BY (SELECT content FROM <r>))",
  "SELECT sum(a) OVER (ROWS BETWEEN (SELECT size FROM <r>) PRECEDING AND CURRENT ROW) FROM 'a.csv'",
  "FROM read_csv('a.csv', nullstr = (SELECT content FROM <r>))",
  "FROM read_csv('a.csv', columns := {'x': (SELECT content FROM <r>)})",
  'FROM repeat_row((SELECT content FROM <r>), num_rows = 1)',
  'FROM unnest((SELECT [content] FROM <r>))',
  'SELECT error((SELECT content FROM <r>))',
  "FROM system.main.read_text('<s>')",
  "FROM read_csv(list_value('a.csv', '<s>'))",
  "FROM read_json_objects('<s>')",
  "FROM read_xlsx('<s>')",
  "FROM parquet_kv_metadata('<s>')",
  'FROM memory.main."<s>"',
  "FROM '~/.profile.csv'",
  "FROM read_csv('/dev/stdin')",
  "FROM read_csv('-')",
];

const filled = (sql: string): string => {
  const secret = join(outside, 'secret.csv');
  return sql.replaceAll('<r>', `read_text('${secret}')`).replaceAll('<s>', secret);
};

it.each(PLACES)('a file outside is not found, wherever a statement names it: %s', async (sql) => {
  const { code, message } = await bench.failure(filled(sql));
  expect(code).toBe('PATH_NOT_FOUND');
  expect(message).not.toMatch(/SECRET|fairlead-engine|\/proc\//);
});

const SPELLINGS: readonly (readonly [sql: string, code: string])[] = [
  ["FROM 'a.csv' AT (VERSION => 1)", 'SQL_NOT_READ_ONLY'],
  ["FROM '/**/../../outside/*.csv'", 'OUTSIDE_WORKSPACE'],
  ["FROM '{a.csv,<s>}'", 'SQL_ERROR'],
  ["FROM '/[.][.]/outside/secret.csv'", 'PATH_NOT_FOUND'],
  ["FROM 'hf://datasets/x/y.csv'", 'OUTSIDE_WORKSPACE'],
  ["FROM read_parquet('zip://a.zip/b.parquet')", 'OUTSIDE_WORKSPACE'],
  ["FROM read_csv(['a.csv'] || ['<s>'])", 'SQL_ERROR'],
  ["FROM read_csv(['<s>']::VARCHAR[])", 'SQL_ERROR'],
  ["FROM read_csv('<s>' COLLATE nocase)", 'SQL_ERROR'],
  ["FROM read_csv(getenv('HOME'))", 'SQL_ERROR'],
  ["FROM read_csv('a.csv', files := '<s>')", 'SQL_ERROR'],
  ["FROM read_parquet('a.csv', encryption_config = {footer_key: 'x'})", 'SQL_ERROR'],
  ["FROM read_xlsx('a.csv', sheet = (SELECT content FROM <r>))", 'SQL_ERROR'],
  // A parameter that nobody gave might take the value of a file that the statement names.
  ["FROM 'a.csv' WHERE b = $1", 'INVALID_ARGUMENT'],
  ["FROM pragma_table_info('a.csv')", 'SQL_NOT_READ_ONLY'],
  ["FROM sql_auto_complete('FROM ''/etc/')", 'SQL_NOT_READ_ONLY'],
  ["FROM query_table(['a.csv'], true)", 'SQL_NOT_READ_ONLY'],
  ["FROM histogram_values('a.csv', a)", 'SQL_NOT_READ_ONLY'],
  ["FROM parquet_bloom_probe('a.csv', 'a', 1)", 'SQL_NOT_READ_ONLY'],
  ["FROM sqlite_scan('<s>', 't')", 'SQL_NOT_READ_ONLY'],
  ['FROM duckdb_databases()', 'SQL_NOT_READ_ONLY'],
  ['FROM duckdb_temporary_files()', 'SQL_NOT_READ_ONLY'],
  ['FROM duckdb_external_file_cache()', 'SQL_NOT_READ_ONLY'],
  ['FROM pg_tables', 'SQL_ERROR'],
  ['FROM (SHOW ALL TABLES)', 'SQL_NOT_READ_ONLY'],
  ["FROM (PIVOT 'a.csv' ON b)", 'SQL_NOT_READ_ONLY'],
  ["SELECT list_transform(['HOME'], lambda x: getenv(x))", 'SQL_NOT_READ_ONLY'],
  ["SELECT apply(['HOME'], x -> x.getenv())", 'SQL_NOT_READ_ONLY'],
  ["SELECT list_aggregate(['HOME'], 'getenv')", 'SQL_ERROR'],
  ["SELECT system.main.getenv('HOME')", 'SQL_NOT_READ_ONLY'],
  ["SELECT b FROM 'a.csv' WHERE b IN glob('/etc/*')", 'SQL_NOT_READ_ONLY'],
  ["EXPLAIN ANALYZE FROM '<s>'", 'SQL_NOT_READ_ONLY'],
  ['WITH t AS (DELETE FROM x RETURNING *) FROM t', 'SQL_ERROR'],
  ["FROM 'a.csv' INSERT INTO t", 'SQL_ERROR'],
];

async function expectRefusal(sql: string, code: string, params: readonly Value[] = []): Promise<void> {
  const error = await bench.failure(filled(sql), { params });
  expect(error).toMatchObject({ code });
  expect(error.next).toBeTruthy();
  expect(error.message).not.toMatch(/SECRET|fairlead-engine|\/proc\//);
}

it.each(SPELLINGS)('a way around is refused: %s (%s)', expectRefusal);

const PARAMETERS: readonly (readonly [sql: string, code: string, params: readonly Value[]])[] = [
  ['FROM read_csv($1)', 'PATH_NOT_FOUND', ['<s>']],
  ['FROM read_csv($1)', 'PATH_NOT_FOUND', [['a.csv', '<s>']]],
  ['FROM read_csv($1)', 'SQL_ERROR', [{ file: '<s>' }]],
  ['FROM $1', 'SQL_ERROR', ['<s>']],
  ["SELECT b, $2 FROM 'a.csv'", 'INVALID_ARGUMENT', ['x']],
];

it.each(PARAMETERS)('a parameter leads nowhere else: %s (%s, %j)', async (sql, code, params) => {
  await expectRefusal(sql, code, JSON.parse(filled(JSON.stringify(params))) as Value[]);
});
