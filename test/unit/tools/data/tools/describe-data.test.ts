import { describe, expect, it } from 'vitest';
import { describeDataTool } from '../../../../../src/tools/data/tools/describe-data.ts';
import { ask, failureOf, keepingCall, sourcesOf } from '../../../../fixtures/data-call.ts';
import { FakeSource, tableOf } from '../../../../fixtures/fake-source.ts';
import { parseDiagram } from '../../../../fixtures/mermaid.ts';

const customers = tableOf('customers', ['id', 'name'], {
  ...{ kind: 'table', rows: 20, comment: 'Who buys' },
  columns: [
    { name: 'id', type: 'INTEGER', nullable: false },
    { name: 'name', type: 'TEXT', nullable: true, comment: 'As on invoices' },
  ],
});
const orders = tableOf('orders', ['id', 'customer_id'], {
  foreignKeys: [{ columns: ['customer_id'], table: 'customers', references: ['id'] }],
});

function toolOver(source: FakeSource) {
  return describeDataTool({ sources: sourcesOf(source) });
}

describe('describe_data', () => {
  it('tells tables with columns and declared keys', async () => {
    const shop = new FakeSource('shop', { tables: [customers, orders] });
    expect(await ask(toolOver(shop), { source: 'shop' })).toEqual({
      source: 'shop',
      dialect: 'Fake',
      tables: [
        {
          ...{ name: 'customers', kind: 'table', rows: 20, comment: 'Who buys' },
          columns: [
            { name: 'id', type: 'INTEGER' },
            { name: 'name', type: 'TEXT' },
          ],
          primary_key: ['id'],
        },
        {
          ...{ name: 'orders', kind: 'table' },
          columns: [
            { name: 'id', type: 'INTEGER' },
            { name: 'customer_id', type: 'INTEGER' },
          ],
          primary_key: ['id'],
          foreign_keys: [{ columns: ['customer_id'], table: 'customers', references: ['id'] }],
        },
      ],
    });
  });

  it('tells names alone, or everything', async () => {
    const shop = new FakeSource('shop', { tables: [customers] });
    expect((await ask(toolOver(shop), { source: 'shop', detail: 'names' }))['tables']).toEqual([
      { name: 'customers', kind: 'table', rows: 20, comment: 'Who buys' },
    ]);
    expect(await ask(toolOver(shop), { source: 'shop', detail: 'full' })).toMatchObject({
      tables: [
        {
          columns: [
            { name: 'id', type: 'INTEGER', nullable: false },
            { name: 'name', type: 'TEXT', nullable: true, comment: 'As on invoices' },
          ],
        },
      ],
    });
  });

  it('shows first rows, wide values shortened', async () => {
    const rows = [
      [1, 'x'.repeat(200)],
      [2, 'Bo'],
      [3, 'Cy'],
    ];
    const shop = new FakeSource('shop', { tables: [customers], rows });
    const answer = await ask(toolOver(shop), { source: 'shop', sample_rows: 2 });
    expect(answer).toMatchObject({
      tables: [
        {
          sample: [
            [1, `${'x'.repeat(80)}…[+120 characters]`],
            [2, 'Bo'],
          ],
        },
      ],
    });
    expect(shop.statements.at(-1)).toEqual({ sql: 'SELECT * FROM customers', params: [] });
  });

  it('draws an ER diagram that Mermaid takes', async () => {
    const shop = new FakeSource('shop', { tables: [customers, orders] });
    const answer = await ask(toolOver(shop), { source: 'shop', detail: 'names', diagram: true });
    expect(shop.questions[0]).toMatchObject({ detail: 'columns' });
    expect(answer['tables']).toEqual([
      { name: 'customers', kind: 'table', rows: 20, comment: 'Who buys' },
      { name: 'orders', kind: 'table' },
    ]);
    expect(await parseDiagram(answer['diagram'] as string)).toMatchObject({
      words: ['customers', 'orders'],
      relations: ['customer_id'],
    });
  });

  it('tells tables by name whose columns do not fit, and the call that shows the first of them', async () => {
    const tables = Array.from({ length: 150 }, (_, index) =>
      tableOf(
        `table_${index}`,
        Array.from({ length: 20 }, (_column, column) => `column_${column}`),
      ),
    );
    const shop = new FakeSource('shop', { tables });
    const answer = await ask(toolOver(shop), { source: 'shop' });
    const told = answer['tables'] as { name: string; columns?: unknown[] }[];
    const shown = told.filter(({ columns }) => columns !== undefined).length;
    expect(told.map(({ name }) => name)).toEqual(tables.map(({ name }) => name));
    expect(shown).toBeGreaterThan(10);
    expect(told.slice(0, shown).every(({ columns }) => columns?.length === 20)).toBe(true);
    expect(answer['note']).toBe(
      `columns of the first ${shown} of 150 tables shown, the others by name; describe_data {"source":"shop","table":"table_${shown}"}`,
    );
    expect(JSON.stringify(answer).length / 2.4).toBeLessThan(10_000);
    expect(await ask(toolOver(shop), { source: 'shop', table: `table_${shown}` })).not.toHaveProperty('note');
  });

  it('leaves out of a diagram what does not fit, and says so', async () => {
    const tables = Array.from({ length: 60 }, (_, index) =>
      tableOf(
        `table_${index}`,
        Array.from({ length: 30 }, (_column, column) => `column_${column}`),
      ),
    );
    const shop = new FakeSource('shop', { tables });
    const answer = await ask(toolOver(shop), { source: 'shop', diagram: true });
    expect(answer['note']).toMatch(/^the diagram shows 40 tables; the diagram shows key columns only; /);
    expect((await parseDiagram(answer['diagram'] as string)).words).toHaveLength(40);
    expect(JSON.stringify(answer).length / 2.4).toBeLessThan(10_000);
  });

  it('tells the first columns of a table that is too wide', async () => {
    const wide = tableOf(
      'wide',
      Array.from({ length: 3000 }, (_, index) => `column_${index}`),
    );
    const answer = await ask(toolOver(new FakeSource('shop', { tables: [wide, orders] })), {
      source: 'shop',
    });
    const [told] = answer['tables'] as { columns: unknown[] }[];
    expect(told?.columns.length).toBeGreaterThan(300);
    expect(answer['note']).toBe(
      `the first ${told?.columns.length ?? 0} of 3,000 columns of wide shown; the other tables by name; describe_data {"source":"shop","table":"orders"}`.replace(
        /first (\d)(\d{3})\b/,
        'first $1,$2',
      ),
    );
  });

  it('says that there are more than 200 tables', async () => {
    const tables = Array.from({ length: 201 }, (_, index) => tableOf(`t${index}`, ['id']));
    const answer = await ask(toolOver(new FakeSource('shop', { tables })), {
      source: 'shop',
      detail: 'names',
    });
    expect(answer['tables']).toHaveLength(200);
    expect(answer['note']).toBe('the first 200 tables, there are more: name one as table to see it');
  });

  it('takes no path for a database', async () => {
    const failure = await failureOf(toolOver(new FakeSource('shop')), { source: 'shop', path: '/data' });
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', next: 'describe_data {"source":"shop"}' });
  });

  it.each([
    [{ table: "'/data/it''s.csv'" }, { path: "/data/it's.csv", table: undefined }],
    [{ table: '/data/a.csv' }, { path: '/data/a.csv', table: undefined }],
    [{ path: '/data/*.csv' }, { path: '/data/*.csv' }],
  ])('takes a table of files for the path that it is: %j', async (args, asked) => {
    const files = new FakeSource('files', { kind: 'files' });
    const answer = await ask(toolOver(files), { source: 'files', ...args });
    expect(files.questions[0]).toMatchObject(asked);
    expect(answer['note']).toMatch(/^no data files .* there; list_files /);
  });

  it('says of which files there was no time to tell the columns', async () => {
    const late = tableOf("'/late.csv'", [], { kind: 'file', size: 3 });
    const broken = tableOf("'/broken.csv'", [], { kind: 'file', comment: 'It is no CSV.' });
    const files = new FakeSource('files', { kind: 'files', tables: [late, broken] });
    expect(await ask(toolOver(files), { source: 'files' })).toMatchObject({
      tables: [
        { name: "'/late.csv'", kind: 'file', bytes: 3 },
        { name: "'/broken.csv'", comment: 'It is no CSV.' },
      ],
      note: 'columns of 1 file not shown, the time did not suffice: ask for one as path',
    });
    expect(await ask(toolOver(files), { source: 'files', detail: 'names' })).not.toHaveProperty('note');
  });

  it('says that a source has no tables', async () => {
    const answer = await ask(toolOver(new FakeSource('shop')), { source: 'shop' }, keepingCall());
    expect(answer['note']).toBe('there are no tables that this server may see');
  });
});
