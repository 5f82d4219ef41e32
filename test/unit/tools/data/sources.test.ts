import { describe, expect, it } from 'vitest';
import { UNRESTRICTED } from '../../../../src/core/permit.ts';
import { DataSources } from '../../../../src/tools/data/sources.ts';
import { entryOf, sourcesOf } from '../../../fixtures/data-call.ts';
import { FakeSource } from '../../../fixtures/fake-source.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { recordTelemetry } from '../../../fixtures/recorded-telemetry.ts';

const { logger } = recordTelemetry();
const salesOnly = { ...UNRESTRICTED, allowsSource: (name: string) => name === 'sales' };
const again = (source: string): string => `query_data ${JSON.stringify({ source })}`;

describe('data sources', () => {
  it('are made when they are first asked for, and once', () => {
    let made = 0;
    const sales = new FakeSource('sales');
    const create = () => {
      made++;
      return sales;
    };
    const sources = new DataSources(undefined, [entryOf(sales, { create, timeoutMs: 5000 })], { logger });
    expect(sources.names(UNRESTRICTED)).toEqual(['sales']);
    expect(made).toBe(0);
    expect(sources.find(UNRESTRICTED, 'sales', again)).toEqual({ source: sales, timeoutMs: 5000 });
    sources.find(UNRESTRICTED, 'sales', again);
    expect(made).toBe(1);
  });

  it('are closed if they were made', async () => {
    const [used, unused] = [new FakeSource('used'), new FakeSource('unused')];
    const sources = sourcesOf(used, unused);
    sources.find(UNRESTRICTED, 'used', again);
    await sources.close();
    expect([used.isClosed, unused.isClosed]).toEqual([true, false]);
  });

  it('that do not exist are told as such, with those that do and the likeliest call', () => {
    const sources = sourcesOf(new FakeSource('sales'), new FakeSource('shop'));
    expect(() => sources.find(UNRESTRICTED, 'sale', again)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: 'There is no source "sale". There are: sales, shop.',
        next: 'query_data {"source":"sales"}',
      }),
    );
    expect(() => sources.find(UNRESTRICTED, 'warehouse', again)).toThrow(
      expect.objectContaining({ next: 'info {"section":"sources"}' }),
    );
  });

  it('that are not allowed are told of exactly as those that do not exist', () => {
    const sources = sourcesOf(new FakeSource('sales'), new FakeSource('payroll'));
    const refused = (name: string): unknown => {
      try {
        return sources.find(salesOnly, name, again);
      } catch (error) {
        return { ...(error as object), message: (error as Error).message.replace(name, '*') };
      }
    };
    expect(refused('payroll')).toEqual(refused('unknown'));
    expect(refused('payroll')).toMatchObject({ message: 'There is no source "*". There are: sales.' });
    expect(sources.names(salesOnly)).toEqual(['sales']);
    expect(sources.listed.map((one) => one.isAllowed(salesOnly))).toEqual([true, false]);
  });

  it('are told to be none where none is allowed', () => {
    const nothing = { ...UNRESTRICTED, allowsSource: () => false };
    expect(() => sourcesOf(new FakeSource('sales')).find(nothing, 'sales', again)).toThrow(
      'There is no source "sales". No source is open to you.',
    );
  });

  it('that may not be changed name those that may', () => {
    const sources = sourcesOf(new FakeSource('sales'), new FakeSource('stock', { isWritable: true }));
    expect(() => sources.findWritable(UNRESTRICTED, 'sales', again)).toThrow(
      expect.objectContaining({
        code: 'READ_ONLY',
        message: 'The source "sales" cannot be changed. Open for changes: stock.',
        next: 'query_data {"source":"stock"}',
      }),
    );
    expect(() => sources.findWritable(salesOnly, 'sales', again)).toThrow('None is open for changes to you.');
  });
});

describe('the check of a source', () => {
  it('is asked of the source once in half a minute, however often it is looked at', async () => {
    const sales = new FakeSource('sales');
    const clock = new ManualClock();
    const sources = new DataSources(undefined, [entryOf(sales)], { logger, now: () => clock.now() });
    const [check] = sources.checks;
    expect(check?.name).toBe('data:sales');
    await Promise.all([check?.check(), check?.check()]);
    await check?.check();
    expect(sales.checks).toBe(1);
    clock.advance(30_000);
    expect(await check?.check()).toEqual({ status: 'ok' });
    expect(sales.checks).toBe(2);
  });

  it('is degraded, never failed', async () => {
    const [check] = sourcesOf(new FakeSource('sales', { failure: new Error('no') })).checks;
    expect(await check?.check()).toEqual({ status: 'degraded', detail: 'no answer' });
  });

  it('is degraded where the check itself throws, and tells nothing of why', async () => {
    const sales = new FakeSource('sales');
    sales.check = () => Promise.reject(new Error('password=secret'));
    const [check] = sourcesOf(sales).checks;
    expect(await check?.check()).toEqual({ status: 'degraded', detail: 'the check itself failed' });
  });

  it('is degraded before others lose patience', async () => {
    const sales = new FakeSource('sales');
    sales.check = () => new Promise(() => undefined);
    const [check] = sourcesOf(sales).checks;
    expect(await check?.check()).toEqual({ status: 'degraded', detail: 'does not answer' });
  });
});
