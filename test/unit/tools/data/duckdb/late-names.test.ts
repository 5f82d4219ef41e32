import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Instance } from '../../../../../src/tools/data/duckdb/child/instance.ts';
import { judge } from '../../../../../src/tools/data/duckdb/child/judge.ts';
import { nameLater } from '../../../../../src/tools/data/duckdb/child/late-names.ts';
import { ResultRows } from '../../../../../src/tools/data/duckdb/child/result-rows.ts';
import { rewrite } from '../../../../../src/tools/data/duckdb/child/rewrite.ts';
import { Syntax } from '../../../../../src/tools/data/duckdb/child/syntax.ts';
import { writeTree } from '../../../../fixtures/file-tools.ts';
import { type FilesBench, openFilesSource } from '../../../../fixtures/files-source.ts';

/** What is hard to read without knowing it; each is a table of its own. */
const AWKWARD: Readonly<Record<string, string | Buffer>> = {
  'quoted newlines.csv': 'id,note\n1,"two\nlines, and ""quotes"""\n2,"\n"\n',
  'bom.csv': '\uFEFFid,name\n1,é\n',
  'tabs.tsv': 'a\tb\n1\tx y\n2\t\n',
  'semicolons.csv': 'a;b;c\n1,5;2;x\n2,5;3;y\n',
  'pipes.csv': 'a|b\n1|2\n',
  'no-header.csv': '1,2024-01-01,x\n2,2024-02-01,y\n',
  'nulls.csv': 'a,b,c\n,NULL,\nNA,"",x\n3,4,5\n',
  'ragged.csv': 'a,b,c\n1,2\n1,2,3\n',
  'dates.csv':
    'd,t,e\n31/12/2024,2024-12-31 10:00:00,12.31.2024\n01/02/2024,2024-01-02 11:00:00,01.02.2024\n',
  'booleans.csv': 'a,b,t\ntrue,T,10:00:00\nfalse,F,11:30:00\n',
  'same-names.csv': 'a,A,,a\n1,2,3,4\n',
  'comments.csv': '# made by hand\n# twice\na,b\n1,2\n',
  'leading zeros.csv': 'zip,n\n00501,1e3\n10001,2.50\n',
  'packed.csv.gz': gzipSync('n,d\n7,2024-01-01\n'),
  'one-column.csv': 'x\n1\n\n3\n',
  'crlf.csv': 'a,b\r\n1,2\r\n3,4\r\n',
  'header-only.csv': 'a,b\n',
};

let folder: string;
let bench: FilesBench;
let engine: Instance;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-names-'));
  await writeTree(folder, AWKWARD);
  bench = await openFilesSource(folder, { engine: { processes: 1 } });
  engine = await Instance.open({ memoryMb: 256, threads: 2 });
});

afterAll(async () => {
  engine.close();
  await bench.close();
  await rm(folder, { recursive: true, force: true });
});

describe('names of files', () => {
  it.each([
    ["SELECT a FROM 'x.csv' WHERE a > 1", 'SELECT a FROM read_csv($1) AS x WHERE (a > 1)', ['x.csv']],
    ["FROM read_csv(['x.csv', '*.csv'])", 'SELECT * FROM read_csv(list_value($2, $1))', ['y.csv', 'x.csv']],
    [
      "WITH t AS (FROM 'x.csv') SELECT (SELECT max(b) FROM 'x.parquet'), a FROM t",
      "WITH t AS (SELECT * FROM read_csv($1) AS x)SELECT (SELECT max(b) FROM read_parquet('x.parquet') AS x), a FROM t",
      ['x.csv'],
    ],
  ])('come later than the text, but for those within expressions: %s', async (sql, text, names) => {
    const syntax = await Syntax.open(engine.connection);
    const statement = await syntax.parse(sql);
    const places = { 'x.csv': ['x.csv'], '*.csv': ['y.csv'], 'x.parquet': ['x.parquet'] };
    expect(nameLater(statement, rewrite(judge(statement, new Set()), places))).toEqual(names);
    expect(await syntax.print(statement)).toBe(text);
  });

  it('that are not there yet keep the engine from reading when it prepares', async () => {
    const { connection } = engine;
    await expect(connection.prepare("SELECT sum(a) FROM read_csv('none.csv')")).rejects.toThrow(
      'No files found',
    );
    const prepared = await connection.prepare('SELECT sum(a) FROM read_csv($1)');
    prepared.bind(['none.csv']);
    await expect(prepared.stream()).rejects.toThrow('No files found');
    prepared.destroySync();
  });

  it.each(Object.keys(AWKWARD))('change nothing of how a file is read: %s', async (name) => {
    const sql = (path: string) => `SELECT *, count(*) OVER () AS n FROM read_csv('${path}')`;
    const alone = new ResultRows(await engine.connection.stream(sql(join(folder, name))), {
      skip: 0,
      take: 50,
    });
    const { rows } = await alone.next();
    expect(await bench.query(sql(`/${name}`), { limit: 50 })).toMatchObject({ columns: alone.columns, rows });
  });

  it('do not come to light as parameters in names of columns', async () => {
    const { columns } = await bench.query("SELECT (SELECT max(a) FROM '/pipes.csv') FROM '/crlf.csv'");
    expect(columns[0]?.name).not.toContain('$');
  });
});
