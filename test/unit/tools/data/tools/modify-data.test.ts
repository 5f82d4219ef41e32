import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../../src/core/errors.ts';
import { modifyDataTool } from '../../../../../src/tools/data/tools/modify-data.ts';
import { ask, failureOf, sourcesOf } from '../../../../fixtures/data-call.ts';
import { FakeSource } from '../../../../fixtures/fake-source.ts';

const sql = 'UPDATE orders SET paid = ? WHERE id < 4';

function stock(failure?: Error): FakeSource {
  return new FakeSource('stock', { isWritable: true, ...(failure === undefined ? {} : { failure }) });
}

function toolOver(...sources: FakeSource[]) {
  return modifyDataTool({ sources: sourcesOf(...sources) });
}

describe('modify_data', () => {
  it('changes nothing unless it is told to, and says the call that does', async () => {
    const source = stock();
    const answer = await ask(toolOver(source), { source: 'stock', sql, params: [true], max_affected: 10 });
    expect(source.changes).toMatchObject([{ sql, params: [true], dryRun: true, maxAffected: 10 }]);
    expect(answer).toEqual({
      ...{ source: 'stock', affected: 3, applied: false },
      next: `modify_data {"source":"stock","sql":"${sql}","params":[true],"max_affected":10,"dry_run":false}`,
    });
  });

  it('makes the change by exactly that call', async () => {
    const source = stock();
    const tool = toolOver(source);
    const { next } = await ask(tool, { source: 'stock', sql, params: [true] });
    const args = JSON.parse((next as string).replace('modify_data ', '')) as object;
    expect(await ask(tool, args)).toEqual({ source: 'stock', affected: 3, applied: true });
    expect(source.changes[1]).toMatchObject({ sql, params: [true], dryRun: false, maxAffected: 1000 });
  });

  it('refuses a source that may not be changed without asking it', async () => {
    const sales = new FakeSource('sales');
    const failure = await failureOf(toolOver(sales, stock()), { source: 'sales', sql });
    expect(failure).toMatchObject({
      code: 'READ_ONLY',
      next: `modify_data {"source":"stock","sql":"${sql}"}`,
    });
    expect(sales.statements).toEqual([]);
  });

  it('says what kind of statement it takes', async () => {
    const failure = new AppError('SQL_NOT_READ_ONLY', 'This is a DROP.');
    expect(
      await failureOf(toolOver(stock(failure)), { source: 'stock', sql: 'DROP TABLE orders' }),
    ).toMatchObject({
      next: 'send one INSERT, UPDATE or DELETE statement; query_data answers SELECT',
    });
  });

  it('does not repeat a long statement', async () => {
    const long = `DELETE FROM orders WHERE id IN (${'1, '.repeat(500)}1)`;
    const { next } = await ask(toolOver(stock()), { source: 'stock', sql: long });
    expect(next).toBe('the same call with {"source":"stock","dry_run":false}');
  });
});
