import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import { type Permit, UNRESTRICTED } from '../../src/core/permit.ts';
import type { Principal } from '../../src/core/principal.ts';
import { makeFolder, openTools, type ToolBench } from '../fixtures/file-tools.ts';
import { principalOf } from '../fixtures/principal.ts';

// An agent whose rule leaves out a source or a workspace tries to get at it by every tool of data there is.

const SECRET = 'salary-9000';

async function database(name: string, sql: string): Promise<object> {
  const path = join(await makeFolder(), `${name}.sqlite`);
  const opened = new DatabaseSync(path);
  opened.exec(sql);
  opened.close();
  return { name, kind: 'sqlite', path, writable: true };
}

async function openBench(): Promise<ToolBench> {
  const sales = await makeFolder({ 'sales.csv': 'id,amount\n1,10\n2,20\n', 'wide.csv': 'x\n1\n' });
  const staff = await makeFolder({
    'secrets.csv': `id,pay\n1,${SECRET}\n`,
    'sub/more.json': `[{"pay":"${SECRET}"}]`,
  });
  return await openTools('/nowhere', {
    files: {
      workspaces: [
        { name: 'sales', path: sales, access: 'write' },
        { name: 'staff', path: staff, access: 'write' },
      ],
    },
    data: {
      sources: [
        await database('shop', 'CREATE TABLE orders (id INTEGER); INSERT INTO orders VALUES (1), (2)'),
        await database('payroll', `CREATE TABLE pay (amount TEXT); INSERT INTO pay VALUES ('${SECRET}')`),
      ],
    },
  });
}

function held(by: Partial<Permit>, subject = 'alice'): Principal {
  return principalOf({ subject, permit: { ...UNRESTRICTED, id: 'narrow', ...by } });
}

/** All that a call says, whether it succeeds or not. */
async function said(
  bench: ToolBench,
  call: readonly [string, object],
  principal: Principal,
): Promise<string> {
  try {
    return JSON.stringify(await bench.call(call[0], call[1], { principal }));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return `${error.code}: ${error.message} ${error.next ?? ''}`;
  }
}

describe('a workspace that a rule leaves out', () => {
  const salesOnly = held({ allowsWorkspace: (name) => name === 'sales' });

  const STATEMENTS = [
    "FROM '/staff/secrets.csv'",
    "SELECT * FROM '/sales/../staff/secrets.csv'",
    "SELECT * FROM '/sales/./../staff//secrets.csv'",
    "SELECT * FROM 'staff/secrets.csv'",
    "SELECT * FROM read_csv('/staff/secrets.csv')",
    "SELECT * FROM read_csv(['/sales/sales.csv', '/staff/secrets.csv'], union_by_name = true)",
    "SELECT * FROM read_text('/staff/secrets.csv')",
    "SELECT * FROM read_blob('/staff/*')",
    "SELECT * FROM read_json('/staff/sub/more.json')",
    "SELECT * FROM '/*/secrets.csv'",
    "SELECT * FROM '/s*/*.csv'",
    "SELECT * FROM '/**/*.json'",
    "SELECT * FROM '/{sales,staff}/*.csv'",
    "SELECT (SELECT max(pay) FROM '/staff/secrets.csv') FROM '/sales/sales.csv'",
    "WITH s AS (FROM '/staff/secrets.csv') SELECT * FROM s UNION ALL SELECT * FROM s",
    "SELECT * FROM '/sales/sales.csv' WHERE EXISTS (FROM '/staff/secrets.csv')",
    "SUMMARIZE FROM '/staff/secrets.csv'",
    "DESCRIBE FROM '/staff/secrets.csv'",
    "SELECT * FROM glob('/staff/*')",
    "SELECT * FROM sniff_csv('/staff/secrets.csv')",
  ];

  it('cannot be queried, described, exported or written to, by any spelling', async () => {
    const bench = await openBench();
    const calls: [string, object][] = [
      ...STATEMENTS.map((sql): [string, object] => ['query_data', { sql }]),
      ['query_data', { sql: "FROM '/staff/secrets.csv'", explain: true }],
      ['describe_data', { source: 'files', detail: 'full', sample_rows: 5, diagram: true }],
      ['describe_data', { source: 'files', path: '/staff' }],
      ['describe_data', { source: 'files', path: '/staff/secrets.csv', sample_rows: 5 }],
      ['describe_data', { source: 'files', path: '/sales/../staff', sample_rows: 5 }],
      ['describe_data', { source: 'files', table: "'/staff/secrets.csv'", sample_rows: 5 }],
      ['describe_data', { source: 'files', path: '/{sales,staff}/**' }],
      ['export_data', { sql: "FROM '/staff/secrets.csv'", path: '/sales/copy.csv' }],
      ['export_data', { sql: "FROM '/sales/sales.csv'", path: '/staff/copy.csv' }],
      ['export_data', { sql: "FROM '/sales/sales.csv'", path: '/staff/secrets.csv', overwrite: true }],
    ];
    for (const call of calls) {
      const answer = await said(bench, call, salesOnly);
      expect(answer, JSON.stringify(call)).not.toContain(SECRET);
      // What the caller has not named itself is not told of either.
      if (!JSON.stringify(call).includes('staff'))
        expect(answer, JSON.stringify(call)).not.toContain('staff');
    }
    const answers = await Promise.all(
      STATEMENTS.map((sql) => said(bench, ['query_data', { sql, limit: 1000 }], held({}))),
    );
    // Without the rule most of them lead there: it is the rule that keeps them away.
    expect(answers.filter((answer) => answer.includes(SECRET)).length).toBeGreaterThan(10);
  });

  it('is told of as what does not exist', async () => {
    const bench = await openBench();
    const told = async (name: string): Promise<string> =>
      (await said(bench, ['query_data', { sql: `FROM '/${name}/secrets.csv'` }], salesOnly)).replaceAll(
        name,
        '*',
      );
    expect(await told('staff')).toBe(await told('nowhere'));
  });
});

describe('a source that a rule leaves out', () => {
  const shopOnly = held({ allowsSource: (name) => name === 'shop' });

  it('is told of by no tool otherwise than one that does not exist', async () => {
    const bench = await openBench();
    const sql = 'SELECT amount FROM pay';
    for (const name of ['payroll', 'files']) {
      const calls = (source: string): [string, object][] => [
        ['query_data', { source, sql }],
        ['query_data', { source, sql, explain: true }],
        ['describe_data', { source, sample_rows: 5 }],
        ['export_data', { source, sql, path: '/sales/copy.csv' }],
        ['modify_data', { source, sql: 'DELETE FROM pay' }],
      ];
      for (const [index, call] of calls(name).entries()) {
        const [answer, unknown] = await Promise.all([
          said(bench, call, shopOnly),
          said(bench, calls('unknown')[index] ?? call, shopOnly),
        ]);
        expect(answer.replaceAll(`"${name}"`, '*')).toBe(unknown.replaceAll('"unknown"', '*'));
        expect(answer).toMatch(/^INVALID_ARGUMENT: There is no source "\w+"\. There are: shop\./);
      }
    }
  });

  it('is not listed', async () => {
    const bench = await openBench();
    const { structuredContent } = await bench.call('info', { section: 'sources' }, { principal: shopOnly });
    const sources = structuredContent?.['sources'] as { name: string; kind: string }[];
    expect(sources.filter(({ kind }) => kind !== 'workspace').map(({ name }) => name)).toEqual(['shop']);
  });

  it('does not open the files by what is kept or exported', async () => {
    const bench = await openBench();
    const sql =
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i, hex(zeroblob(40)) FROM n';
    const answer = await said(bench, ['query_data', { source: 'shop', sql, limit: 1000 }], shopOnly);
    expect(answer).toContain('/.scratch/');
    expect(answer).not.toContain('query_data');
    const path = /\/\.scratch\/[\w.-]+/.exec(answer)?.[0] ?? '';
    expect(await said(bench, ['query_data', { sql: `FROM '${path}'` }], shopOnly)).toMatch(
      /^INVALID_ARGUMENT/,
    );
  });
});

describe('rows that were kept for one person', () => {
  it('are nowhere for another', async () => {
    const bench = await openBench();
    const [alice, bob] = [held({}), held({}, 'bob')];
    const sql = `SELECT i, repeat('${SECRET}', 10) AS t FROM range(1000) AS r(i)`;
    const answer = await said(bench, ['query_data', { sql, limit: 1000 }], alice);
    const path = /\/\.scratch\/[\w.-]+/.exec(answer)?.[0] ?? '';
    const query: [string, object] = ['query_data', { sql: `SELECT count(*) FROM '${path}'` }];
    expect(await said(bench, query, alice)).toContain('[[1000]]');
    expect(await said(bench, query, bob)).toMatch(/^PATH_NOT_FOUND/);
    for (const sql of ["FROM '/.scratch/*'", "FROM '/**/*.ndjson'", "FROM '/.scratch/**/*.ndjson'"]) {
      expect(await said(bench, ['query_data', { sql }], bob)).not.toContain(SECRET);
    }
    expect(await said(bench, ['describe_data', { source: 'files', path: '/.scratch' }], bob)).not.toContain(
      'ndjson',
    );
  });
});
