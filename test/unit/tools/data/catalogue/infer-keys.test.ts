import { describe, expect, it } from 'vitest';
import { type DescribedTable, plainName } from '../../../../../src/tools/data/catalogue/described-table.ts';
import { rowName, singular, snakeCase } from '../../../../../src/tools/data/catalogue/key-names.ts';
import { makeFolder, openTools } from '../../../../fixtures/file-tools.ts';
import { parseDiagram } from '../../../../fixtures/mermaid.ts';

const TREE = {
  'shop/customers.csv': 'id,name\n1,Ada\n2,Bo\n3,Cy\n',
  'shop/orders.csv': 'order_id,customer_id,billing_customer_id\n10,1,2\n11,1,\n12,3,1\n',
  'shop/order_items.csv': 'order_id,item\n10,1\n10,2\n12,1\n',
  'shop/visits.csv': 'id,customer_id\n1,1\n2,99\n',
  'shop/doubles.csv': 'id,customer_id\n1,1\n1,2\n',
  'shop/gaps.csv': 'id,x\n1,1\n,2\n',
  "odd/people o'hara.csv": '"the ""id""",id,parent_id\nx,1,\ny,2,1\n',
  'empty/nothing.csv': 'id,name\n',
  'broken/no.xlsx': 'no spreadsheet',
  'broken/no.parquet': 'no Parquet',
};

interface Told {
  readonly name: string;
  readonly comment?: string;
  readonly primary_key?: string[];
  readonly primary_key_inferred?: boolean;
  readonly foreign_keys?: object[];
}

interface Look {
  readonly keys: Readonly<Record<string, Omit<Told, 'name'>>>;
  readonly note: unknown;
  readonly comments: Readonly<Record<string, string | undefined>>;
  readonly diagram: unknown;
}

let looked: Promise<Look> | undefined;

/** The engine is started once for all of the tests. */
function look(): Promise<Look> {
  return (looked ??= describeAll());
}

async function describeAll(): Promise<Look> {
  const bench = await openTools(await makeFolder(TREE));
  const args = { source: 'files', path: '/', detail: 'full', diagram: true };
  const { structuredContent } = await bench.call('describe_data', args, { scopes: ['data:read'] });
  const { note, diagram, tables } = structuredContent ?? {};
  const keys = (tables as Told[]).map(({ name, primary_key, primary_key_inferred, foreign_keys }) => [
    name,
    { primary_key, primary_key_inferred, foreign_keys },
  ]);
  const comments = Object.fromEntries((tables as Told[]).map(({ name, comment }) => [name, comment]));
  return { note, diagram, comments, keys: Object.fromEntries(keys) as Look['keys'] };
}

describe('keys of files', () => {
  it('are columns called id, or after the table, whose values tell all rows apart', async () => {
    const { keys } = await look();
    expect(keys["'/shop/customers.csv'"]).toMatchObject({ primary_key: ['id'], primary_key_inferred: true });
    expect(keys["'/shop/orders.csv'"]).toMatchObject({
      primary_key: ['order_id'],
      primary_key_inferred: true,
    });
  });

  it.each(["'/shop/doubles.csv'", "'/shop/gaps.csv'", "'/empty/nothing.csv'", "'/shop/order_items.csv'"])(
    'are not claimed of %s, where values repeat, lack or do not exist',
    async (name) => {
      const { keys } = await look();
      expect(keys[name]).toMatchObject({ primary_key: undefined, primary_key_inferred: undefined });
    },
  );

  it('refer to the table that they are named after, where all values are found there', async () => {
    const { keys } = await look();
    const table = "'/shop/customers.csv'";
    expect(keys["'/shop/orders.csv'"]?.foreign_keys).toEqual([
      { columns: ['customer_id'], table, references: ['id'], inferred: true },
      { columns: ['billing_customer_id'], table, references: ['id'], inferred: true },
    ]);
    expect(keys["'/shop/order_items.csv'"]?.foreign_keys).toEqual([
      { columns: ['order_id'], table: "'/shop/orders.csv'", references: ['order_id'], inferred: true },
    ]);
  });

  it('refer to nothing where a value is missing there', async () => {
    const { keys } = await look();
    expect(keys["'/shop/visits.csv'"]?.foreign_keys).toBeUndefined();
  });

  it('are found in files with any names, and refer to the same table as a parent', async () => {
    const { keys } = await look();
    const name = "'/odd/people o''hara.csv'";
    expect(keys[name]).toEqual({
      ...{ primary_key: ['id'], primary_key_inferred: true },
      foreign_keys: [{ columns: ['parent_id'], table: name, references: ['id'], inferred: true }],
    });
  });

  it('are looked for although other files cannot be read, which say so', async () => {
    const { comments } = await look();
    expect(comments["'/broken/no.xlsx'"]).toMatch(/cannot be read/);
    expect(comments["'/broken/no.parquet'"]).toMatch(/^.*no\.parquet/);
  });

  it('are marked as a guess, and drawn', async () => {
    const { note, diagram } = await look();
    expect(note).toBe('keys are inferred from names and values (of the first 100,000 rows)');
    expect((await parseDiagram(diagram as string)).relations).toEqual([
      ...['parent_id', 'customer_id', 'order_id', 'customer_id', 'billing_customer_id'],
    ]);
  });
});

describe('names', () => {
  it.each([
    ["'/data/Order items.csv'", 'Order items'],
    ["'/data/it''s.csv.gz'", "it's"],
    ["'/data/.csv'", '.csv'],
    ["read_xlsx('/a.xlsx', sheet = 'Two')", 'Two'],
    ['sales.orders', 'orders'],
    ['"a.b"', 'a.b'],
    ['"a""b"', 'a"b'],
    ['`shop`.`a``b`', 'a`b'],
    ['', ''],
  ])('of %s is %s', (name, plain) => {
    expect(plainName(name)).toBe(plain);
  });

  it.each([
    ['CustomerID', 'customer_id'],
    ['customerId', 'customer_id'],
    ['Customer id', 'customer_id'],
    ['HTTPStatus', 'http_status'],
    ['__id', 'id'],
  ])('%s is read as %s', (name, snake) => {
    expect(snakeCase(name)).toBe(snake);
  });

  it.each([
    ['customers', 'customer'],
    ['categories', 'category'],
    ['addresses', 'address'],
    ['boxes', 'box'],
    ['status', 'statu'],
    ['address', 'address'],
  ])('one of %s is a %s', (many, one) => {
    expect(singular(many)).toBe(one);
    expect(rowName({ name: many } satisfies Pick<DescribedTable, 'name'>)).toBe(one);
  });
});
