import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FairleadProcess, startFairlead } from '../fixtures/fairlead-process.ts';
import { writeTree } from '../fixtures/file-tools.ts';
import { type PostgresServer, startPostgres } from '../fixtures/postgres-server.ts';
import { type Said, ScriptedAgent, type ToolUse } from '../fixtures/scripted-agent.ts';
import { clientV2, type SdkClient } from '../fixtures/sdk-clients.ts';

// An agent does whole jobs. It takes tools by what their descriptions say and goes on by what results and
// errors say; where it goes wrong on purpose, the text alone leads it back.

const TREE = {
  'docs/returns.md': '# Returns\r\n\r\nYou recieve the money within 14 days.\r\nAsk us first.\r\n',
  'docs/plan.md': '# Plan\n',
  'docs/steps.md': '# Steps\n\none step\nanother step\n',
  'data/orders.csv': [
    'order_id,customer_id,amount,day',
    ...Array.from(
      { length: 200 },
      (_, index) =>
        `${index + 1},${(index % 4) + 1},${(index * 7) % 90}.50,2026-0${(index % 9) + 1}-${10 + (index % 18)}`,
    ),
    '',
  ].join('\n'),
};

let folder: string;
let web: Server;
let postgres: PostgresServer;
let fairlead: FairleadProcess;
let client: SdkClient;
let agent: ScriptedAgent;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-agent-'));
  await writeTree(join(folder, 'workspace'), TREE);
  web = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(
      '<html><head><title>Opening hours</title></head><body><h1>Opening hours</h1><p>The roastery is open on <b>weekdays</b> from 8 to 17.</p></body></html>',
    );
  }).listen(0, '127.0.0.1');
  [postgres] = await Promise.all([startPostgres(), once(web, 'listening')]);
  await postgres.run(`
    CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, country text NOT NULL);
    CREATE ROLE agent LOGIN PASSWORD 'reads only';
    GRANT SELECT ON customers TO agent;
    INSERT INTO customers VALUES (1, 'Ada', 'GB'), (2, 'Blaise', 'FR'), (3, 'Carl', 'DE'), (4, 'Emmy', 'DE');
  `);
  const config = join(folder, 'fairlead.yaml');
  await writeFile(
    config,
    JSON.stringify({
      auth: { mode: 'none' },
      tools: {
        files: { workspace: join(folder, 'workspace') },
        web: { privateHosts: ['127.0.0.1'] },
        data: {
          sources: [
            {
              name: 'crm',
              kind: 'postgres',
              description: 'Customers',
              url: postgres.url('agent', 'reads only'),
              tls: 'off',
            },
          ],
        },
      },
    }),
    { mode: 0o600 },
  );
  fairlead = await startFairlead({ FAIRLEAD_CONFIG: config });
  client = clientV2({ url: fairlead.mcpUrl, redirectUrl: 'http://127.0.0.1:1/callback' });
  await client.connect();
  agent = new ScriptedAgent(client, await client.toolDescriptions());
}, 60_000);
afterAll(async () => {
  await client.close();
  await fairlead.stop();
  await postgres.stop();
  web.close();
  await rm(folder, { recursive: true, force: true });
});

function workspaceFile(path: string): Promise<string> {
  return readFile(join(folder, 'workspace', path), 'utf8');
}

function succeeded(said: Said): Said {
  expect(said.isError, said.text).toBe(false);
  return said;
}

/** The first path of the workspace that the text names. */
function pathIn({ text }: Said): string {
  const path = /(?<![\w.])\/[\w./-]+\.\w+/.exec(text)?.[0];
  if (path === undefined) throw new Error(`The text names no path: ${text}`);
  return path;
}

interface Arguments {
  readonly edits?: readonly object[];
  readonly sql?: string;
  readonly [name: string]: unknown;
}

/** What texts say in words, and what an agent makes of them. */
const ADVICE: readonly [RegExp, (said: RegExpExecArray, args: Arguments) => ToolUse][] = [
  [
    /near_line \((\d+) for the first\)/,
    ([, line], args) => ({
      tool: 'edit_file',
      args: { ...args, edits: [{ ...args.edits?.[0], near_line: Number(line) }] },
    }),
  ],
  [
    /use (\w+) instead of (\w+)/,
    ([, right = '', wrong = ''], args) => ({
      tool: 'query_data',
      args: { ...args, sql: args.sql?.replace(wrong, right) },
    }),
  ],
  [
    /as one SELECT.* to write a file take export_data/,
    (_said, { sql = '' }) => {
      const [, select, path] = /COPY \((.*)\) TO '(.*)'/.exec(sql) ?? [];
      return { tool: 'export_data', args: { sql: select, path } };
    },
  ],
];

function advised(text: string, args: Arguments): ToolUse | undefined {
  for (const [words, act] of ADVICE) {
    const said = words.exec(text);
    if (said !== null) return act(said, args);
  }
  return undefined;
}

describe('an agent that knows only what it is told', () => {
  it('finds a typo and corrects it, and nothing else in the file changes', async () => {
    const search = agent.toolThat(/finds? (text|lines)|searches/i, /files/i, /pattern|regular/i);
    const found = succeeded(await agent.use(search, { pattern: 'recieve' }));
    const path = pathIn(found);
    const edit = agent.toolThat(/replaces? .*old_text|old_text/i);
    succeeded(await agent.use(edit, { path, edits: [{ old_text: 'recieve', new_text: 'receive' }] }));
    const again = succeeded(await agent.use(search, { pattern: 'recieve' }));
    expect(again.text).not.toContain('returns.md');
    expect(await workspaceFile('docs/returns.md')).toBe(
      TREE['docs/returns.md'].replace('recieve', 'receive'),
    );
  });

  it('learns what a CSV file holds and writes a summary', async () => {
    const describeData = agent.toolThat(/tables of a data source/i);
    const told = succeeded(
      await agent.use(describeData, { source: 'files', path: '/data', detail: 'columns' }),
    );
    const { tables } = JSON.parse(told.text) as {
      tables: { name: string; columns: { name: string }[] }[];
    };
    const [table] = tables;
    if (table === undefined) throw new Error('No table was told');
    expect(table.columns.map(({ name }) => name)).toEqual(['order_id', 'customer_id', 'amount', 'day']);
    const query = agent.toolThat(/answers one select/i);
    const sql = `SELECT count(*) AS orders, sum(amount) AS total, min(day) AS first FROM ${table.name}`;
    const answer = JSON.parse(succeeded(await agent.use(query, { sql })).text) as { rows: unknown[][] };
    expect(answer.rows[0]?.[0]).toBe(200);
    const write = agent.toolThat(/creates a text file/i);
    const content = `# Orders\n\n${JSON.stringify(answer.rows[0])}\n`;
    succeeded(await agent.use(write, { path: '/reports/orders.md', content }));
    expect(await workspaceFile('reports/orders.md')).toBe(content);
  });

  it('joins a database with a file', async () => {
    const info = succeeded(await agent.use('info', { section: 'sources' }));
    expect(info.text).toContain('"crm"');
    const query = agent.toolThat(/answers one select/i);
    const described = succeeded(
      await agent.use(agent.toolThat(/tables of a data source/i), { source: 'crm' }),
    );
    expect(described.text).toContain('customers');
    // The description of query_data says how: export what is needed, then query both files.
    const exporting = agent.toolThat(/writes all rows/i);
    const exported = succeeded(
      await agent.use(exporting, {
        source: 'crm',
        sql: 'SELECT id, name, country FROM customers',
        path: '/out/customers.parquet',
      }),
    );
    const joined = succeeded(
      await agent.use(query, {
        sql: `SELECT country, count(*) AS n FROM '/data/orders.csv' o JOIN '${pathIn(exported)}' c ON c.id = o.customer_id GROUP BY country ORDER BY country`,
      }),
    );
    expect((JSON.parse(joined.text) as { rows: unknown }).rows).toEqual([
      ['DE', 100],
      ['FR', 50],
      ['GB', 50],
    ]);
  });

  it('fetches a page and saves it', async () => {
    const { port } = web.address() as AddressInfo;
    const page = succeeded(
      await agent.use(agent.toolThat(/fetches a public web page/i), {
        url: `http://127.0.0.1:${port}/hours`,
      }),
    );
    expect(page.text).toContain('**weekdays**');
    const line = page.text.split('\n').find((one) => one.includes('weekdays')) ?? '';
    const write = agent.toolThat(/creates a text file/i);
    succeeded(await agent.use(write, { path: '/web/hours.md', content: `${line}\n` }));
    expect(await workspaceFile('web/hours.md')).toContain('from 8 to 17');
  });

  it.each([
    ['PATH_NOT_FOUND', 'read_file', { paths: ['/docs/pln.md'] }],
    ['OUTSIDE_WORKSPACE', 'read_file', { paths: ['/../etc/passwd'] }],
    ['INVALID_ARGUMENT', 'read_file', { paths: ['/docs'] }],
    ['ALREADY_EXISTS', 'write_file', { path: '/docs/plan.md', content: '# Plan\n' }],
    [
      'STALE_FILE',
      'write_file',
      { path: '/docs/plan.md', content: 'x', if_exists: 'overwrite', expected_version: 'old' },
    ],
    [
      'EDIT_NO_MATCH',
      'edit_file',
      { path: '/docs/steps.md', edits: [{ old_text: 'one  step', new_text: 'x' }] },
    ],
    ['EDIT_AMBIGUOUS', 'edit_file', { path: '/docs/steps.md', edits: [{ old_text: 'step', new_text: 'x' }] }],
    ['ALREADY_EXISTS', 'move_file', { from: '/docs/plan.md', to: '/docs/returns.md' }],
    ['PATH_NOT_FOUND', 'delete_file', { path: '/docs/plam.md' }],
    ['SQL_ERROR', 'query_data', { sql: "SELECT amout FROM '/data/orders.csv'" }],
    ['SQL_ERROR', 'query_data', { source: 'crm', sql: 'SELECT nam FROM customers' }],
    ['SQL_NOT_READ_ONLY', 'query_data', { sql: "COPY (SELECT 1) TO '/x.csv'" }],
    ['PATH_NOT_FOUND', 'query_data', { sql: "SELECT * FROM '/data/order.csv'" }],
    ['INVALID_ARGUMENT', 'query_data', { sql: 'SELECT 1', source: 'crn' }],
    ['INVALID_ARGUMENT', 'describe_data', { source: 'nothing' }],
    ['URL_BLOCKED', 'fetch_url', { url: 'http://169.254.169.254/latest/meta-data' }],
  ] as [string, string, Arguments][])(
    'gets on after %s of %s by doing what the error says',
    async (code, tool, args) => {
      const before = await workspaceFile('docs/plan.md');
      const failure = await agent.use(tool, args);
      expect(failure.isError).toBe(true);
      expect(failure.text).toMatch(new RegExp(`^${code}: .*Next: `, 's'));
      expect(await workspaceFile('docs/plan.md')).toBe(before);
      // What is blocked stays so: there is no call that gets on.
      if (code === 'URL_BLOCKED') return;
      const use = advised(failure.text, args);
      // The same tool again means the same call but for what the text changes.
      const same = failure.named[0]?.tool === tool ? args : {};
      succeeded(use === undefined ? await agent.follow(failure, same) : await agent.use(use.tool, use.args));
    },
  );
});
