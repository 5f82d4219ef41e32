import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTree } from '../../../../fixtures/file-tools.ts';
import { type FilesBench, openFilesSource } from '../../../../fixtures/files-source.ts';

const ORDERS = `id,region,product,amount,day
1,north,apple,10.50,2024-01-05
2,north,pear,20.00,2024-01-20
3,south,apple,5.25,2024-02-03
4,south,apple,40.00,2024-02-29
5,north,apple,1.00,2024-03-01
`;

let folder: string;
let bench: FilesBench;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-analytics-'));
  await writeTree(folder, {
    'sales/orders.csv': ORDERS,
    'sales/products.tsv': 'product\tcolour\napple\tred\npear\tgreen\n',
    'parts/year=2023/a.csv': 'v\n1\n',
    'parts/year=2024/b.csv': 'v\n2\n3\n',
    'log.jsonl':
      '{"at":"2024-01-01T10:00:00","user":{"name":"ann","tags":["a","b"]}}\n{"at":"2024-01-01T11:30:00","user":{"name":"bob","tags":[]}}\n',
    'packed.csv.gz': gzipSync('n\n7\n'),
    "odd name's [1].csv": 'n\n8\n',
    'notes.txt': 'a;b\n1;2\n',
  });
  bench = await openFilesSource(folder);
});

afterAll(async () => {
  await bench.close();
  await rm(folder, { recursive: true, force: true });
});

const CASES: readonly (readonly [what: string, sql: string, rows: unknown])[] = [
  [
    'grouping',
    "SELECT region, count(*), sum(amount) FROM '/sales/orders.csv' GROUP BY ALL ORDER BY ALL",
    [
      ['north', 3, 31.5],
      ['south', 2, 45.25],
    ],
  ],
  ['a relative path', "SELECT count(*) FROM 'sales/orders.csv'", [[5]]],
  ['a path without quotes', 'SELECT n FROM packed.csv.gz', [[7]]],
  ['FROM first', "FROM '/sales/orders.csv' SELECT max(id)", [[5]]],
  [
    'a table named for its file',
    "SELECT orders.id FROM '/sales/orders.csv' ORDER BY orders.amount LIMIT 1",
    [[5]],
  ],
  [
    'two files joined',
    "SELECT o.id, p.colour FROM '/sales/orders.csv' o JOIN '/sales/products.tsv' p USING (product) WHERE o.id < 3 ORDER BY 1",
    [
      [1, 'red'],
      [2, 'green'],
    ],
  ],
  [
    'common table expressions',
    "WITH a AS (FROM '/sales/orders.csv'), b AS (SELECT region, sum(amount) s FROM a GROUP BY 1) SELECT region FROM b ORDER BY s DESC LIMIT 1",
    [['south']],
  ],
  [
    'a WITH query that hides a file of its name',
    `WITH "packed.csv.gz" AS (SELECT n + 1 AS n FROM "packed.csv.gz") SELECT n FROM "packed.csv.gz"`,
    [[8]],
  ],
  [
    'recursion',
    'WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t WHERE x < 4) SELECT list(x) FROM t',
    [[[1, 2, 3, 4]]],
  ],
  [
    'window functions',
    "SELECT id, sum(amount) OVER (PARTITION BY region ORDER BY id ROWS UNBOUNDED PRECEDING) FROM '/sales/orders.csv' ORDER BY id LIMIT 2",
    [
      [1, 10.5],
      [2, 30.5],
    ],
  ],
  [
    'lag and ranks',
    "SELECT id, lag(id) OVER w, rank() OVER w FROM '/sales/orders.csv' WINDOW w AS (ORDER BY amount) ORDER BY id LIMIT 2",
    [
      [1, 3, 3],
      [2, 1, 4],
    ],
  ],
  [
    'QUALIFY',
    "SELECT id FROM '/sales/orders.csv' QUALIFY row_number() OVER (PARTITION BY region ORDER BY amount DESC) = 1 ORDER BY id",
    [[2], [4]],
  ],
  [
    'PIVOT with IN',
    "PIVOT (SELECT region, product, amount FROM '/sales/orders.csv') ON product IN ('apple', 'pear') USING sum(amount) GROUP BY region ORDER BY region",
    [
      ['north', 11.5, 20],
      ['south', 45.25, null],
    ],
  ],
  [
    'UNPIVOT',
    'UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b INTO NAME k VALUE v',
    [
      ['a', 1],
      ['b', 2],
    ],
  ],
  [
    'dates',
    "SELECT date_trunc('month', day) AS m, count(*) FROM '/sales/orders.csv' GROUP BY 1 ORDER BY 1",
    [
      ['2024-01-01T00:00:00', 2],
      ['2024-02-01T00:00:00', 2],
      ['2024-03-01T00:00:00', 1],
    ],
  ],
  [
    'intervals and formats',
    "SELECT strftime(max(day) + INTERVAL 1 DAY, '%d.%m.%Y'), date_diff('day', min(day), max(day)) FROM '/sales/orders.csv'",
    [['02.03.2024', 56]],
  ],
  [
    'paths in JSON',
    `SELECT "user".name, "user".tags[1], '{"a":{"b":[5]}}'::JSON ->> '$.a.b[0]' FROM '/log.jsonl' ORDER BY 1`,
    [
      ['ann', 'a', '5'],
      ['bob', null, '5'],
    ],
  ],
  [
    'lists and lambdas',
    'SELECT list_transform([1, 2, 3], lambda x: x * 2), [y + 1 FOR y IN [1, 2] IF y > 1]',
    [[[2, 4, 6], [3]]],
  ],
  [
    'grouping sets',
    "SELECT region, count(*) FROM '/sales/orders.csv' GROUP BY ROLLUP (region) ORDER BY 1 NULLS LAST",
    [
      ['north', 3],
      ['south', 2],
      [null, 5],
    ],
  ],
  [
    'FILTER and quantiles',
    "SELECT count(*) FILTER (WHERE amount > 10), median(amount) FROM '/sales/orders.csv'",
    [[3, 10.5]],
  ],
  [
    'ASOF joins',
    "SELECT a.t, b.v FROM (VALUES (5), (9)) a(t) ASOF JOIN (VALUES (1, 'x'), (6, 'y')) b(t, v) ON a.t >= b.t ORDER BY 1",
    [
      [5, 'x'],
      [9, 'y'],
    ],
  ],
  [
    'correlated subqueries',
    "SELECT count(*) FROM '/sales/orders.csv' o WHERE amount = (SELECT max(amount) FROM '/sales/orders.csv' i WHERE i.region = o.region)",
    [[2]],
  ],
  ['set operations', 'SELECT 1 AS a UNION ALL BY NAME SELECT 2 AS a EXCEPT SELECT 1', [[2]]],
  [
    'globs with the names of the files',
    "SELECT filename, sum(v) FROM read_csv('/parts/*/*.csv', filename = true) GROUP BY 1 ORDER BY 1",
    [
      ['parts/year=2023/a.csv', 1],
      ['parts/year=2024/b.csv', 5],
    ],
  ],
  [
    'partitions that folders name',
    "SELECT year, count(*) FROM read_csv('/parts/**/*.csv', hive_partitioning = true) GROUP BY 1 ORDER BY 1",
    [
      [2023, 1],
      [2024, 2],
    ],
  ],
  [
    'a list of files',
    "SELECT sum(v) FROM read_csv(['/parts/year=2023/a.csv', '/parts/year=2024/b.csv'])",
    [[6]],
  ],
  ['options of readers', "SELECT a + b FROM read_csv('/notes.txt', delim = ';', header := true)", [[3]]],
  ['samples', "SELECT count(*) FROM '/sales/orders.csv' USING SAMPLE 100 ROWS", [[5]]],
  ['percentages of samples', "SELECT count(*) FROM '/sales/orders.csv' TABLESAMPLE 100%", [[5]]],
  [
    'VALUES',
    "VALUES (1, 'a'), (2, 'b')",
    [
      [1, 'a'],
      [2, 'b'],
    ],
  ],
  [
    'DESCRIBE',
    "SELECT column_name, column_type FROM (DESCRIBE '/sales/products.tsv')",
    [
      ['product', 'VARCHAR'],
      ['colour', 'VARCHAR'],
    ],
  ],
  [
    'SUMMARIZE',
    "SELECT column_name, max FROM (SUMMARIZE '/sales/products.tsv')",
    [
      ['product', 'pear'],
      ['colour', 'red'],
    ],
  ],
  ['a name with quotes and brackets', "SELECT n FROM '/odd name''s [1].csv'", [[8]]],
  ['whole texts', "SELECT size, content FROM read_text('/notes.txt')", [[8, 'a;b\n1;2\n']]],
];

describe('SQL over files', () => {
  it.each(CASES)('answers %s', async (_what, sql, rows) => {
    expect(await bench.rows(sql)).toEqual(rows);
  });

  it('tells columns with the types of the engine', async () => {
    const { columns } = await bench.query("FROM '/sales/orders.csv'");
    expect(columns).toEqual([
      { name: 'id', type: 'BIGINT' },
      { name: 'region', type: 'VARCHAR' },
      { name: 'product', type: 'VARCHAR' },
      { name: 'amount', type: 'DOUBLE' },
      { name: 'day', type: 'DATE' },
    ]);
  });

  it('takes parameters in either spelling, for values and for files', async () => {
    const params = ['/sales/orders.csv', '2024-02-01', 'south'];
    expect(
      await bench.rows('SELECT id FROM read_csv($1) WHERE day >= $2 AND region = $3', { params }),
    ).toEqual([[3], [4]]);
    expect(await bench.rows('SELECT ?, ?, ?, ?, ?', { params: [1.5, null, true, [1, 2], { a: 2 }] })).toEqual(
      [[1.5, null, true, [1, 2], { a: 2 }]],
    );
  });

  it('wants as many parameters as there are placeholders', async () => {
    expect(await bench.failure('SELECT ?', { params: [1, 2] })).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await bench.failure('SELECT ?, ?', { params: [1] })).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('loses no digit and answers plain JSON', async () => {
    const [row] =
      await bench.rows(`SELECT 9007199254740993, 5::BIGINT, 1.10::DECIMAL(10,2), DATE '2024-01-02',
      TIMESTAMP '2024-01-02 03:04:05.5', TIMESTAMPTZ '2024-01-02 03:04:05+02', 'ab'::BLOB, map {'k': [1]},
      map {1: 'x'}, 'nan'::DOUBLE, 'infinity'::DOUBLE, 0.1::FLOAT, INTERVAL 3 DAY,
      170141183460469231731687303715884105727::HUGEINT, TIME '10:00', uuid() IS NOT NULL,
      DATE 'infinity', DATE '-infinity', TIMESTAMP 'infinity'`);
    expect(row).toEqual([
      ...[
        '9007199254740993',
        5,
        '1.10',
        '2024-01-02',
        '2024-01-02T03:04:05.5',
        '2024-01-02T01:04:05Z',
        'YWI=',
      ],
      ...[{ k: [1] }, [{ key: 1, value: 'x' }], 'NaN', 'Infinity', 0.1, '3 days'],
      ...['170141183460469231731687303715884105727', '10:00:00', true],
      ...['infinity', '-infinity', 'infinity'],
    ]);
  });

  it('pages exactly', async () => {
    const sql = 'SELECT i FROM range(2500) t(i)';
    expect(await bench.query(sql, { limit: 2, offset: 2498 })).toMatchObject({
      rows: [[2498], [2499]],
      more: false,
    });
    expect(await bench.query(sql, { limit: 2, offset: 2497 })).toMatchObject({
      rows: [[2497], [2498]],
      more: true,
    });
    expect((await bench.query(sql, { limit: 2500 })).rows).toHaveLength(2500);
    expect(await bench.query(sql, { limit: 5, offset: 9000 })).toMatchObject({ rows: [], more: false });
  });

  it('explains without running', async () => {
    const statement = { sql: "SELECT count(*) FROM '/sales/orders.csv'", params: [] };
    expect(await bench.source.explain(bench.asking(), statement)).toContain('READ_CSV');
  });
});
