import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../../src/core/errors.ts';
import { queryDataTool } from '../../../../../src/tools/data/tools/query-data.ts';
import { ask, failureOf, keepingCall, sourcesOf } from '../../../../fixtures/data-call.ts';
import { FakeSource } from '../../../../fixtures/fake-source.ts';

const columns = [
  { name: 'id', type: 'BIGINT' },
  { name: 'name', type: 'VARCHAR' },
];

function people(count: number, name = 'Ada'): [number, string][] {
  return Array.from({ length: count }, (_, index) => [index + 1, name]);
}

function toolOver(source: FakeSource) {
  return queryDataTool({ sources: sourcesOf(source) });
}

describe('query_data', () => {
  it('answers columns and rows, and that there are no more of them', async () => {
    const shop = new FakeSource('shop', { columns, rows: people(2) });
    expect(await ask(toolOver(shop), { sql: 'SELECT 1', source: 'shop' })).toEqual({
      columns,
      rows: [
        [1, 'Ada'],
        [2, 'Ada'],
      ],
      row_count: 2,
      truncated: false,
    });
  });

  it.each([
    [99, 100, { row_count: 99, truncated: false }],
    [100, 100, { row_count: 100, truncated: false }],
    [101, 100, { row_count: 100, truncated: true, next_offset: 100 }],
  ])('says exactly whether there are further rows: %i with a limit of %i', async (count, limit, told) => {
    const shop = new FakeSource('shop', { columns, rows: people(count) });
    expect(await ask(toolOver(shop), { sql: 'SELECT 1', source: 'shop', limit })).toMatchObject(told);
  });

  it('goes on where its answer says', async () => {
    const shop = new FakeSource('shop', { columns, rows: people(7) });
    const seen: unknown[] = [];
    let offset: unknown = 0;
    while (offset !== undefined) {
      const page = await ask(toolOver(shop), { sql: 'SELECT 1', source: 'shop', limit: 3, offset });
      seen.push(...(page['rows'] as unknown[]));
      offset = page['next_offset'];
    }
    expect(seen).toEqual(people(7));
  });

  it('keeps the rows in a file that do not fit, and says how to reach them', async () => {
    const rows = people(500, 'A name that takes up some of the room that a result has');
    const shop = new FakeSource('shop', { columns, rows });
    const call = keepingCall({ budget: 3000 });
    const page = await ask(toolOver(shop), { sql: 'SELECT 1', source: 'shop', limit: 400 }, call);
    const shown = page['row_count'] as number;
    expect(shown).toBeGreaterThan(10);
    expect(page).toMatchObject({
      rows: rows.slice(0, shown),
      truncated: true,
      next_offset: shown,
      file: { path: '/.scratch/query.ndjson', rows: 400 },
    });
    expect(page['note']).toBe(
      `rows 1-${shown} shown of 1-400: the rest does not fit; all 400 rows whole in /.scratch/query.ndjson (30 kB): read_file {"paths":["/.scratch/query.ndjson"],"start_line":${shown + 1}}; further rows: the same call with "offset":400`,
    );
    const lines = (call.kept.get('/.scratch/query.ndjson') ?? '').trimEnd().split('\n');
    expect(lines.map((line) => Object.values(JSON.parse(line) as Record<string, unknown>))).toEqual(
      rows.slice(0, 400),
    );
  });

  it('stays within its budget, text and data together within what any result may hold', async () => {
    const shop = new FakeSource('shop', { columns, rows: people(1000, 'x'.repeat(200)) });
    for (const budget of [2000, 10_000, 20_000]) {
      const result = await toolOver(shop).bind({ sql: 'SELECT 1', source: 'shop', limit: 1000 })(
        keepingCall({ budget }),
      );
      const length = JSON.stringify(result.structuredContent).length;
      expect(length / 2.4).toBeLessThanOrEqual(Math.min(budget, 10_000));
      expect(length / 2.4).toBeGreaterThan(Math.min(budget, 10_000) * 0.7);
      expect(result.content).toContainEqual(expect.objectContaining({ type: 'resource_link' }));
    }
  });

  it('says that rows are left out where there is no place to keep them', async () => {
    const shop = new FakeSource('shop', { columns, rows: people(500, 'x'.repeat(100)) });
    const call = keepingCall({ budget: 2000, isFull: true });
    const page = await ask(toolOver(shop), { sql: 'SELECT 1', source: 'shop', limit: 500 }, call);
    expect(page).not.toHaveProperty('file');
    expect(page['next_offset']).toBe(page['row_count']);
    expect(page['note']).toMatch(/^rows 1-\d+ shown of 1-500: the rest does not fit$/);
  });

  it('shows a wide value whole where it fits and shortened where it does not', async () => {
    const one = new FakeSource('shop', { columns, rows: [[1, 'y'.repeat(9000)]] });
    expect(await ask(toolOver(one), { sql: 'SELECT 1', source: 'shop' })).toMatchObject({
      rows: [[1, 'y'.repeat(9000)]],
    });
    const wide = new FakeSource('shop', {
      columns,
      rows: [
        [1, `x${'🦉'.repeat(50_000)}`],
        [2, 'Bo'],
      ],
    });
    const call = keepingCall();
    const page = await ask(toolOver(wide), { sql: 'SELECT 1', source: 'shop' }, call);
    expect(page).toMatchObject({
      rows: [
        [1, `x${'🦉'.repeat(499)}…[+99,002 characters]`],
        [2, 'Bo'],
      ],
      truncated: false,
      file: { rows: 2 },
    });
    expect(page['note']).toMatch(
      /^values of more than 1,000 characters are shortened, .* all 2 rows whole in/,
    );
    expect(call.kept.get('/.scratch/query.ndjson')).toContain('🦉'.repeat(50_000));
  });

  it('shows the first columns of a table that has too many, and a part of each row', async () => {
    const many = Array.from({ length: 3000 }, (_, index) => ({ name: `column_${index}`, type: 'VARCHAR' }));
    const shop = new FakeSource('shop', { columns: many, rows: [many.map(() => 'z'.repeat(500))] });
    const page = await ask(toolOver(shop), { sql: 'SELECT 1', source: 'shop' });
    const shown = (page['columns'] as unknown[]).length;
    expect(shown).toBeGreaterThan(50);
    expect((page['rows'] as unknown[][]).map((row) => row.length)).toEqual([shown]);
    expect(page['note']).toContain(`the first ${shown} of 3,000 columns shown: select those you need`);
  });

  it('tells columns of one name apart in the file that it keeps', async () => {
    const twice = [
      { name: 'id', type: 'INTEGER' },
      { name: 'ID', type: 'INTEGER' },
      { name: '__proto__', type: 'VARCHAR' },
    ];
    const shop = new FakeSource('shop', { columns: twice, rows: [[1, 2, 'p'.repeat(40_000)]] });
    const call = keepingCall();
    await ask(toolOver(shop), { sql: 'SELECT 1', source: 'shop' }, call);
    expect(call.kept.get('/.scratch/query.ndjson')).toMatch(/^\{"id":1,"ID_2":2,"__proto__":"ppp/);
  });

  it('shows the plan', async () => {
    const shop = new FakeSource('shop');
    expect(await ask(toolOver(shop), { sql: 'SELECT 1', source: 'shop', explain: true })).toEqual({
      ...{ columns: [], rows: [], row_count: 0, truncated: false },
      plan: 'SCAN orders\n  USING INDEX',
    });
  });

  it('takes query for sql, db for source and values as one JSON text', async () => {
    const shop = new FakeSource('shop');
    await ask(toolOver(shop), { query: 'SELECT ?', db: 'shop', params: '["a", 1, null, true]' });
    expect(shop.statements).toEqual([{ sql: 'SELECT ?', params: ['a', 1, null, true] }]);
    expect(shop.askings[0]).toMatchObject({ timeoutMs: 30_000 });
  });

  it('refuses values that are no scalars', async () => {
    const failure = await failureOf(toolOver(new FakeSource('shop')), {
      ...{ sql: 'SELECT ?', source: 'shop' },
      params: { name: 'Ada' },
    });
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(failure.message).toMatch(/^"params.0" must be a text, a number, true, false or null/);
  });

  it.each([
    ['SQL_ERROR', 'describe_data {"source":"shop"} shows the tables and columns; then correct the statement'],
    ['SQL_NOT_READ_ONLY', 'send one SELECT statement (WITH … SELECT is one too)'],
    [
      'TIMEOUT',
      'filter or aggregate earlier; query_data {"source":"shop","sql":"SELECT 1","explain":true} shows the plan without running it',
    ],
    ['SOURCE_UNAVAILABLE', 'info {"section":"sources"}'],
  ] as const)('says what to do about %s', async (code, next) => {
    const shop = new FakeSource('shop', { failure: new AppError(code, 'It failed.') });
    expect(await failureOf(toolOver(shop), { sql: 'SELECT 1', source: 'shop' })).toMatchObject({
      ...{ code, message: 'It failed.', next },
    });
  });

  it('leaves the advice of a source alone', async () => {
    const failure = new AppError('SQL_ERROR', 'No column nam.', { next: 'use "name"' });
    const shop = new FakeSource('shop', { failure });
    expect(await failureOf(toolOver(shop), { sql: 'SELECT nam', source: 'shop' })).toBe(failure);
  });
});
